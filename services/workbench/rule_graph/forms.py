"""A rule graph in the languages that draw graphs: Mermaid and Graphviz."""

from services.workbench.rule_graph.graph import KINDS, GraphNode, RuleGraph


def as_mermaid(graph: RuleGraph, language: str) -> str:
    """Return a flow chart, one box of nodes for each kind; arrows lead from what uses to what is used."""
    numbers = _numbers(graph)
    lines = ["flowchart LR"]
    for kind, words in KINDS.items():
        nodes = [node for node in numbers if node.kind == kind]
        if nodes:
            lines.append(f'  subgraph {kind}["{_mermaid(words.in_language(language))}"]')
            lines += [f'    {numbers[node]}["{_mermaid(node.id)}"]' for node in nodes]
            lines.append("  end")
    lines += [f"  {numbers[edge.user]} --> {numbers[edge.used]}" for edge in graph.edges]
    return "\n".join(lines)


def as_dot(graph: RuleGraph, language: str) -> str:
    """Return a directed graph for Graphviz, one cluster for each kind; tooltips say what a node is called."""
    numbers = _numbers(graph)
    lines = ["digraph rules {", "  rankdir=LR;", "  node [shape=box];"]
    for kind, words in KINDS.items():
        nodes = [node for node in numbers if node.kind == kind]
        if nodes:
            lines += [f"  subgraph cluster_{kind} {{", f"    label={_dot(words.in_language(language))};"]
            for node in nodes:
                told = graph.labels[node].in_language(language)
                lines.append(f"    {numbers[node]} [label={_dot(node.id)}, tooltip={_dot(told)}];")
            lines.append("  }")
    lines += [f"  {numbers[edge.user]} -> {numbers[edge.used]};" for edge in graph.edges]
    return "\n".join([*lines, "}"])


def _numbers(graph: RuleGraph) -> dict[GraphNode, str]:
    return {node: f"n{number}" for number, node in enumerate(graph.nodes)}


def _mermaid(text: str) -> str:
    return text.replace("&", "#amp;").replace('"', "#quot;").replace("<", "#lt;").replace(">", "#gt;")


def _dot(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
