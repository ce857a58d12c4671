"""Generated patterns and events of one subscriber, close to the ends of the spans, for tests of triggers."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from shared.kernel.text import Text
from shared.rulekit.model import (
    AbsencePattern,
    Compare,
    CountPattern,
    EventMatch,
    EventType,
    Pattern,
    SequencePattern,
    TriggerRule,
)
from shared.rulekit.vocabulary import Fact
from shared.rulekit.windows import Event

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
LEVEL = Fact("level", "integer", "", "", Text("档", "level"))
PLACE = Fact("place", "enum", "", "", Text("地", "place"), values={"home": Text("家", "home")})
TYPES = {
    name: EventType(name, "customer_view", Text(name, name), {"level": LEVEL, "place": PLACE}) for name in ("a", "b")
}
HIGH = EventMatch("a", Compare("level", "at_least", 80))
ANY_A, ANY_B = EventMatch("a"), EventMatch("b")


def rule(pattern: Pattern, **more: Any) -> TriggerRule:
    given: dict[str, Any] = {"id": "t", "version": "1", "owner": "o", "because": Text("因", "because"), **more}
    return TriggerRule(pattern=pattern, **given)


matches = st.sampled_from([HIGH, ANY_A, ANY_B])
spans = st.integers(1, 5).map(lambda hours: hours * HOUR)
patterns = st.one_of(
    st.builds(CountPattern, matches, st.integers(1, 3), spans),
    st.builds(SequencePattern, st.lists(matches, min_size=2, max_size=3).map(tuple), spans),
    st.builds(AbsencePattern, matches, matches, spans),
)
histories = st.lists(
    st.builds(
        lambda kind, hours, level: Event(kind, NOON - hours * HOUR, {} if level is None else {"level": level}),
        st.sampled_from(["a", "b", "z"]),
        st.integers(-2, 7),
        st.sampled_from([None, 79, 80]),
    ),
    max_size=6,
)
