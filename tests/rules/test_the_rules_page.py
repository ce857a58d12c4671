"""docs/rules.md: every example is a file of one rule set, which loads and whose cases hold."""

import re
import shutil
from datetime import date
from pathlib import Path

import pytest

from services.workbench.rule_selection import select_rules
from services.workbench.rule_test.running import run_cases
from shared.rulekit.faults import Findings
from shared.rulekit.model import KINDS, LEVELS, All, Any, Constant, Not, RuleBook
from shared.rulekit.reading.conditions import OPERATORS, ConditionReader
from shared.rulekit.reading.conflicts import CONFLICT_KINDS
from shared.rulekit.reading.folder import load_rules
from shared.rulekit.reading.policies import POLICY_KINDS
from shared.rulekit.reading.tree import Items
from shared.rulekit.reading.yaml_tree import read_yaml_text
from shared.rulekit.reference import evaluate

PAGE = Path(__file__).parents[2] / "docs" / "rules.md"
BLOCK = re.compile(r"^```yaml ?(?P<path>\S*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = [(found["path"], found["text"]) for found in BLOCK.finditer(PAGE.read_text(encoding="utf-8"))]
TRUTHS = {"true": True, "false": False, "unknown": None}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("page")
    for path, text in BLOCKS:
        if path != "conditions":
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text, encoding="utf-8")
    for rule in root.glob("*/*/rule.yaml"):
        if not (rule.parent / "cases.yaml").exists():
            (rule.parent / "cases.yaml").write_text("[]\n", encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def book(folder: Path) -> RuleBook:
    return load_rules(folder)


def test_every_block_says_which_file_it_is_and_none_stands_twice() -> None:
    paths = [path for path, _ in BLOCKS]
    assert all(paths)
    assert len(set(paths)) == len(paths)


def test_every_example_loads_and_every_kind_has_one(book: RuleBook) -> None:
    examples = {kind: {path.split("/")[1] for path, _ in BLOCKS if path.startswith(f"{kind}/")} for kind in KINDS}
    assert {kind: set(rules) for kind, rules in book.by_kind.items()} == examples
    words = {line.split(": ")[1] for _, text in BLOCKS for line in text.splitlines() if line.startswith("kind: ")}
    assert words == {*CONFLICT_KINDS, *POLICY_KINDS, "count", "sequence", "absence"}
    assert {rule.level for rule in book.eligibility.values()} == set(LEVELS)


def test_every_condition_can_be_read_and_every_operator_has_one(book: RuleBook) -> None:
    text = dict(BLOCKS)["conditions"]
    findings = Findings()
    node = read_yaml_text(text, "conditions", findings)
    assert isinstance(node, Items)
    reader = ConditionReader(book.vocabulary, findings)
    for item in node.items:
        reader.read(item)
    reader.check_segments(book.segments)
    assert findings.faults == []
    operators = {word for known in OPERATORS.values() for word in known} | {"is_known", "all", "any", "not", "segment"}
    assert {word for word in operators if f"{word}:" not in text} == set()


def test_the_cases_of_the_page_hold_on_every_executor(folder: Path, tmp_path: Path) -> None:
    for path, _ in BLOCKS:
        if path.endswith("cases.yaml"):
            shutil.copytree((folder / path).parent, (tmp_path / path).parent)
    rest = tmp_path / "ranking" / "standard"
    shutil.copytree(folder / "ranking" / "standard", rest)
    case = "- {title: a, offer: {category: a, campaign: a, offering: a, value: 1, priority: 1}, expect: 10}\n"
    (rest / "cases.yaml").write_text(case, encoding="utf-8")
    shutil.copy(folder / "vocabulary.yaml", tmp_path)
    report = run_cases(select_rules(tmp_path))
    assert [f"{one.place.path}:{one.place.line} {one.executor}: {one.message}" for one in report.failed] == []
    assert {result.rule_id for result in report.results} >= {
        path.split("/")[1] for path, _ in BLOCKS if "cases" in path
    }


def test_the_table_of_truths_is_the_meaning(book: RuleBook) -> None:
    rows = re.findall(
        r"^\| (\w+) \| (\w+) \| (\w+) \| (\w+) \| (\w+) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE
    )
    assert len([row for row in rows if row[0] in TRUTHS]) == 9
    for row in rows:
        if row[0] in TRUTHS:
            a, b, both, either, negated = (TRUTHS[word] for word in row)
            parts = (Constant(a), Constant(b))
            judged = [
                evaluate(one, {}, book=book, on=date(2026, 3, 2)) for one in (All(parts), Any(parts), Not(parts[0]))
            ]
            assert judged == [both, either, negated]
