"""`banyan rules explain`: why a subscriber may or may not be offered something, in words."""

import os
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from services.workbench.cli.console import json_option, language_option, print_json
from services.workbench.cli.rules.options import rules_folder_option

if TYPE_CHECKING:
    from rich.tree import Tree

    from services.workbench.rule_explain import Explanation, RuleWhy
    from shared.rulekit.explaining import Told

_PIPED_WIDTH = 400  # into a file or a pager, each line stays one line
_ZONE = "Asia/Shanghai"
_WORDS = {
    "zh": {
        "facts": "所用事实",
        "conflicts": "冲突",
        "parts": "包含",
        "not in force": "不在有效期内",
        "unknown": "未知事实",
    },
    "en": {"facts": "facts used", "conflicts": "conflicts", "parts": "made of", "not in force": "not in force"}
    | {"unknown": "unknown facts"},
}


@click.command()
@click.argument("target", metavar="OFFERING|RULE")
@click.option("--facts", type=click.File("rb"), help="事实 JSON，- 为标准输入 · Facts as a JSON object (money in yuan)")
@click.option("--customer", help="客户标识 · Subscriber in customer_view's database")
@click.option("--database", envvar="BANYAN_DATABASE_URL", help="数据库地址 · Database of --customer, read only")
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="判断日期，缺省今天 · Day of judgement; today")
@rules_folder_option
@language_option
@json_option
def explain(
    target: str,
    facts: IO[bytes] | None,
    customer: str | None,
    database: str | None,
    on: datetime | None,
    folder: Path,
    *,
    lang: str,
    as_json: bool,
) -> None:
    """解释能否推荐 · Say why a subscriber may or may not be offered OFFERING, or whether RULE holds, rule by rule.

    Exit code 1 when it may not be offered, or the rule does not hold.
    """
    if (facts is None) == (customer is None):
        raise click.UsageError("give either --facts (a file, or - for standard input) or --customer")
    from services.workbench.registry import database_url
    from services.workbench.rule_explain import explain_target
    from services.workbench.subscriber_facts import facts_in_database, facts_in_file

    if facts is not None:
        known = facts_in_file(facts, folder)
    else:
        url = database or database_url("customer_view", os.environ)
        known = facts_in_database(str(customer), url, folder)
    day = (on or datetime.now(ZoneInfo(_ZONE))).date()
    explanation = explain_target(target, known, folder, day)
    if as_json:
        print_json(explanation)
    else:
        _print(explanation, lang)
    raise SystemExit(int(not explanation.is_yes))


def _print(explanation: "Explanation", lang: str) -> None:
    from rich.console import Console
    from rich.text import Text as Line
    from rich.tree import Tree

    words = _WORDS[lang]
    tree = Tree(Line(f"{explanation.name.in_language(lang)} ({explanation.target}), {explanation.on}", style="bold"))
    for rule in explanation.rules:
        _add_rule(tree, rule, lang)
    if explanation.conflicts:
        branch = tree.add(words["conflicts"])
        for one in explanation.conflicts:
            branch.add(Line(f"{'✗' if one.bars else '·'} {one.rule_id}: {one.because.in_language(lang)}"))
    if explanation.components:
        tree.add(Line(f"{words['parts']}: {', '.join(explanation.components)}"))
    if explanation.facts:
        branch = tree.add(words["facts"])
        for fact in explanation.facts:
            branch.add(Line(f"{fact.label.in_language(lang)}: {fact.value.in_language(lang)}"))
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = _PIPED_WIDTH
    console.print(tree)
    console.print(Line(f"{_mark(explanation.is_yes)} {explanation.closing.in_language(lang)}"))


def _add_rule(tree: "Tree", rule: "RuleWhy", lang: str) -> None:
    from rich.text import Text as Line

    words = _WORDS[lang]
    late = "" if rule.is_in_force else f" [{words['not in force']}]"
    mark = _mark(rule.holds if rule.truth is not None or rule.condition is None else None)
    head = f"{mark} {rule.rule_id} — {rule.level.in_language(lang)}: {rule.because.in_language(lang)}{late}"
    branch = tree.add(Line(head))
    if rule.condition is not None:
        _add_condition(branch, rule.condition, lang)
    if rule.unknown:
        branch.add(Line(f"? {words['unknown']}: {', '.join(rule.unknown)}"))


def _add_condition(tree: "Tree", told: "Told", lang: str) -> None:
    from rich.text import Text as Line

    value = "" if told.value is None else f"  [{told.value.in_language(lang)}]"
    branch = tree.add(Line(f"{_mark(told.truth)} {told.words.in_language(lang)}{value}"))
    for part in told.parts:
        _add_condition(branch, part, lang)


def _mark(truth: bool | None) -> str:
    return "?" if truth is None else "✓" if truth else "✗"
