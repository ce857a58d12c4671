"""`check` over folders in which any file may be anything: findings, never a crash."""

import random
import shutil
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.workbench.rule_check.checks import RuleReport, check_rules

SENSELESS = Path(__file__).parent / "wrong" / "senseless"
MAP = Path(__file__).parents[2] / "rules" / "column_maps" / "beijing-mobile.yaml"
ON = date(2026, 3, 2)

BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
HOSTILE = {
    "random bytes": (random.Random(1).randbytes(3_000), {"not_utf8"}),
    "a YAML bomb": (BOMB.encode(), {"alias"}),
    "deep nesting": (b"- " * 100_000, {"nested_too_deep"}),
    "ten megabytes": (b"# nothing\n" * 1_000_000, {"too_large"}),
    "a duplicate key": (b"- {a: 1, a: 2}\n", {"duplicate_key"}),
    "a foreign tag": (b"- !!python/object/apply:os.system [ls]\n", {"tag"}),
    "nothing": (b"", {"empty"}),
    "a single word": (b"hello\n", {"wrong_shape"}),
}
KINDS = {
    "segment": "segments/young/rule.yaml",
    "cases": "segments/young/cases.yaml",
    "eligibility": "eligibility/adult/rule.yaml",
    "conflict": "conflicts/music/rule.yaml",
    "policy": "contact_policy/month/rule.yaml",
    "trigger": "triggers/never-so-many/rule.yaml",
    "ranking": "ranking/all/rule.yaml",
    "vocabulary": "vocabulary.yaml",
    "catalogue": "catalogue/offerings.yaml",
    "plan": "campaigns/spring/plan.yaml",
    "column map": "column_maps/map.yaml",
    "accepted": "check.yaml",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy one file of every kind, and the rules' cases."""
    copy = tmp_path_factory.mktemp("hostile") / "rules"
    for path in (*KINDS.values(), *(path.replace("rule.yaml", "cases.yaml") for path in KINDS.values())):
        (copy / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(MAP if path.startswith("column_maps") else SENSELESS / path, copy / path)
    return copy


def spoilt(folder: Path, path: str, content: bytes) -> RuleReport:
    """Check the folder with one file replaced, and put the file back."""
    target = folder / path
    before = target.read_bytes()
    try:
        target.write_bytes(content)
        return check_rules(folder, ON)
    finally:
        target.write_bytes(before)


@pytest.mark.parametrize("path", KINDS.values(), ids=list(KINDS))
@pytest.mark.parametrize(("content", "codes"), HOSTILE.values(), ids=list(HOSTILE))
def test_a_hostile_file_is_refused_with_its_place_whatever_it_should_have_been(
    folder: Path, path: str, content: bytes, codes: set[str]
) -> None:
    found = [one for one in spoilt(folder, path, content).findings if one.place.path == str(folder / path)]
    assert codes <= {one.code for one in found}
    assert all(one.place.line >= 1 and one.place.column >= 1 for one in found)
    assert len(found) <= 200


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=st.sampled_from(sorted(KINDS.values())), data=st.data())
def test_a_file_with_a_slip_of_the_pen_anywhere_is_judged_and_never_crashes(
    folder: Path, path: str, data: st.DataObject
) -> None:
    text = (folder / path).read_text("utf-8")
    at = data.draw(st.integers(0, len(text)))
    cut = data.draw(st.integers(0, 12))
    put = data.draw(
        st.one_of(st.text(max_size=6), st.sampled_from(["{", "}", "[", "]", ": ", "- ", "\n", "null", "not: "]))
    )
    content = text[:at] + put + text[at + cut :]
    for one in spoilt(folder, path, content.encode("utf-8", "surrogatepass")).findings:
        assert one.message.zh
        assert one.message.en


def test_folders_where_files_should_be_and_links_to_nowhere_are_findings(tmp_path: Path) -> None:
    copy = shutil.copytree(SENSELESS, tmp_path / "rules")
    (copy / "catalogue" / "folder.yaml").mkdir()
    (copy / "campaigns" / "folder" / "plan.yaml").mkdir(parents=True)
    (copy / "segments" / "linked").symlink_to(tmp_path / "nowhere")
    (copy / "column_maps").mkdir()
    (copy / "column_maps" / "link.yaml").symlink_to(tmp_path / "nowhere")
    paths = {Path(one.place.path).relative_to(copy).as_posix() for one in check_rules(copy, ON).findings}
    assert paths >= {
        "catalogue/folder.yaml", "campaigns/folder/plan.yaml", "segments/linked", "column_maps/link.yaml"
    }  # fmt: skip
