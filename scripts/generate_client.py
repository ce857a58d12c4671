"""Write the typed part of the client, `shared/client/_generated`, from the contracts and the service classes.

`python -m scripts.generate_client` rewrites the folder; with `--check` it only says whether that is needed (exit 1).
"""

import argparse
import ast
import builtins
import inspect
import re
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from importlib import import_module
from pathlib import Path
from types import ModuleType, NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from services.workbench.registry import CONTAINERS, class_of
from shared.contracts.wire import Asked
from shared.messaging.topology import entrypoints_of

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "shared" / "client" / "_generated"
CONTRACTS = ("wire", "catalogue", "customer_view", "channels", "governance", "campaigns", "decisions", "plan")
MODULES = {f"of_{name}": f"shared.contracts.{name}" for name in CONTRACTS} | {"of_health": "shared.messaging.health"}
RUFF = (sys.executable, "-m", "ruff")
_WORD = re.compile(r"\w+")
_OURS = "  # noqa: TID252 - installed alone, the package has another name"
_TIMES = '''Instant = str
"""An instant as ISO 8601 text with a UTC offset, as `datetime.isoformat` writes it."""

Day = str
"""A day as ISO 8601 text: `2026-03-02`."""
'''
_PLAIN: Mapping[object, str] = {
    **{kind: kind.__name__ for kind in (str, int, float, bool, object)},
    NoneType: "None",
    Any: "Any",
    datetime: "Instant",
    date: "Day",
}


def generated() -> dict[str, str]:
    """Return the files of the folder: name to text."""
    words = Words()
    texts = {f"{name}.py": _messages(words, name) for name in MODULES}
    texts |= {f"{container}.py": _methods(words, container) for container in CONTAINERS}
    texts["containers.py"], texts["events.py"] = _containers(), _events(words)
    listed = ", ".join(f'"{name}"' for name in sorted(_all_names()))
    texts["messages.py"] = _headed("Every message.", _message_imports(*MODULES), f"__all__ = [{listed},]\n")
    texts["__init__.py"] = _headed("Typed methods and messages.", "", "")
    return _formatted(texts)


def stale() -> dict[str, str | None]:
    """Return the files of the folder that are not what the code says, with the text they should have, if any."""
    there = {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.py")}
    wanted = generated()
    names = sorted(there.keys() | wanted.keys())
    return {name: wanted.get(name) for name in names if there.get(name) != wanted.get(name)}


class Words:
    """Turns annotations into text, with the names that the contracts gave to closed lists of words."""

    def __init__(self) -> None:
        self.aliases = {hint: name for module in _modules() for name, hint in _aliases(module)}

    def of(self, hint: Any) -> str:  # noqa: ANN401 - an annotation
        """Return the annotation as text."""
        return self.aliases.get(hint) or self.spelled(hint)

    def spelled(self, hint: Any) -> str:  # noqa: ANN401 - an annotation
        """Return the annotation as text, whatever name it has."""
        origin, parts = get_origin(hint), get_args(hint)
        if origin is Literal:
            return f"Literal[{', '.join(map(repr, parts))}]"
        if origin in {Union, UnionType}:
            return " | ".join(self.of(part) for part in parts)
        if origin in {list, dict}:
            return f"{origin.__name__}[{', '.join(self.of(part) for part in parts)}]"
        if inspect.isclass(hint) and issubclass(hint, msgspec.Struct):
            return hint.__name__
        return _PLAIN[hint]


def _modules() -> list[ModuleType]:
    return [import_module(path) for path in MODULES.values()]


def _aliases(module: ModuleType) -> Iterator[tuple[str, Any]]:
    """Yield the names that a module itself gives to lists of words and to unions."""
    for node in ast.parse(inspect.getsource(module)).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            value = vars(module)[node.targets[0].id]
            if get_origin(value) in {Literal, Union, UnionType}:
                yield node.targets[0].id, value


def _structs(module: ModuleType) -> list[type[msgspec.Struct]]:
    """Return the structs of a module in the order of its text, without the bases, which have no fields."""
    classes = [node.name for node in ast.parse(inspect.getsource(module)).body if isinstance(node, ast.ClassDef)]
    found = [vars(module)[name] for name in classes]
    return [one for one in found if issubclass(one, msgspec.Struct) and one.__struct_fields__]


def _names(name: str) -> list[str]:
    module = import_module(MODULES[name])
    times = ["Instant", "Day"] if name == "of_wire" else []
    return [*times, *(alias for alias, _ in _aliases(module)), *(one.__name__ for one in _structs(module))]


def _all_names() -> list[str]:
    return [one for name in MODULES for one in _names(name)]


def _message_imports(*names: str) -> str:
    """Import everything; what is not needed is taken out again by the linter."""
    return "\n".join(f"from .{name} import {', '.join(_names(name))}" for name in names if _names(name))


def _headed(about: str, imports: str, body: str) -> str:
    note = f'"""{about}\n\nGenerated: change the contracts, then run `python -m scripts.generate_client`.\n"""\n\n'
    return f"{note}{imports}\n\n{body}"


def _messages(words: Words, name: str) -> str:
    module, earlier = import_module(MODULES[name]), list(MODULES)[: list(MODULES).index(name)]
    parts = [_TIMES] if name == "of_wire" else []
    parts += [f"{alias} = {words.spelled(hint)}\n" for alias, hint in _aliases(module)]
    parts += [_typed_dict(words, struct) for struct in _structs(module)]
    imports = f"from typing import Any, Literal, NotRequired, TypedDict\n{_message_imports(*earlier)}"
    return _headed(f"What travels, as `{MODULES[name]}` tells it.", imports, "\n\n".join(parts))


def _typed_dict(words: Words, struct: type[msgspec.Struct]) -> str:
    hints, notes = get_type_hints(struct), _field_notes(struct)
    later = _later(struct)
    lines = [f"class {struct.__name__}(TypedDict):", _docstring(struct.__doc__ or "Its fields say it all."), ""]
    for field in msgspec.structs.fields(struct):
        word = words.of(hints[field.name])
        word = f'"{word}"' if set(_WORD.findall(word)) & later else word
        is_optional = issubclass(struct, Asked) and not field.required
        lines.append(f"    {field.name}: {f'NotRequired[{word}]' if is_optional else word}")
        lines += [_docstring(notes[field.name])] if field.name in notes else []
    return "\n".join(lines) + "\n"


def _later(struct: type[msgspec.Struct]) -> set[str]:
    """Name what is defined after a struct: annotations that need it stand in quotes."""
    names = [one.__name__ for one in _structs(inspect.getmodule(struct))]  # type: ignore[arg-type]  # it has one
    return set(names[names.index(struct.__name__) + 1 :])


def _field_notes(struct: type[msgspec.Struct]) -> dict[str, str]:
    """Return what stands below the fields of a struct."""
    notes, name = {}, ""
    for node in ast.parse(inspect.getsource(struct)).body[0].body:  # type: ignore[attr-defined]  # that of the class
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            name = node.target.id
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and name:
            notes[name] = str(node.value.value)
    return notes


def _docstring(prose: str, depth: int = 4) -> str:
    text = inspect.cleandoc(prose)
    return textwrap.indent(f'"""{text}{chr(10) if chr(10) in text else ""}"""', " " * depth)


def _methods(words: Words, container: str) -> str:
    cls: Any = class_of(container)
    imports = f"from typing import Any, Literal, Unpack\nfrom ..container import CallOptions, Container{_OURS}\n"
    imports += _message_imports(*MODULES)
    methods = [_method(words, getattr(cls, name)) for name, _ in entrypoints_of(cls, "Rpc")]
    head = f'class {cls.__name__}(Container):\n{_docstring(cls.__doc__)}\n\n    name = "{container}"\n'
    return _headed(f"The methods of `{container}`.", imports, "\n".join([head, *methods]))


def _method(words: Words, method: Any) -> str:  # noqa: ANN401 - a function of a service class
    hints = get_type_hints(method)
    parameters = list(inspect.signature(method).parameters.values())[1:]
    asked = ", ".join(f'"{one.name}": {one.name}' for one in parameters)
    lines = [
        f"    def {method.__name__}(",
        "        self,",
        *(["        *,"] if parameters else []),
        *(f"        {_parameter(words, one, hints[one.name])}" for one in parameters),
        "        **options: Unpack[CallOptions]",
        f"    ) -> {words.of(hints['return'])}:",
        _docstring(method.__doc__, 8),
        f'        told: {words.of(hints["return"])} = self._call("{method.__name__}", {{{asked}}}, options)',
        "        return told\n",
    ]
    return "\n".join(lines)


def _parameter(words: Words, one: inspect.Parameter, hint: object) -> str:
    default = "" if one.default is one.empty else f" = {one.default!r}"
    told = "  # noqa: A002 - the contract's name" if hasattr(builtins, one.name) else ""
    return f"{one.name}: {words.of(hint)}{default},{told}"


def _containers() -> str:
    classes = {container: class_of(container).__name__ for container in CONTAINERS}
    imports = ["from abc import ABC, abstractmethod", "from collections.abc import Mapping", "from typing import Any"]
    imports += [f"from ..container import CallOptions{_OURS}"]
    imports += [f"from .{container} import {name}" for container, name in classes.items()]
    lines = ["class Containers(ABC):", '    """A way to each container."""\n']
    for container, name in classes.items():
        lines += ["    @property", f"    def {container}(self) -> {name}:"]
        lines += [f'        """Methods of `{container}`."""', f"        return {name}(self.ask)\n"]
    lines += ["    @abstractmethod", "    def ask("]
    lines += ["        self, service: str, method: str, arguments: Mapping[str, object], options: CallOptions"]
    lines += ["    ) -> Any:  # noqa: ANN401 - typed by the method that asks", '        """Return the answer."""\n']
    return _headed("All containers of Banyan.", "\n".join(imports), "\n".join(lines))


def _events(words: Words) -> str:
    imports = [
        "from abc import ABC, abstractmethod",
        "from typing import Any, Literal, overload",
        f"from ..event_feed import EventFeed{_OURS}",
        _message_imports(*MODULES),
    ]
    more = "*, idle_seconds: float | None = None, prefetch: int = 200"
    lines = ["class EventSources(ABC):", '    """The events of every service."""\n']
    for (source, event_type), kind in sorted(_heard(words).items()):
        named = f'source: Literal["{source}"], event_type: Literal["{event_type}"], queue: str'
        lines += ["    @overload", f"    def events(self, {named}, {more}) -> EventFeed[{kind}]: ...\n"]
    anything = f"self, source: str, event_type: str, queue: str, {more}"
    lines += ["    @overload", f"    def events({anything}) -> EventFeed[Any]: ...\n"]
    lines += [f"    def events({anything}) -> EventFeed[Any]:"]
    lines += [_docstring(_EVENTS_DOC, 8)]
    lines += ["        return self._events(source, event_type, queue, idle_seconds, prefetch)"]
    lines += ["\n    @abstractmethod", "    def _events(self, source: str, event_type: str, queue: str,"]
    lines += ["        idle_seconds: float | None, prefetch: int) -> EventFeed[Any]: ...\n"]
    return _headed("All events of Banyan.", "\n".join(imports), "\n".join(lines))


_EVENTS_DOC = """Return the events of a source and type through a durable queue of your own; see EventFeed.

`prefetch` bounds how many are in hand at once; the feed ends after `idle_seconds` without one (None: never).
Raises Unavailable, and NotAllowed where the broker refuses, when it cannot be opened.
"""


def _heard(words: Words) -> dict[tuple[str, str], str]:
    """Return what every event carries, as the services that hear it have it."""
    heard = {}
    for cls in map(class_of, CONTAINERS):
        for name, entrypoint in entrypoints_of(cls, "EventHandler"):
            key = (entrypoint.source_service, entrypoint.event_type)
            heard[key] = words.of(get_type_hints(getattr(cls, name))["event"])
    return heard


def _formatted(texts: Mapping[str, str]) -> dict[str, str]:
    """Take out imports that are not needed and lay the modules out, by the repository's own linter."""
    how = ("--config", str(ROOT / "pyproject.toml"), "--no-cache", "--quiet")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, text in texts.items():
            (folder / file).write_text(text, "utf-8")
        subprocess.run([*RUFF, "check", "--fix", "--select", "F401,I001", *how, folder], check=True)
        subprocess.run([*RUFF, "format", *how, folder], check=True)
        return {file: (folder / file).read_text("utf-8") for file in texts}


def main() -> int:
    """Write what has changed, or with --check name it; 1 if something would have to be written."""
    parser = argparse.ArgumentParser(prog="python -m scripts.generate_client", description=main.__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing")
    is_check, found = parser.parse_args().check, stale()
    for name, text in found.items():
        sys.stdout.write(f"{'stale' if is_check else 'written'}: {FOLDER.relative_to(ROOT)}/{name}\n")
        if not is_check and text is None:
            (FOLDER / name).unlink()
        elif not is_check and text is not None:
            (FOLDER / name).write_text(text, "utf-8")
    return int(is_check and bool(found))


if __name__ == "__main__":
    raise SystemExit(main())
