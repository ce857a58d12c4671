"""Documents as text: YAML in the order of thought, every part written out, the same bytes each time."""

from typing import Any

import yaml


class _Plain(yaml.SafeDumper):
    """Writes what occurs twice twice, since readers do not follow anchors; long texts as blocks."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - PyYAML's signature
        """Say that nothing is an alias."""
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002 - PyYAML's signature
        """Indent lists below their key."""
        super().increase_indent(flow, False)


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Plain.add_representer(str, _text)


def as_yaml(document: dict[str, Any]) -> str:
    """Return a document as YAML text."""
    return yaml.dump(document, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=110, default_flow_style=None)
