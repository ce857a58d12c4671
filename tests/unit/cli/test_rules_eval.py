"""`banyan rules eval`: rule and fact files it has never seen, judged as an oracle of the tests' own judges them."""

import json
import random
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, ClassVar

import pytest
import yaml
from click.testing import Result

from tests.unit.cli.eval_oracle import ON, VOCABULARY, some_condition, some_facts, truth

Run = Callable[..., Result]
RULES = Path(__file__).parents[3] / "rules"
SUBSCRIBERS = 60
WORDS = {True: "true", False: "false", None: "unknown"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "vocabulary.yaml").write_text(VOCABULARY, "utf-8")
    return tmp_path


def put(path: Path, content: object) -> Path:
    """Write a rule; JSON is YAML too."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content, ensure_ascii=False), "utf-8")
    return path


def put_lines(path: Path, lines: list[Any]) -> Path:
    path.write_text("".join(f"{one if isinstance(one, str) else json.dumps(one)}\n" for one in lines), "utf-8")
    return path


def told(said: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in said.stdout.splitlines()]


@pytest.mark.parametrize("seed", range(8))
def test_the_three_executors_and_the_oracle_agree_about_a_rule_never_seen(run: Run, folder: Path, seed: int) -> None:
    chance = random.Random(seed)
    parts = [some_condition(chance) for _ in range(4)]
    condition = {chance.choice(["all", "any"]): parts}
    subscribers = [some_facts(chance) for _ in range(SUBSCRIBERS)]
    rule = put(folder / "any name.yaml", {"when": condition} if seed % 2 else condition)
    lines = [one if at % 2 else {"id": at, "facts": one} for at, one in enumerate(subscribers)]
    facts = put_lines(folder / "facts.jsonl", lines)
    said = run("rules", "eval", "--executor", "all", "--rule", str(rule), "--facts", str(facts), "--on", ON.isoformat())
    assert said.exit_code == 0, said.output
    for place, (one, got) in enumerate(zip(subscribers, told(said), strict=True)):
        expected = WORDS[truth(condition, one, ON)]
        assert got["executors"] == {"reference": expected, "durable": expected, "sql": expected}, (condition, one)
        assert (got["line"], got["verdict"], got["holds"]) == (place + 1, expected, expected == "true")
        assert got.get("id") == (None if place % 2 else place)


@pytest.mark.servers
def test_postgresql_agrees_with_the_oracle(run: Run, folder: Path, postgres_database: Callable[[], str]) -> None:
    chance = random.Random(99)
    condition = {"any": [some_condition(chance) for _ in range(12)]}
    subscribers = [some_facts(chance) for _ in range(300)]
    rule, facts = put(folder / "rule.yaml", condition), put_lines(folder / "facts.jsonl", subscribers)
    said = run(
        "rules", "eval", "--executor", "sql", "--database", postgres_database(),
        "--rule", str(rule), "--facts", str(facts), "--on", ON.isoformat(),
    )  # fmt: skip
    assert [one["verdict"] for one in told(said)] == [WORDS[truth(condition, one, ON)] for one in subscribers]


BAD = {
    '{"used": 1e16}': ("too_large", "used"),
    '{"used": NaN}': ("too_large", "used"),
    '{"used": -Infinity}': ("too_large", "used"),
    '{"used": 1e999999999}': ("too_large", "used"),
    '{"used": 0.00001}': ("too_precise", "used"),
    '{"used": 1.00000000000000000001}': ("too_precise", "used"),
    '{"used": "1"}': ("wrong_type", "used"),
    '{"age": true}': ("wrong_type", "age"),
    '{"age": 1.5}': ("wrong_type", "age"),
    '{"age": "1"}': ("wrong_type", "age"),
    '{"age": 1000000000001}': ("too_large", "age"),
    '{"arrears": 1}': ("wrong_type", "arrears"),
    '{"spend": 1.999}': ("too_precise", "spend"),
    '{"spend": 1.000000000000000000000000000000000001}': ("too_precise", "spend"),
    '{"spend": 1e-999999999}': ("too_precise", "spend"),
    '{"used": 1e-999999999}': ("too_precise", "used"),
    '{"spend": 1e999999999}': ("too_large", "spend"),
    '{"age": 1e999999999}': ("wrong_type", "age"),
    '{"spend": 10000000000.01}': ("too_large", "spend"),
    '{"brand": "gotown"}': ("unknown_value", "brand"),
    '{"products": "crbt"}': ("wrong_type", "products"),
    '{"products": ["crbt", "x"]}': ("unknown_value", "products"),
    '{"products": [["crbt"]]}': ("wrong_type", "products"),
    '{"joined": "2026-02-30"}': ("bad_date", "joined"),
    '{"joined": "2026-W10-1"}': ("bad_date", "joined"),
    '{"handset": "a\\u0000b"}': ("bad_text", "handset"),
    '{"handset": "\\ud800"}': ("bad_text", "handset"),
    '{"agee": 1}': ("unknown_fact", "agee"),
    '{"facts": [1]}': ("wrong_shape", "facts"),
    '{"age": 1, "age": 2}': ("duplicate_key", "age"),
    '{"facts": {}, "on": "yesterday"}': ("bad_date", "on"),
    "[1]": ("wrong_shape", None),
    "{": ("not_json", None),
    "[" * 100_000: ("not_json", None),
    '{"age": ' + "9" * 5_000 + "}": ("not_json", None),
    '{"handset": "' + "x" * 1_000_000 + '"}': ("line_too_long", None),
}


@pytest.mark.parametrize("executor", ["reference", "durable", "sql", "all"])
def test_a_bad_line_is_told_and_the_others_are_judged(run: Run, folder: Path, executor: str) -> None:
    lines = ['{"age": 1}', *BAD, "", "   ", '{"age": null}', '{"id": "\\ud800", "age": 3}']
    rule, facts = put(folder / "r.yaml", "age: {more_than: 2}"), put_lines(folder / "facts.jsonl", lines)
    said = run("rules", "eval", "--executor", executor, "--rule", str(rule), "--facts", str(facts))
    first, *bad, unknown, last = told(said)
    assert said.exit_code == 1
    assert [(one["error"]["code"], one["error"]["field"]) for one in bad] == list(BAD.values())
    assert [one["line"] for one in bad] == list(range(2, 2 + len(BAD)))
    assert [one["verdict"] for one in (first, unknown, last)] == ["false", "unknown", "true"]
    assert (last["line"], last["id"]) == (len(BAD) + 5, "\ud800")


def test_bytes_that_are_no_text_are_told(run: Run, folder: Path) -> None:
    facts = folder / "facts.jsonl"
    facts.write_bytes(b'\xef\xbb\xbf{"age": 3}\r\n{"handset": "\xff"}\n{"age": 3}')
    said = run("rules", "eval", "--rule", str(put(folder / "r.yaml", "age: {more_than: 2}")), "--facts", str(facts))
    first, second, third = told(said)
    assert (first["verdict"], second["error"]["code"], third["verdict"]) == ("true", "not_utf8", "true")


def test_segments_beside_the_rule_count_with_their_classes_and_days(run: Run, folder: Path) -> None:
    words = {"owner": "tests", "because": {"zh": "年龄{age}", "en": "aged {age}"}}
    put(
        folder / "segments" / "old" / "rule.yaml",
        {"id": "old", **words, "classifies": "stage", "order": 1, "when": {"age": {"at_least": 2}}},
    )
    put(
        folder / "segments" / "winter" / "rule.yaml",
        {"id": "winter", **words, "valid_for": {"to": "2024-02-28"}, "when": {"age": {"is_known": True}}},
    )
    rule = put(
        folder / "new" / "rule.yaml",
        {
            "id": "young",
            **words,
            "classifies": "stage",
            "order": 2,
            "when": {"any": [{"segment": "winter"}, {"age": {"at_least": 1}}]},
        },
    )
    lines = [{"age": 3}, {"age": 1}, {"age": 0}, {"age": 0, "on": "2024-02-28"}, {}]
    said = run(
        "rules", "eval", "--executor", "all", "--rule", str(rule), "--on", ON.isoformat(),
        "--facts", str(put_lines(folder / "facts.jsonl", lines)), "--lang", "en",
    )  # fmt: skip
    got = told(said)
    assert [one["verdict"] for one in got] == ["false", "true", "false", "true", "unknown"]
    assert got[1]["because"] == {"en": "aged 1"}


def test_a_rule_outside_its_days_holds_for_nobody(run: Run, folder: Path) -> None:
    rule = put(folder / "r.yaml", {"level": "eligibility", "valid_for": {"from": "2024-03-01"}, "when": {"age": 1}})
    facts = put_lines(folder / "facts.jsonl", [{"age": 1}, {"facts": {"age": 1}, "on": "2024-03-01"}])
    said = run("rules", "eval", "--executor", "all", "--rule", str(rule), "--facts", str(facts), "--on", "2024-02-29")
    assert [one["holds"] for one in told(said)] == [False, True]


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ("agee: 1", "unknown_fact"),
        ("when: {agee: 1}", "unknown_fact"),
        ("when: {segment: nobody}", "unknown_segment"),
        ("when: {age: [1]}", "wrong_shape"),
        ("a: &a [*a]", "alias"),
        ("\x00\x01", "syntax"),
        ("", "empty"),
    ],
)
def test_a_faulty_rule_is_told_with_its_place(run: Run, folder: Path, rule: str, code: str) -> None:
    path = put(folder / "r.yaml", rule)
    said = run("rules", "eval", "--rule", str(path), "--facts", str(put_lines(folder / "f.jsonl", [{}])))
    assert said.exit_code == 1
    assert f"{path}:1:" in said.stderr
    assert code in said.stderr


def test_a_segment_that_depends_on_itself_is_refused(run: Run, folder: Path) -> None:
    put(folder / "segments" / "one" / "rule.yaml", {"id": "one", "when": {"segment": "two"}})
    path = put(folder / "segments" / "two" / "rule.yaml", {"id": "two", "when": {"segment": "one"}})
    said = run("rules", "eval", "--rule", str(path), "--facts", str(put_lines(folder / "f.jsonl", [{}])))
    assert (said.exit_code, "segment_cycle" in said.stderr) == (1, True)


def test_rules_that_are_no_conditions_have_one_executor(run: Run, folder: Path) -> None:
    rule = RULES / "contact_policy" / "black-list" / "rule.yaml"
    facts = put_lines(folder / "f.jsonl", [{}])
    said = run("rules", "eval", "--executor", "sql", "--rule", str(rule), "--facts", str(facts))
    assert (said.exit_code, "wrong_executor" in said.stderr) == (2, True)


def test_a_database_that_is_not_there_is_told(run: Run, folder: Path) -> None:
    facts = put_lines(folder / "f.jsonl", [{"age": 1}])
    rule = put(folder / "r.yaml", "age: 1")
    for url in ("nonsense", "postgresql://127.0.0.1:1/none"):
        said = run("rules", "eval", "--executor", "sql", "--database", url, "--rule", str(rule), "--facts", str(facts))
        assert (said.exit_code, "database_unavailable" in said.stderr) == (1, True)


class Untimed(yaml.SafeLoader):
    """Leaves dates and moments the texts they were written as."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {
        first: [(tag, form) for tag, form in some if not tag.endswith("timestamp")]
        for first, some in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


SCENARIOS = [
    "segments/crbt-silent",
    "eligibility/adult",
    "triggers/quota-nearly-used-twice",
    "triggers/misses-calls-while-away",
    "conflicts/one-crbt-offer",
    "contact_policy/marketing-weekly-cap",
    "contact_policy/quiet-hours",
]


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_cases_of_a_rule_come_out_as_lines_too(run: Run, tmp_path: Path, name: str) -> None:
    cases = yaml.load((RULES / name / "cases.yaml").read_text("utf-8"), Loader=Untimed)  # noqa: S506 - a SafeLoader
    lines = [{key: value for key, value in case.items() if key != "because"} for case in cases]
    executor = "all" if name.startswith(("segments", "eligibility", "triggers")) else "reference"
    said = run(
        "rules", "eval", "--executor", executor, "--rule", str(RULES / name / "rule.yaml"), "--on", "2026-03-02",
        "--facts", str(put_lines(tmp_path / "f.jsonl", lines)),
    )  # fmt: skip
    assert said.exit_code == 0, said.output
    for case, got in zip(cases, told(said), strict=True):
        if "decision" in got:
            assert got["as_expected"], got
        else:
            assert got["verdict"] == WORDS.get(case["expect"], case["expect"])


def test_offers_are_scored_by_a_ranking_rule(run: Run, tmp_path: Path) -> None:
    offer = {"category": "crbt", "campaign": "c", "offering": "o", "value": 5, "propensity": 0.2, "priority": 60}
    facts = put_lines(tmp_path / "f.jsonl", [{"id": 7, "offer": offer}, {"offer": {"category": "crbt"}}])
    said = run("rules", "eval", "--rule", str(RULES / "ranking" / "standard" / "rule.yaml"), "--facts", str(facts))
    first, second = told(said)
    assert (first["id"], first["score"]) == (7, pytest.approx(500 * 0.2 * 60))  # value in fen
    assert second["error"]["code"] == "missing_key"


def test_a_line_is_judged_today_unless_it_says_otherwise(run: Run, folder: Path) -> None:
    rule = put(folder / "r.yaml", "joined: {older_than: 1d}")
    facts = put_lines(folder / "f.jsonl", [{"joined": date(2020, 1, 1).isoformat()}, {"joined": "9999-12-31"}])
    assert [one["verdict"] for one in told(run("rules", "eval", "--rule", str(rule), "--facts", str(facts)))] == [
        "true",
        "false",
    ]


def test_a_whole_number_may_be_written_with_decimals_and_a_set_may_repeat_itself(run: Run, folder: Path) -> None:
    rule = put(folder / "r.yaml", "age: 30\nproducts: {size: {between: [1, 1]}}")
    lines = ['{"age": 30.0, "products": ["crbt", "crbt"]}', '{"age": 3e1, "products": ["crbt"]}']
    facts = put_lines(folder / "facts.jsonl", [*lines, '{"age": 30.0000000000000000000000000001}'])
    said = told(run("rules", "eval", "--executor", "all", "--rule", str(rule), "--facts", str(facts)))
    assert [one.get("verdict") for one in said] == ["true", "true", None]
    assert said[2]["error"]["code"] == "wrong_type"


def test_without_a_vocabulary_anywhere_the_option_for_one_is_named(run: Run, tmp_path: Path) -> None:
    rule, facts = put(tmp_path / "r.yaml", "age: 30"), put_lines(tmp_path / "facts.jsonl", ["{}"])
    said = run("rules", "eval", "--rule", str(rule), "--facts", str(facts), "--rules", str(tmp_path))
    assert (said.exit_code, "no_vocabulary" in said.stderr, "--vocabulary" in said.stderr) == (1, True, True)
