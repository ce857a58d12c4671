"""`banyan rules graph`: what depends on what."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from services.workbench.cli.console import language_option, print_json
from services.workbench.cli.rules.options import rules_folder_option

if TYPE_CHECKING:
    from rich.tree import Tree

    from services.workbench.rule_graph.graph import GraphNode, RuleGraph

_PIPED_WIDTH = 400  # into a file or a pager, each line stays one line
_USES, _USED_BY = {"zh": "用到", "en": "uses"}, {"zh": "被用于", "en": "used by"}


@click.command()
@click.argument("name", metavar="[ID]", required=False)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "mermaid", "dot", "json"]),
    default="text",
    show_default=True,
    help="输出形式 · Form",
)
@rules_folder_option
@language_option
def graph(name: str | None, form: str, folder: Path, *, lang: str) -> None:
    """依赖关系 · Show what depends on what: campaigns, offerings, eligibility, segments, facts, and what governs them.

    With ID (or kind:ID, such as fact:age) only what that uses and what uses it: whom a change of it touches.
    """
    from services.workbench.rule_graph.forms import as_dot, as_mermaid
    from services.workbench.rule_graph.graph import build_graph

    whole = build_graph(folder)
    chosen = whole.find(name) if name else []
    shown = whole.around(chosen) if chosen else whole
    if form == "mermaid":
        click.echo(as_mermaid(shown, lang))
    elif form == "dot":
        click.echo(as_dot(shown, lang))
    elif form == "json":
        nodes = [{"kind": node.kind, "id": node.id, "label": shown.labels[node]} for node in shown.nodes]
        print_json({"chosen": chosen, "nodes": nodes, "edges": shown.edges})
    elif chosen:
        for node in chosen:
            _print_one(whole, node, lang)
    else:
        _print_all(whole, lang)


def _print_all(whole: "RuleGraph", lang: str) -> None:
    from rich.tree import Tree

    from services.workbench.rule_graph.graph import KINDS

    tree = Tree(_USES[lang])
    for kind, words in KINDS.items():
        nodes = [node for node in whole.nodes if node.kind == kind and whole.uses.get(node)]
        branch = tree.add(words.in_language(lang)) if nodes else tree
        for node in nodes:
            used = ", ".join(str(one) for one in sorted(whole.uses[node]))
            _add(branch, f"{node.id} → {used}")
    _print(tree)


def _print_one(whole: "RuleGraph", node: "GraphNode", lang: str) -> None:
    from rich.tree import Tree

    tree = Tree(f"{node} — {whole.labels[node].in_language(lang)}".replace("[", r"\["))
    for words, ways in ((_USES[lang], whole.uses), (_USED_BY[lang], whole.used_by)):
        if ways.get(node):
            _grow(tree.add(words), node, ways, set())
    _print(tree)


def _grow(tree: "Tree", node: "GraphNode", ways: "Mapping[GraphNode, set[GraphNode]]", shown: "set[GraphNode]") -> None:
    """Add what the ways lead to; what was shown before is named again, but not unfolded again."""
    shown.add(node)
    for other in sorted(ways.get(node, ())):
        is_folded = other in shown and bool(ways.get(other))
        branch = _add(tree, f"{other} …" if is_folded else str(other))
        if other not in shown:
            _grow(branch, other, ways, shown)


def _add(tree: "Tree", words: str) -> "Tree":
    from rich.text import Text

    return tree.add(Text(words))


def _print(tree: "Tree") -> None:
    from rich.console import Console

    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = _PIPED_WIDTH
    console.print(tree)
