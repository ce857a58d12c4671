"""Files nobody writes by hand: every one is a fault with a code, soon, and never a crash."""

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.rulekit.cases.reading import read_cases
from shared.rulekit.faults import RuleFaults
from shared.rulekit.reading.folder import load_rules
from tests.unit.rulekit.rule_folders import HEAD, VOCABULARY, faults_of, make_folder, only, put_rule

SEGMENT = HEAD.format(id="one") + "when: {age: 1}\n"
FILES = ("vocabulary.yaml", "segments/one/rule.yaml", "segments/one/cases.yaml", "contact_policy/two/rule.yaml")

HOSTILE = {
    "a billion laughs": (
        "a: &a [x, x, x, x, x, x, x, x, x]\n"
        + "".join(
            f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
        ),
        "alias",
    ),
    "a list within itself": ("when: &a {all: [*a]}\n", "alias"),
    "a NUL byte": ("when: {age: 1}\n# \0\n", "syntax"),
    "a NUL in quotes": (HEAD.replace("because:", 'because_: "\\0"\nbecause:').format(id="one"), "unknown_key"),
    "a bell in the owner": (SEGMENT.replace("owner: tests", 'owner: "te\\asts"'), "bad_text"),
    "a tab where a space belongs": ("when:\n\tage: 1\n", "syntax"),
    "ten thousand keys": (SEGMENT + "".join(f"key{n}: 1\n" for n in range(10_000)), "too_many_faults"),
    "ten thousand times one key": (SEGMENT + "owner: tests\n" * 10_000, "too_many_faults"),
    "a hundred thousand values": (SEGMENT + "more: [" + "1, " * 100_000 + "]\n", "too_large"),
    "a scalar without end": (SEGMENT.replace("owner: tests", f"owner: {'x' * 900_000}"), "bad_text"),
    "a fact's name without end": (HEAD.format(id="one") + f"? {'x' * 900_000}\n: 1\n", "unknown_key"),
    "deep brackets": ("when: " + "[" * 400_000, "nested_too_deep"),
    "deep mappings": ("when: " + "{all: [" * 10_000, "nested_too_deep"),
    "deep indentation": ("".join(" " * n + "a:\n" for n in range(1_000)), "nested_too_deep"),
    "deep groups": (HEAD.format(id="one") + "when: " + "{not: " * 20 + "{age: 1}" + "}" * 20, "nested_too_deep"),
    "a foreign tag": (SEGMENT + "more: !!python/object/apply:os.system [ls]\n", "tag"),
    "two documents": (SEGMENT + "---\n" + SEGMENT, "syntax"),
    "a list as a key": (SEGMENT + "? [a, b]\n: 1\n", "wrong_shape"),
    "a number with a million digits": (HEAD.format(id="one") + f"when: {{age: {'9' * 900_000}}}\n", "bad_number"),
    "a date that is none": (SEGMENT + "valid_for: {from: 2026-02-30}\n", "bad_date"),
}


@pytest.mark.parametrize(("text", "code"), HOSTILE.values(), ids=list(HOSTILE))
def test_a_hostile_file_is_refused_by_code(tmp_path: Path, text: str, code: str) -> None:
    make_folder(tmp_path)
    put_rule(tmp_path, "segments", "one", text, head="")
    faults = faults_of(tmp_path)
    assert code in {fault.code for fault in faults}
    assert len(faults) <= 100
    assert all(len(fault.message) < 400 for fault in faults)


@pytest.mark.parametrize("name", ["vocabulary.yaml", "segments/one/rule.yaml"])
def test_what_is_no_plain_file_is_not_waited_for(tmp_path: Path, name: str) -> None:
    make_folder(tmp_path)
    put_rule(tmp_path, "segments", "one", "when: {age: 1}\n")
    (tmp_path / name).unlink()
    os.mkfifo(tmp_path / name)
    assert only(faults_of(tmp_path)).code == "unreadable"
    (tmp_path / name).unlink()
    (tmp_path / name).symlink_to("/dev/zero")
    assert only(faults_of(tmp_path)).code == "unreadable"
    (tmp_path / name).unlink()
    (tmp_path / name).mkdir()
    assert only(faults_of(tmp_path)).code == "unreadable"


def test_cases_that_are_no_plain_file_are_not_waited_for(tmp_path: Path) -> None:
    make_folder(tmp_path)
    put_rule(tmp_path, "segments", "one", "when: {age: 1}\n", cases=None)
    os.mkfifo(tmp_path / "segments" / "one" / "cases.yaml")
    with pytest.raises(RuleFaults) as caught:
        read_cases(load_rules(tmp_path), tmp_path)
    assert [fault.code for fault in caught.value.faults] == ["unreadable"]


def test_links_that_lead_in_circles_are_a_fault(tmp_path: Path) -> None:
    make_folder(tmp_path)
    (tmp_path / "segments").mkdir()
    (tmp_path / "segments" / "one").symlink_to("two")
    (tmp_path / "segments" / "two").symlink_to("one")
    assert [fault.code for fault in faults_of(tmp_path)] == ["no_rule", "no_rule"]
    (tmp_path / "eligibility").symlink_to("eligibility")
    assert "unreadable" in {fault.code for fault in faults_of(tmp_path)}


def test_a_file_where_a_folder_of_rules_belongs_is_a_fault(tmp_path: Path) -> None:
    make_folder(tmp_path)
    (tmp_path / "segments").write_text("", encoding="utf-8")
    assert only(faults_of(tmp_path)).code == "unreadable"


def test_a_folder_whose_name_is_no_text_can_be_told(tmp_path: Path) -> None:
    make_folder(tmp_path)
    os.makedirs(os.fsencode(tmp_path) + b"/segments/\xff\xfe")  # noqa: PTH103 - pathlib cannot say these bytes
    faults = faults_of(tmp_path)
    assert {fault.code for fault in faults} == {"bad_id", "no_rule"}
    assert all(str(fault).encode() for fault in faults)


def test_ten_megabytes_are_not_read(tmp_path: Path) -> None:
    make_folder(tmp_path)
    put_rule(tmp_path, "segments", "one", SEGMENT + "# " + "x" * 10_000_000, head="")
    assert only(faults_of(tmp_path)).code == "too_large"


def test_a_mark_of_byte_order_and_windows_lines_are_no_mistake(tmp_path: Path) -> None:
    make_folder(tmp_path)
    put_rule(tmp_path, "segments", "one", "\ufeff" + SEGMENT.replace("\n", "\r\n"), head="")
    assert list(load_rules(tmp_path).segments) == ["one"]


def test_a_character_yaml_does_not_permit_is_told_with_its_line(tmp_path: Path) -> None:
    make_folder(tmp_path)
    put_rule(tmp_path, "segments", "one", SEGMENT + "# 因为\x07\n", head="")
    fault = only(faults_of(tmp_path))
    assert (fault.code, fault.line, fault.column) == ("syntax", 5, 5)


def judge(root: Path) -> None:
    """Read everything; the only thing that may happen is a clean fault."""
    try:
        read_cases(load_rules(root), root)
    except RuleFaults as refused:
        faults = refused.faults
    else:
        faults = ()
    assert all(fault.code and fault.message and fault.line >= 1 for fault in faults)


@pytest.fixture(scope="module")
def sound_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = make_folder(tmp_path_factory.mktemp("rules"))
    put_rule(root, "segments", "one", "when: {age: 1}\n", cases="- {title: a, facts: {age: 1}, expect: true}\n")
    put_rule(root, "contact_policy", "two", "kind: no_repeat\nspan: 1d\n")
    return root


QUICK = settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


BYTES = st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "ignore"))


@pytest.mark.parametrize("name", FILES)
@QUICK
@given(
    content=st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda text: text.encode("utf-8", "ignore")))
)
def test_any_bytes_are_rules_or_clean_faults(sound_folder: Path, name: str, content: bytes) -> None:
    path = sound_folder / name
    before = path.read_bytes()
    try:
        path.write_bytes(content)
        judge(sound_folder)
    finally:
        path.write_bytes(before)


WORDS = st.sampled_from(
    """
    id owner because zh en when all any not segment age brand spend products used joined at_least between one_of size
    older_than is_known fact times kind level order classifies limit per window rolling calendar applies_to span 1d
    event where steps within after without for value propensity priority ranks at_most otherwise categories title facts
    expect events at attributes type column values true null 1 0.5 -3 2026-03-02 21:00 mzone one customer passed
    percent paid refused sms mon hour Asia/Shanghai
    """.split()  # noqa: SIM905 - a list of sixty quoted words would hide them
)
KINDS_OF = {
    "segments": ("",),
    "eligibility": ("level: suitability",),
    "conflicts": ("kind: exclusive", "kind: requires", "kind: supersedes", "kind: not_within"),
    "contact_policy": (
        "kind: frequency_cap",
        "kind: spacing",
        "kind: quiet_hours",
        "kind: cooling_off",
        "kind: list_effect",
        "kind: no_repeat",
        "kind: capacity",
    ),
    "triggers": ("kind: count", "kind: sequence", "kind: absence"),
    "ranking": ("",),
}
PARTS = (
    *("when", "valid_for", "classifies", "order", "members", "offering", "products", "winner", "loser", "same", "span"),
    *("per", "limit", "window", "applies_to", "at_least", "weekly", "holidays", "after", "list", "zone", "event"),
    *("where", "within", "steps", "without", "for", "again_after", "ranks", "value", "propensity", "priority"),
)
TREES = st.recursive(
    WORDS,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda parts: f"[{', '.join(parts)}]")
        | st.dictionaries(WORDS, inner, max_size=4).map(
            lambda parts: "{" + ", ".join(f"{key}: {value}" for key, value in parts.items()) + "}"
        )
    ),
    max_leaves=12,
)


@pytest.mark.parametrize(("kind", "start"), [(kind, start) for kind, starts in KINDS_OF.items() for start in starts])
@QUICK
@given(parts=st.dictionaries(st.sampled_from(PARTS), TREES, min_size=1, max_size=5))
def test_any_structure_is_a_rule_or_a_clean_fault(
    sound_folder: Path, kind: str, start: str, parts: dict[str, str]
) -> None:
    body = f"{start}\n" + "".join(f"{part}: {tree}\n" for part, tree in parts.items())
    folder = put_rule(sound_folder, kind, "any", body).parent
    try:
        judge(sound_folder)
    finally:
        shutil.rmtree(folder)


@QUICK
@given(facts=TREES, events=TREES)
def test_any_structure_is_a_vocabulary_or_a_clean_fault(sound_folder: Path, facts: str, events: str) -> None:
    path = sound_folder / "vocabulary.yaml"
    try:
        path.write_text(f"facts: {facts}\nevents: {events}\n", encoding="utf-8")
        judge(sound_folder)
    finally:
        path.write_text(VOCABULARY, encoding="utf-8")


@pytest.mark.parametrize("folder", ["segments/one", "contact_policy/two"])
@QUICK
@given(tree=TREES)
def test_any_structure_is_cases_or_a_clean_fault(sound_folder: Path, folder: str, tree: str) -> None:
    path = sound_folder / folder / "cases.yaml"
    before = path.read_bytes()
    try:
        path.write_text(f"- {tree}\n", encoding="utf-8")
        judge(sound_folder)
    finally:
        path.write_bytes(before)


def test_the_sound_folder_is_sound(tmp_path: Path) -> None:
    make_folder(tmp_path, VOCABULARY)
    put_rule(tmp_path, "segments", "one", SEGMENT, head="")
    assert list(load_rules(tmp_path).segments) == ["one"]
