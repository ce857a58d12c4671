"""The published JSON Schemas: current, sound, and of one mind with the readers."""

import random
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from services.workbench.rule_schema import stale_schemas
from shared.rulekit.cases.facts import Plain
from shared.rulekit.cases.reading import read_cases
from shared.rulekit.faults import Findings, RuleFaults
from shared.rulekit.json_schema.schemas import schemas_of
from shared.rulekit.model import KINDS, RuleBook
from shared.rulekit.reading.conditions import read_condition
from shared.rulekit.reading.folder import load_rules
from shared.rulekit.reading.tree import Entries, Items, Node, Scalar
from shared.rulekit.reading.yaml_tree import read_yaml
from tests.rules.schema_samples import RANKING, SOUND, WRONG
from tests.unit.cli import eval_oracle
from tests.unit.rulekit.rule_folders import HEAD, VOCABULARY, make_folder, put_rule

RULES = Path(__file__).parents[2] / "rules"
FILES = [(kind, path) for kind in KINDS for path in sorted((RULES / kind).glob("*/rule.yaml"))]
CASES = [("cases", path) for kind in KINDS for path in sorted((RULES / kind).glob("*/cases.yaml"))]


@cache
def own_book() -> RuleBook:
    return load_rules(RULES)


@cache
def validators() -> Mapping[str, Draft202012Validator]:
    return {name: Draft202012Validator(schema) for name, schema in schemas_of(own_book()).items()}


def as_an_editor_reads(node: Node | None) -> Plain:
    """Return what YAML 1.2 makes of a file: dates and times are text, only true and false are truths."""
    match node:
        case Items(_, items):
            return [as_an_editor_reads(item) for item in items]
        case Entries(_, entries):
            return {key.text: as_an_editor_reads(value) for key, value in entries}
        case Scalar(_, "null", _) | None:
            return None
        case Scalar(_, "boolean", text) if text in {"true", "false"}:
            return text == "true"
        case Scalar(_, "number", text):
            return _figure(text)
        case Scalar(_, _, text):
            return text


def _figure(text: str) -> int | float | str:
    try:
        return int(text) if text.lstrip("-").isdigit() else float(text)
    except ValueError:  # 21:00 is a number to YAML 1.1
        return text


def read(path: Path) -> Plain:
    findings = Findings()
    node = read_yaml(path, findings)
    assert not findings.faults
    return as_an_editor_reads(node)


def mistakes(kind: str, path: Path) -> list[str]:
    return [
        f"{'.'.join(map(str, one.path))}: {one.message[:200]}" for one in validators()[kind].iter_errors(read(path))
    ]


@pytest.mark.parametrize("kind", [*KINDS, "cases", "vocabulary"])
def test_every_schema_is_a_schema(kind: str) -> None:
    Draft202012Validator.check_schema(schemas_of(own_book())[kind])


def test_every_rule_and_every_case_fits_its_schema() -> None:
    wrong = [f"{path}: {mistake}" for kind, path in [*FILES, *CASES] for mistake in mistakes(kind, path)]
    assert wrong == []


def test_the_vocabulary_fits_its_schema() -> None:
    assert mistakes("vocabulary", RULES / "vocabulary.yaml") == []


def test_the_published_schemas_are_current() -> None:
    assert stale_schemas(RULES) == [], "run `banyan rules schema --write`"


def test_a_fact_is_told_in_both_languages_with_its_type_and_values() -> None:
    brand = schemas_of(own_book())["segments"]["$defs"]["fact.brand"]  # type: ignore[index]  # plain JSON
    assert brand["title"] == "品牌 · Brand"
    assert brand["description"].startswith("enum. gotone: 全球通 · gotone; ")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Draft202012Validator]:
    root = make_folder(tmp_path_factory.mktemp("rules"), VOCABULARY)
    put_rule(root, "segments", "one", "when: {age: 1}\n")
    return {name: Draft202012Validator(schema) for name, schema in schemas_of(load_rules(root)).items()}


def put_in(root: Path, kind: str, body: str) -> Path:
    make_folder(root, VOCABULARY)
    put_rule(root, "segments", "one", "when: {age: 1}\n")
    return put_rule(root, kind, "other", body)


@pytest.mark.parametrize(("kind", "body"), [(kind, body) for kind, bodies in SOUND.items() for body in bodies])
def test_what_the_reader_takes_the_schema_takes(
    tmp_path: Path, small: Mapping[str, Draft202012Validator], kind: str, body: str
) -> None:
    path = put_in(tmp_path, kind, body)
    if kind == "ranking" and "ranks" in body:
        put_rule(tmp_path, "ranking", "rest", RANKING.replace("order: 1", "order: 2"))
    assert load_rules(tmp_path).version
    assert [one.message for one in small[kind].iter_errors(read(path))] == []


def test_random_conditions_that_the_reader_takes_the_schema_takes(tmp_path: Path) -> None:
    book = load_rules(make_folder(tmp_path, eval_oracle.VOCABULARY))
    schema = Draft202012Validator(schemas_of(book)["segments"])
    chance = random.Random(20260302)
    head = {"id": "one", "owner": "tests", "because": {"zh": "因为", "en": "because"}}
    for _ in range(150):
        condition = eval_oracle.some_condition(chance)
        assert read_condition(condition, book.vocabulary) is not None
        assert schema.is_valid({**head, "when": condition}), condition


def test_an_enumeration_of_figures_may_be_written_bare(tmp_path: Path) -> None:
    codes = (
        "  code: {type: enum, owner: customer_view, column: code, zh: 代码, en: Code, values: {'001': a, 'on': b}}\n"
    )
    make_folder(tmp_path, VOCABULARY.replace("facts:\n", f"facts:\n{codes}"))
    path = put_rule(tmp_path, "segments", "one", "when: {any: [{code: 001}, {code: {one_of: [on, '001']}}]}\n")
    schema = Draft202012Validator(schemas_of(load_rules(tmp_path))["segments"])
    assert schema.is_valid(read(path))


@pytest.mark.parametrize(("kind", "body"), [(kind, body) for kind, bodies in WRONG.items() for body in bodies])
def test_what_the_reader_refuses_the_schema_refuses(
    tmp_path: Path, small: Mapping[str, Draft202012Validator], kind: str, body: str
) -> None:
    path = put_in(tmp_path, kind, body)
    with pytest.raises(RuleFaults):
        load_rules(tmp_path)
    assert not small[kind].is_valid(read(path))


def test_a_rule_without_what_every_rule_has_is_refused(
    tmp_path: Path, small: Mapping[str, Draft202012Validator]
) -> None:
    for line in HEAD.format(id="other").splitlines(keepends=True):
        head = HEAD.format(id="other").replace(line, "")
        make_folder(tmp_path, VOCABULARY)
        path = put_rule(tmp_path, "segments", "other", "when: {age: 1}\n", head=head)
        with pytest.raises(RuleFaults):
            load_rules(tmp_path)
        assert not small["segments"].is_valid(read(path))


WRONG_CASES = [
    "- {title: a, facts: {aeg: 1}, expect: true}\n",
    "- {title: a, facts: {age: x}, expect: true}\n",
    "- {title: a, facts: {age: 1}, expect: perhaps}\n",
    "- {facts: {age: 1}, expect: true}\n",
    "- {title: a, facts: {age: 1}}\n",
    "- {title: a, facts: {age: 1}, expect: true, at: 2026-03-02}\n",
    "- {title: a, facts: {brand: blue}, expect: true}\n",
    "- {title: a, facts: {products: [blue]}, expect: true}\n",
    "[]\n",
    "title: a\n",
]


@pytest.mark.parametrize("cases", WRONG_CASES)
def test_wrong_cases_are_refused_by_both(tmp_path: Path, small: Mapping[str, Draft202012Validator], cases: str) -> None:

    make_folder(tmp_path, VOCABULARY)
    put_rule(tmp_path, "segments", "one", "when: {age: 1}\n", cases=cases)
    with pytest.raises(RuleFaults):
        read_cases(load_rules(tmp_path), tmp_path)
    assert not small["cases"].is_valid(read(tmp_path / "segments" / "one" / "cases.yaml"))


WRONG_VOCABULARIES = [
    "facts: []\n",
    "fact: {}\n",
    "facts: {Age: {type: integer, owner: a, column: age, zh: a, en: b}}\n",
    "facts: {any: {type: integer, owner: a, column: age, zh: a, en: b}}\n",
    "facts: {age: {type: int, owner: a, column: age, zh: a, en: b}}\n",
    "facts: {age: {type: enum, owner: a, column: age, zh: a, en: b}}\n",
    "facts: {age: {type: integer, owner: a, column: age, zh: a, en: b, values: {x: y}}}\n",
    "facts: {age: {type: set, owner: a, column: age, zh: a, en: b, values: {'x,y': z}}}\n",
    "facts: {age: {type: integer, owner: a, zh: a, en: b}}\n",
    "facts: {}\nevents: {paid: {zh: a, en: b}}\n",
    "facts: {}\nevents: {paid: {owner: a, zh: a, en: b, attributes: {x: {type: integer, zh: a}}}}\n",
]


@pytest.mark.parametrize("text", WRONG_VOCABULARIES)
def test_a_wrong_vocabulary_is_refused_by_both(
    tmp_path: Path, small: Mapping[str, Draft202012Validator], text: str
) -> None:
    make_folder(tmp_path, text)
    with pytest.raises(RuleFaults):
        load_rules(tmp_path)
    assert not small["vocabulary"].is_valid(read(tmp_path / "vocabulary.yaml"))
