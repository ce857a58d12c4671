"""The torture's own counting: it must see what exceeds a limit, and allow what the ledger's promise allows."""

import ast
import sys
from pathlib import Path

import pytest

from tests.torture import checker
from tests.torture.recount import recount, recount_operator
from tests.torture.windows import FOREVER, Life, Rule

HOUR = 3_600_000_000
MONDAY = 1_772_409_600_000_000  # 2026-03-02 08:00 in Shanghai
ROLLING = Rule("rolling", 2, (), None, 24 * HOUR, "", "")
DAILY = Rule("daily", 1, (), None, 0, "day", "")
CALLS = Rule("calls", 1, (("channel", frozenset({"outbound_call"})),), None, 0, "hour", "Asia/Shanghai")
TORTURE = Path(checker.__file__).parent


def life(name: str, hour: float, order: int, **fields: object) -> Life:
    values: dict[str, object] = {
        "contact_id": name,
        "customer_id": "anna",
        "channel": "sms",
        "category": "music",
        "purpose": "marketing",
        "direction": "outbound",
        "at": MONDAY + round(hour * HOUR),
        "zone": "Asia/Shanghai",
        "order": order,
        "clock": order,
        **fields,
    }
    return Life(**values)  # type: ignore[arg-type]  # as the rows of the ledger


def exceeded(lives: list[Life], *rules: Rule) -> list[str]:
    return [breach.added.contact_id for breach in recount("ledger", lives, rules)]


def test_three_in_a_day_and_a_night_are_one_too_many_wherever_the_third_is_put() -> None:
    for hours in ((0, 10, 20), (20, 0, 10), (10, 20, 0)):
        assert exceeded([life(str(hour), hour, order) for order, hour in enumerate(hours, 1)], ROLLING)


def test_windows_are_half_open() -> None:
    assert not exceeded([life("a", 0, 1), life("b", 12, 2), life("c", 24, 3)], ROLLING)


def test_what_was_released_or_had_lapsed_no_longer_counts() -> None:
    two = life("b", 12, 2)
    assert not exceeded([life("a", 0, 1, ends=3), two, life("c", 20, 4)], ROLLING)
    assert not exceeded([life("a", 0, 1, expires=4), two, life("c", 20, 4)], ROLLING)
    assert exceeded([life("a", 0, 1, ends=5, expires=5), two, life("c", 20, 4)], ROLLING) == ["c"]


def test_an_overrun_is_allowed_when_it_is_flagged_and_counts_for_whoever_comes_after() -> None:
    late = life("a", 0, 1, expires=2, flagged_order=9)
    others = [life("b", 12, 3), life("c", 20, 4)]
    assert not exceeded([late, *others], ROLLING)
    assert exceeded([late, *others, life("d", 22, 10, ends=FOREVER)], ROLLING) == ["d"]
    # Once its two neighbours are gone, only the flagged contact and the new one are left.
    gone = [one._replace(ends=9) for one in others]
    assert not exceeded([late, *gone, life("d", 22, 10)], ROLLING)
    assert exceeded([late, *gone, life("d", 22, 10), life("e", 23, 11)], ROLLING) == ["e"]


def test_a_contact_made_at_another_moment_counts_at_both_and_once_in_a_window_that_holds_both() -> None:
    made = life("a", 0, 1, made_order=3, made_at=MONDAY + 40 * HOUR)
    assert not exceeded([made, life("b", 50, 4)], ROLLING)
    assert exceeded([made, life("b", 50, 4), life("c", 51, 5)], ROLLING) == ["c"]
    near = life("a", 0, 1, made_order=3, made_at=MONDAY + HOUR)
    assert not exceeded([near, life("b", 2, 4)], ROLLING)


def test_days_are_cut_in_the_subscribers_zone() -> None:
    evening = [life("a", 15, 1), life("b", 17, 2)]  # 23:00 and 01:00 in Shanghai
    assert not exceeded(evening, DAILY)
    assert exceeded([one._replace(zone="Europe/Berlin") for one in evening], DAILY) == ["b"]


def test_two_in_one_batch_are_seen_together() -> None:
    assert exceeded([life("a", 0, 1), life("b", 1, 1)], DAILY)


def test_scope_and_per_say_what_is_counted_together() -> None:
    per_category = ROLLING._replace(limit=1, per="category")
    assert not exceeded([life("a", 0, 1), life("b", 1, 2, category="news")], per_category)
    assert exceeded([life("a", 0, 1), life("b", 1, 2)], per_category) == ["b"]
    sms_only = ROLLING._replace(limit=1, scope=(("channel", frozenset({"sms"})),))
    assert not exceeded([life("a", 0, 1), life("b", 1, 2, channel="web")], sms_only)


def test_the_operators_hour_counts_all_subscribers_together() -> None:
    calls = [
        life("a", 0, 1, channel="outbound_call"),
        life("b", 0.9, 2, channel="outbound_call", customer_id="bo"),
        life("c", 1.1, 3, channel="outbound_call", customer_id="cy"),
    ]
    assert [breach.added.contact_id for breach in recount_operator("ledger", calls, [CALLS])] == ["b"]


@pytest.mark.parametrize(
    ("modules", "also"),
    [
        (("checker", "evidence", "comparing", "account", "recount", "windows"), {"psycopg"}),
        (("client", "line", "wire", "traffic", "journal", "fate"), {"pika"}),
    ],
)
def test_checker_and_client_share_no_code_with_the_service(modules: tuple[str, ...], also: set[str]) -> None:
    own = {f"tests.torture.{name}" for name in modules}
    for name in modules:
        for node in ast.walk(ast.parse((TORTURE / f"{name}.py").read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom):
                wanted = (
                    {f"{node.module}.{one.name}" for one in node.names}
                    if node.module == "tests.torture"
                    else {node.module}
                )
            elif isinstance(node, ast.Import):
                wanted = {one.name for one in node.names}
            else:
                continue
            for module in wanted:
                assert module in own or str(module).partition(".")[0] in sys.stdlib_module_names | also, (name, module)
