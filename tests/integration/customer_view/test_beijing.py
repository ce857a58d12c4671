"""The column map for the Beijing survey, on the real file where it is at hand."""

import os
from collections import Counter
from pathlib import Path

import pytest

from services.customer_view.application.imports import ImportReport
from services.customer_view.application.use_cases import UseCases
from services.customer_view.dependencies import build, build_import
from services.customer_view.settings import Settings
from shared.contracts.customer_view import AudienceQuery
from shared.contracts.wire import RowFault
from tests.unit.customer_view.rules_folder import PROJECT

DATA = Path(os.environ.get("BANYAN_SHARED_DATA") or PROJECT.parent / "shared" / "data")
FILE = DATA / "beijing_mobile" / "data_train.csv"
MAP = PROJECT / "rules" / "column_maps" / "beijing-mobile.yaml"


Imported = tuple[UseCases, ImportReport, list[RowFault]]


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Imported:
    if not FILE.is_file():
        pytest.skip(f"the real file is not at hand: {FILE} (name its folder with BANYAN_SHARED_DATA)")
    var = str(tmp_path_factory.mktemp("beijing"))
    use_cases = build(Settings.read({"BANYAN_VAR": var, "BANYAN_RULES_DIR": str(PROJECT / "rules")}))
    faults = []
    report = build_import(use_cases, lambda: use_cases.book.vocabulary).import_file(FILE, MAP, on_fault=faults.append)
    return use_cases, report, faults


def test_all_subscribers_are_kept(imported: Imported) -> None:
    _, report, _ = imported
    assert (report.rows, report.written, report.refused, report.incomplete) == (7_020, 7_020, 0, None)


def test_the_bad_cells_are_reported_with_line_and_column(imported: Imported) -> None:
    _, report, faults = imported
    assert Counter(fault.field for fault in faults) == {"年龄": 18, "操作系统": 28}
    assert report.bad_cells == 46
    assert min(fault.index for fault in faults if fault.field == "年龄") == 336


def test_what_the_file_does_not_say_is_unknown_and_said_to_be(imported: Imported) -> None:
    use_cases, report, _ = imported
    assert report.unknown["activated_on"] == 4_150
    assert report.unknown["data_quota_mb"] == 6_581
    made = use_cases.audience(AudienceQuery(audience_key="crbt", rule={"crbt_subscribed": True}))
    assert (made.size, made.unknown, made.unknown_facts) == (0, 7_020, {"crbt_subscribed": 7_020})


def test_what_the_file_says_selects_audiences(imported: Imported) -> None:
    use_cases, _, _ = imported
    over = {"data_used_mb": {"more_than": {"fact": "data_quota_mb"}}}
    for key, rule, size in (
        ("over quota", over, 439),
        ("spend", {"monthly_spend": {"at_least": 50}}, 4_121),
        ("5G", {"handset_capabilities": {"contains_any": ["nr"]}}, 3_857),
        ("plan", {"plan": "changxiang"}, 2_439),
    ):
        assert use_cases.audience(AudienceQuery(audience_key=key, rule=rule)).size == size
