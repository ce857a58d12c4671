"""Calendar units of all zones around one moment."""

from zoneinfo import available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.governance.domain.calendar import CalendarUnit, begins_anywhere, span_of, zone_named
from services.governance.domain.instants import DAY

ZONES = sorted(name for name in available_timezones() if zone_named(name))
MOMENTS = st.integers(15_000 * DAY, 25_000 * DAY)  # 2011 to 2038


@pytest.mark.parametrize("unit", ["hour", "day", "week", "month"])
@given(data=st.data(), at=MOMENTS, one=st.sampled_from(ZONES), other=st.sampled_from(ZONES))
def test_a_unit_begins_nowhere_before_the_moment_told_for_any_zone(
    unit: CalendarUnit, data: st.DataObject, at: int, one: str, other: str
) -> None:
    edge = data.draw(st.sampled_from([at, *span_of(unit, one, at), span_of(unit, other, at)[0]]))
    assert begins_anywhere(unit, span_of(unit, one, edge), edge) <= span_of(unit, other, edge)[0]


@pytest.mark.parametrize("name", ["localtime", "posixrules", "Factory", "Mars/Olympus", "", "../etc"])
def test_a_name_that_means_the_machines_own_zone_or_none_is_unknown(name: str) -> None:
    assert zone_named(name) is None
    assert zone_named("Asia/Shanghai") is not None
