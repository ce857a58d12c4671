"""`banyan rules explain` and `graph`, on the project's own rules."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import Result

from services.customer_view.adapters.store import SqlStore
from services.workbench.registry import migrations_of
from shared.persistence.database import Database
from shared.persistence.migrations import migrate
from shared.rulekit.reading.folder import load_rules

Run = Callable[..., Result]
RULES = Path(__file__).parents[3] / "rules"
TARGET = ("--rules", str(RULES), "--on", "2026-03-02")
FACTS = {
    "age": 17,
    "in_arrears": False,
    "real_name_verified": True,
    "products": ["crbt"],
    "plan": "donggan",
    "monthly_spend": 4999,
    "handset_os": "android",
}


@pytest.fixture
def facts(tmp_path: Path) -> str:
    path = tmp_path / "facts.json"
    path.write_text(json.dumps(FACTS), "utf-8")
    return str(path)


def test_an_offering_is_explained_rule_by_rule_with_the_facts_used(run: Run, facts: str) -> None:
    said = run("rules", "explain", "stock-app-edition", "--facts", facts, *TARGET, "--lang", "en")
    assert said.exit_code == 1
    assert "✗ adult — eligibility (law and contract): at least 18 years old" in said.stdout
    assert "✗ Age at least 18  [17]" in said.stdout
    assert "✓ handset-runs-app — suitability (fits)" in said.stdout
    assert "? Handset capabilities has any of app  [unknown]" in said.stdout
    assert said.stdout.rstrip().endswith("✗ may not be offered; not met: at least 18 years old")


def test_an_explanation_is_chinese_unless_asked_otherwise(run: Run, facts: str) -> None:
    said = run("rules", "explain", "stock-app-edition", "--facts", facts, *TARGET)
    assert "✗ 年龄不低于18  [17]" in said.stdout
    assert "不可以推荐，未满足：年满18周岁" in said.stdout


def test_what_may_be_offered_is_said_with_exit_code_zero(run: Run, tmp_path: Path) -> None:
    grown = tmp_path / "grown.json"
    grown.write_text(json.dumps({**FACTS, "age": 18}), "utf-8")
    said = run("rules", "explain", "stock-app-edition", "--facts", str(grown), *TARGET, "--json")
    explanation = json.loads(said.stdout)
    assert (said.exit_code, explanation["is_yes"], explanation["conflicts"]) == (0, True, [])
    assert {fact["fact"] for fact in explanation["facts"]} >= {"age", "products", "handset_os", "handset_capabilities"}
    assert all(rule["holds"] and rule["truth"] for rule in explanation["rules"])


def test_an_unknown_fact_is_named_where_it_decides(run: Run, facts: str) -> None:
    said = run("rules", "explain", "crbt-two-tones", "--facts", facts, *TARGET, "--json")
    explanation = json.loads(said.stdout)
    (undecided,) = [rule for rule in explanation["rules"] if rule["truth"] is None]
    assert (undecided["rule_id"], undecided["unknown"]) == ("has-crbt", ["crbt_subscribed"])
    assert "unknown: CRBT subscribed" in explanation["closing"]["en"]


def test_a_product_that_an_offering_requires_is_asked_for(run: Run, tmp_path: Path) -> None:
    without = tmp_path / "without.json"
    without.write_text(json.dumps({**FACTS, "products": [], "crbt_subscribed": True}), "utf-8")
    said = run("rules", "explain", "crbt-two-tones", "--facts", str(without), *TARGET, "--json")
    (conflict,) = json.loads(said.stdout)["conflicts"]
    assert (conflict["rule_id"], conflict["bars"]) == ("two-tones-need-crbt", True)
    assert "tones need CRBT" in json.loads(said.stdout)["closing"]["en"]


@pytest.mark.parametrize(
    ("policy", "en", "zh"),
    [
        ("black-list", "nobody can lift it", "不可解除"),
        ("red-list", "two persons can lift it", "经两人同意可对单个客户解除"),
        ("no-similar-campaign", "plans say in similar_to which campaigns are alike", "由计划的 similar_to 指明"),
        ("no-repeat-sms", "looks at contacts, not at facts\n", "不看客户事实\n"),
    ],
)
def test_a_policy_says_who_may_lift_it_and_what_it_does_not_repeat(
    run: Run, facts: str, policy: str, en: str, zh: str
) -> None:
    assert en in run("rules", "explain", policy, "--facts", facts, *TARGET, "--lang", "en").stdout
    assert zh in run("rules", "explain", policy, "--facts", facts, *TARGET).stdout


def test_who_gives_way_to_whom_is_told(run: Run, facts: str) -> None:
    said = run("rules", "explain", "crbt-ten-two", "--facts", facts, *TARGET, "--lang", "en")
    assert "· music-club-before-ten-two" in said.stdout


def test_a_segment_tells_which_rival_comes_first(run: Run, tmp_path: Path) -> None:
    lost = tmp_path / "lost.json"
    lost.write_text('{"crbt_subscribed": true, "crbt_days_since_download": 90, "crbt_churn_probability": 0.9}', "utf-8")
    said = run("rules", "explain", "crbt-silent", "--facts", str(lost), *TARGET, "--lang", "en")
    assert said.exit_code == 1
    assert "in segment crbt-silent (is in crbt-at-risk first)" in said.stdout


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ('{"aged": 1}', "did you mean 'age'"),
        ('{"age": "old"}', "wrong_type"),
        ("[1]", "a line is an object"),
        ("{", "not_json"),
        ("\xff", "not_utf8"),
        ("[" * 50_000, "not_json"),
    ],
)
def test_facts_that_cannot_be_used_are_a_clean_failure(run: Run, tmp_path: Path, content: str, code: str) -> None:
    path = tmp_path / "bad.json"
    path.write_bytes(content.encode("latin-1"))
    said = run("rules", "explain", "stock-app-edition", "--facts", str(path), *TARGET)
    assert (said.exit_code, "faulty_facts" in said.stderr) == (2, True)
    assert code in said.stderr


def test_a_target_nobody_knows_names_the_nearest(run: Run, facts: str) -> None:
    said = run("rules", "explain", "crbt-two-tone", "--facts", facts, *TARGET)
    assert (said.exit_code, "did you mean 'crbt-two-tones'" in said.stderr) == (2, True)


def test_explain_wants_either_facts_or_a_subscriber(run: Run, facts: str) -> None:
    assert run("rules", "explain", "crbt-pack", *TARGET).exit_code == 2
    assert run("rules", "explain", "crbt-pack", "--facts", facts, "--customer", "1", *TARGET).exit_code == 2


def test_a_subscriber_is_read_from_customer_views_database(run: Run, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/customer_view.sqlite"
    database = Database(url)
    migrate(database, migrations_of("customer_view"))
    with SqlStore(database).write(load_rules(RULES)) as transaction:
        transaction.put({"138": FACTS}, at=datetime(2026, 3, 1, tzinfo=UTC))
    database.close()
    asked = ("rules", "explain", "stock-app-edition", *TARGET, "--database", url.replace("customer_view", "{service}"))
    said = run(*asked, "--customer", "138", "--json")
    assert json.loads(said.stdout)["closing"]["en"] == "may not be offered; not met: at least 18 years old"
    missing = run(*asked, "--customer", "139")
    assert (missing.exit_code, "there is no subscriber '139'" in missing.stderr) == (1, True)


@pytest.mark.parametrize("command", [("test",), ("explain", "adult", "--customer", "1", *TARGET[2:])])
@pytest.mark.parametrize("url", ["nonsense", "postgresql://nobody@127.0.0.1:1/nowhere"])
def test_a_database_that_is_not_there_is_a_clean_failure(run: Run, command: tuple[str, ...], url: str) -> None:
    said = run("rules", *command, "--rules", str(RULES), "--database", url)
    assert (said.exit_code, "database_unavailable" in said.stderr) == (1, True)


def test_a_graph_shows_what_something_uses_and_what_uses_it(run: Run) -> None:
    said = run("rules", "graph", "spend-25-to-50", "--rules", str(RULES), "--lang", "en")
    assert said.exit_code == 0
    uses, _, used_by = said.stdout.partition("used by")
    assert "segment:spend-50-and-over" in uses
    assert "segment:call-assistant-phase-2" in used_by
    assert "campaign:call-assistant" in used_by


def test_a_graph_in_json_has_every_rule_offering_and_campaign(run: Run) -> None:
    said = run("rules", "graph", "--format", "json", "--rules", str(RULES))
    graph = json.loads(said.stdout)
    book = load_rules(RULES)
    nodes = {(node["kind"], node["id"]) for node in graph["nodes"]}
    assert nodes >= {("segment", one) for one in book.segments} | {("eligibility", one) for one in book.eligibility}
    assert nodes >= {("trigger", one) for one in book.triggers} | {("policy", one) for one in book.contact_policies}
    assert {(edge["user"]["kind"], edge["used"]["kind"]) for edge in graph["edges"]} >= {
        ("segment", "fact"),
        ("eligibility", "segment"),
        ("offering", "eligibility"),
        ("campaign", "offering"),
        ("conflict", "offering"),
        ("policy", "channel"),
        ("trigger", "event"),
    }
    assert all((edge["used"]["kind"], edge["used"]["id"]) in nodes for edge in graph["edges"])


def test_a_graph_around_a_fact_holds_only_whom_a_change_touches(run: Run) -> None:
    said = run("rules", "graph", "fact:balance", "--format", "json", "--rules", str(RULES))
    facts = {node["id"] for node in json.loads(said.stdout)["nodes"] if node["kind"] == "fact"}
    assert facts == {"balance"}


@pytest.mark.parametrize(
    ("form", "start", "arrow"), [("mermaid", "flowchart LR", "-->"), ("dot", "digraph rules {", "->")]
)
def test_a_graph_can_be_drawn(run: Run, form: str, start: str, arrow: str) -> None:
    said = run("rules", "graph", "mo-upgrade", "--format", form, "--rules", str(RULES))
    assert said.stdout.startswith(start)
    assert said.stdout.count(arrow) > 10
    assert said.stdout.count("{") == said.stdout.count("}")


def test_an_id_nobody_knows_is_told_with_the_nearest(run: Run) -> None:
    said = run("rules", "graph", "spend-25-to-5", "--rules", str(RULES))
    assert (said.exit_code, "did you mean" in said.stderr) == (2, True)
