"""The recount finds every kind of breach that is planted, and none where there is none."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from services.workbench.demo.recount import _crowded, recount
from services.workbench.report.record import open_record
from tests.unit.demo.pretending import a_contact

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)  # a Monday, 12:00 in Fuzhou
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MARKETING = {"directions": ["outbound"], "purposes": ["marketing"]}
POLICIES: dict[str, dict[str, Any]] = {
    "week": {"kind": "frequency_cap", "applies_to": MARKETING, "limit": 2, "window": {"rolling": "7d"}},
    "month": {"kind": "frequency_cap", "per": "customer_channel", "limit": 3, "window": {"calendar": "month"}},
    "apart": {"kind": "spacing", "per": "customer", "applies_to": MARKETING, "at_least": "24h"},
    "night": {
        "kind": "quiet_hours",
        "applies_to": {"directions": ["outbound"]},
        "weekly": [{"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "from": "21:00", "to": "09:00"}],
        "holidays": {"dates": [datetime(2026, 4, 4, tzinfo=UTC).date()], "from": "20:00", "to": "10:00"},
    },
    "twice": {"kind": "no_repeat", "applies_to": {"channels": ["web"]}, "span": "14d"},
    "alike": {"kind": "no_repeat", "applies_to": MARKETING, "of": "similar_campaign", "span": "3d"},
    "other": {"kind": "list_effect", "list": "black"},
}
CONTROL = "no control subscriber was contacted by that campaign"
REASONS = "every suppressed contact carries at least one reason"
TWICE = "no contact was made twice"
PROMISES = {"week", "month", "apart", "twice", "alike", "night", CONTROL, REASONS, TWICE}


def write_policies(folder: Path, policies: dict[str, dict[str, Any]]) -> Path:
    for name, policy in policies.items():
        place = folder / "contact_policy" / name
        place.mkdir(parents=True)
        written = {"id": name, "owner": "tests", "because": {"zh": "测试", "en": name}} | policy
        (place / "rule.yaml").write_text(yaml.safe_dump(written), encoding="utf-8")
    return folder


def name_of(row: dict[str, Any]) -> str:
    """Return the policy a promise is from, or the promise where it is from none."""
    policy = str(row["promise_zh"]).partition(":")[0]
    return policy if policy in POLICIES else str(row["promise_en"])


class Books:
    """A report with what a test puts in, and the rules it is recounted by."""

    def __init__(self, folder: Path) -> None:
        self.report = folder / "report.json"
        self.rules = write_policies(folder / "rules", POLICIES)

    def plan(self, campaign_id: str, similar_to: list[str] | None) -> None:
        """Write a plan, of which nothing but the campaigns it is like matters here."""
        place = self.rules / "campaigns" / campaign_id
        place.mkdir(parents=True)
        named = {} if similar_to is None else {"similar_to": similar_to}
        (place / "plan.yaml").write_text(yaml.safe_dump({"campaign": campaign_id, **named}), encoding="utf-8")

    def found(
        self,
        *contacts: dict[str, Any],
        control: list[dict[str, str]] | None = None,
        suppressed: list[dict[str, Any]] | None = None,
    ) -> dict[str, tuple[int, int]]:
        """Return (checked, breaches) by promise."""
        with open_record(self.report) as record:
            record.put("label", "test")
            record.put("campaigns", [])
            record.put_all("contacts", contacts)
            record.put_all("control", control or [])
            record.put_all("suppressed", suppressed or [])
            record.put("story", {"customer_id": "", "lines": []})
        rows = recount(self.report, self.rules)
        return {name_of(row): (int(str(row["checked"])), int(str(row["breaches"]))) for row in rows}

    def broken(self, *contacts: dict[str, Any], **more: Any) -> dict[str, int]:
        """Return the broken promises alone."""
        return {name: breaches for name, (_, breaches) in self.found(*contacts, **more).items() if breaches}


@pytest.fixture
def books(tmp_path: Path) -> Books:
    return Books(tmp_path)


def at(contact_id: str, moment: datetime, customer_id: str = "c1", **more: Any) -> dict[str, Any]:
    return a_contact(contact_id, customer_id, moment.isoformat(), **more)


CLEAN = [
    at("1", NOON),
    at("2", NOON + DAY),
    at("3", NOON + 7 * DAY),
    at("4", NOON + DAY, "c2"),
    at("5", NOON, channel="hall", direction="inbound"),
    at("6", NOON + HOUR, channel="hall", direction="inbound"),
    a_contact("7", "c1", None),
]


def test_where_all_was_kept_nothing_is_found(books: Books) -> None:
    found = books.found(
        *CLEAN,
        control=[{"campaign_id": "a", "customer_id": "c9", "phase": "p1"}],
        suppressed=[{"suppression_id": "s", "reasons": [{"rule_id": "x"}]}],
    )
    assert set(found) == PROMISES
    assert {breaches for _, breaches in found.values()} == {0}
    assert found["week"] == (4, 0)
    assert found["month"] == (6, 0)
    assert found["night"] == (4, 0)
    assert (found[CONTROL], found[REASONS], found[TWICE]) == ((1, 0), (1, 0), (6, 0))


def test_nothing_at_all_breaks_nothing(books: Books) -> None:
    assert set(books.found().values()) == {(0, 0)}


def test_one_too_many_in_a_rolling_span_is_found(books: Books) -> None:
    assert books.broken(at("1", NOON), at("2", NOON + DAY), at("3", NOON + 7 * DAY - HOUR)) == {"week": 1}
    assert books.broken(at("3", NOON + 2 * DAY), at("1", NOON), at("2", NOON + DAY)) == {"week": 1}


def test_only_what_a_policy_covers_counts(books: Books) -> None:
    days = [NOON, NOON + DAY, NOON + 2 * DAY]
    for one in ({"purpose": "service"}, {"direction": "inbound"}):
        assert "week" not in books.broken(*(at(str(n), day, **one) for n, day in enumerate(days)))
    assert books.broken(*(at(str(n), day, f"c{n}") for n, day in enumerate(days))) == {}


def test_one_too_many_in_a_calendar_month_is_found_per_channel(books: Books) -> None:
    days = [NOON + number * 8 * DAY for number in range(3)]
    full = [at(str(number), day) for number, day in enumerate(days)]
    assert books.broken(*full) == {}
    assert books.broken(*full, at("9", datetime(2026, 3, 31, 15, tzinfo=UTC), direction="inbound")) == {"month": 1}
    assert books.broken(*full, at("9", datetime(2026, 3, 31, 16, tzinfo=UTC), direction="inbound")) == {}
    assert books.broken(*full, at("9", NOON + 28 * DAY, channel="outbound_call")) == {}


def test_two_contacts_too_close_are_found(books: Books) -> None:
    assert books.broken(at("1", NOON), at("2", NOON + DAY - timedelta(seconds=1))) == {"apart": 1}
    assert books.broken(at("1", NOON), at("2", NOON + DAY)) == {}


def test_an_offering_repeated_too_soon_is_found(books: Books) -> None:
    first = at("1", NOON, channel="web")
    assert books.broken(first, at("2", NOON + 14 * DAY - HOUR, channel="web")) == {"twice": 1}
    assert books.broken(first, at("2", NOON + 14 * DAY, channel="web")) == {}
    assert books.broken(first, at("2", NOON + 9 * DAY, channel="web", offering_id="another")) == {}
    assert books.broken(first, at("2", NOON + 9 * DAY)) == {}


def test_a_similar_campaign_too_soon_is_found_whichever_plan_names_the_other(books: Books) -> None:
    books.plan("a", ["b"])
    books.plan("c", None)
    two_days_later = NOON + 2 * DAY
    for one, other in (("a", "b"), ("b", "a")):
        first = at("1", NOON, campaign_id=one)
        assert books.broken(first, at("2", two_days_later, campaign_id=other)) == {"alike": 1}
        assert books.broken(first, at("2", NOON + 3 * DAY, campaign_id=other)) == {}
        assert books.broken(first, at("2", two_days_later, campaign_id=one)) == {}
        assert books.broken(first, at("2", two_days_later, campaign_id="c")) == {}


@pytest.mark.parametrize(
    ("hour", "minute", "quiet"),
    [(21, 0, True), (23, 59, True), (0, 0, True), (8, 59, True), (9, 0, False), (20, 59, False)],
)
def test_a_contact_in_quiet_hours_is_found(books: Books, hour: int, minute: int, quiet: bool) -> None:
    moment = datetime.fromisoformat(f"2026-03-03T{hour:02d}:{minute:02d}:00+08:00")
    assert books.broken(at("1", moment)) == ({"night": 1} if quiet else {})
    assert books.broken(at("1", moment, direction="inbound")) == {}


@pytest.mark.parametrize(
    ("moment", "quiet"),
    [
        ("2026-04-04T20:30:00+08:00", True),
        ("2026-04-05T09:30:00+08:00", True),
        ("2026-04-05T10:00:00+08:00", False),
        ("2026-04-04T09:30:00+08:00", False),
        ("2026-04-05T20:30:00+08:00", False),
    ],
)
def test_a_holiday_rests_from_its_evening_to_the_next_morning(books: Books, moment: str, quiet: bool) -> None:
    assert books.broken(at("1", datetime.fromisoformat(moment))) == ({"night": 1} if quiet else {})


def test_a_contacted_control_subscriber_is_found(books: Books) -> None:
    control = [{"campaign_id": "a", "customer_id": each, "phase": "p1"} for each in ("c1", "c2")]
    assert books.broken(at("1", NOON), control=control) == {CONTROL: 1}
    assert books.broken(at("1", NOON, campaign_id="b"), control=control) == {}


def test_a_suppression_without_a_reason_is_found(books: Books) -> None:
    rows = [{"suppression_id": str(n), "reasons": [{"rule_id": "x"}] * n} for n in range(3)]
    assert books.broken(suppressed=rows) == {REASONS: 1}


def test_a_contact_made_twice_is_found(books: Books) -> None:
    assert books.broken(at("1", NOON), at("1", NOON + 2 * DAY)) == {TWICE: 1}


def test_planned_contacts_that_did_not_take_place_do_not_count(books: Books) -> None:
    assert books.broken(*(a_contact(str(number), "c1", None) for number in range(5))) == {}


@given(
    st.lists(st.integers(0, 200), max_size=30).map(sorted),
    st.integers(1, 4),
    st.integers(1, 72),
)
def test_a_crowd_is_what_a_count_by_hand_says(hours: list[int], limit: int, span: int) -> None:
    moments = [NOON + hour * HOUR for hour in hours]
    by_hand = sum(
        sum(1 for other in moments[: number + 1] if moments[number] - other < span * HOUR) > limit
        for number in range(len(moments))
    )
    assert _crowded(moments, limit, span * HOUR) == by_hand


def test_it_runs_as_a_process_of_its_own_and_prints_its_rows(books: Books) -> None:
    books.found(at("1", NOON), at("2", NOON + HOUR))
    command = [sys.executable, "-m", "services.workbench.demo.recount", str(books.report), str(books.rules)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    rows = {name_of(row): row for row in json.loads(done.stdout)}
    assert set(rows) == PROMISES
    assert (rows["apart"]["checked"], rows["apart"]["breaches"]) == (2, 1)
    assert "24h" in rows["apart"]["promise_zh"]
    assert "at most 2 in every rolling 7d" in rows["week"]["promise_en"]


def test_it_shares_no_code_with_what_it_checks() -> None:
    program = "import sys, services.workbench.demo.recount; print(*sorted(n for n in sys.modules if '.' in n))"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=60)
    ours = [name for name in done.stdout.split() if name.startswith(("services.", "shared."))]
    assert ours == ["services.workbench", "services.workbench.demo", "services.workbench.demo.recount"]
