"""The codes of faults, read from the source: what callers act on, and who may answer it."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EVERY = ("shared.kernel", "shared.messaging")
"""Owners whose codes any container may answer."""
_CODED = {"RemoteFault": 0, "PlanFault": 0, "UnreadableFile": 0, "FactFault": 1}
"""Faults that are given their code where they are raised: at which position."""

_FILES = "no_such_file empty_file wrong_encoding missing_columns ambiguous_columns broken_file unknown_format"
LOCAL = frozenset(
    f"unreadable_file invalid_column_map bad_database_url faulty_settings event_parked invalid_reply {_FILES}"
    " feed_mismatch feed_taken rejects_lost schema_too_new".split()
)
"""Codes of commands and of clients themselves: no service answers a request with them."""
_CLIENTS = {"services.workbench", "shared.client"}
_MEANS = {
    "internal_fault": "Something broke inside the service; its log has the details.",
    "unknown_method": "The container is there, but has no method of that name.",
    "invalid_reply": "What came back is not what the contract says.",
    "invalid_rule": "A rule written into a plan cannot be used.",
    "unknown_fact": "A condition or a value names a fact that the vocabulary does not have.",
    "unknown_offering": "A plan names an offering that the catalogue does not have.",
    "unknown_trigger": "A plan names a trigger that the rule set does not have.",
    "visited_channel": "A plan makes outbound contacts in a channel that the subscriber visits.",
    **dict.fromkeys(_FILES.split(), "Why a file cannot be imported."),
}


@dataclass(frozen=True, slots=True)
class Code:
    """One code: `owners` are packages (`services.governance`, `shared.kernel`), `means` a sentence."""

    name: str
    owners: tuple[str, ...]
    means: str

    @property
    def is_answered(self) -> bool:
        """Whether a service answers a request with it."""
        return self.name not in LOCAL and not _CLIENTS.issuperset(self.owners)


@lru_cache(maxsize=2)
def read_codes(root: Path = ROOT) -> dict[str, Code]:
    """Return every code of `shared` and `services` by name, sorted; the sentence is its class's docstring."""
    found: dict[str, Code] = {}
    paths = sorted([*root.glob("shared/**/*.py"), *root.glob("services/**/*.py")])
    for path in sorted(paths, key=lambda one: "client" in one.parts):  # what a service means by it goes first
        owner = ".".join(path.relative_to(root).parts[:2])
        for name, means in _codes_in(path):
            known = found.get(name, Code(name, (), ""))
            sentence = _MEANS.get(name) or known.means or means
            found[name] = Code(name, tuple(sorted({*known.owners, owner})), sentence)
    return dict(sorted(found.items()))


def codes_of(service: str, codes: dict[str, Code]) -> list[str]:
    """Return the codes a caller of a service may meet: the service's own and those of any."""
    own = {*EVERY, "shared.rulekit", f"services.{service}"}
    return [name for name, code in codes.items() if code.is_answered and own.intersection(code.owners)]


def _codes_in(path: Path) -> Iterator[tuple[str, str]]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        match node:
            case ast.ClassDef():
                yield from _declared(node)
            case ast.Assign(targets=[ast.Attribute(attr="code")], value=ast.Constant(value=str(code))):
                yield code, ""
            case ast.Call(func=ast.Name(id=name), args=arguments) if len(arguments) > _CODED.get(name, 99):
                match arguments[_CODED[name]]:
                    case ast.Constant(value=str(code)):
                        yield code, ""


def _declared(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    means = (ast.get_docstring(node) or "").partition("\n\n")[0].replace("\n", " ")
    for statement in node.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id="code")], value=ast.Constant(value=str(code))):
                yield code, means
