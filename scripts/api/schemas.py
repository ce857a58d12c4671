"""JSON Schemas of what travels: of msgspec's structs, with the sentences that stand under their fields."""

import ast
import inspect
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec

_PLACE = "#/components/schemas/{name}"


def schemas_of(kinds: Iterable[Any]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return a schema for each type, in order, and the components they refer to, by name."""
    listed = list(kinds)
    schemas, components = msgspec.json.schema_components(listed, schema_hook=_anything, ref_template=_PLACE)
    notes = {struct.__name__: field_notes(struct) for struct in _structs(listed)}
    described = {name: _described(schema, notes.get(name, {})) for name, schema in sorted(components.items())}
    return [_tidy(schema) for schema in schemas], described


def field_notes(struct: type) -> Mapping[str, str]:
    """Return the docstrings under the fields of a struct, by field."""
    return _notes_in(inspect.getfile(struct)).get(struct.__name__, {})


@lru_cache(maxsize=64)
def _notes_in(path: str) -> Mapping[str, Mapping[str, str]]:
    notes: dict[str, dict[str, str]] = {}
    for node in ast.parse(Path(path).read_text("utf-8")).body:
        if isinstance(node, ast.ClassDef):
            for field, below in zip(node.body, node.body[1:], strict=False):
                match field, below:
                    case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                        notes.setdefault(node.name, {})[name] = " ".join(text.split())
    return notes


def _structs(kinds: Iterable[Any]) -> Iterable[type]:
    modules = {"shared.messaging.health"}
    for kind in kinds:
        modules.update(_modules(kind))
    for name in sorted(modules | {f"shared.contracts.{each}" for each in ("wire", "catalogue", "decisions")}):
        for found in vars(import_module(name)).values():
            if isinstance(found, type) and issubclass(found, msgspec.Struct):
                yield found


def _modules(kind: Any) -> set[str]:  # noqa: ANN401 - any annotation
    inner = {module for each in getattr(kind, "__args__", ()) for module in _modules(each)}
    own = {kind.__module__} if isinstance(kind, type) and issubclass(kind, msgspec.Struct) else set()
    return inner | own


def _described(schema: dict[str, Any], notes: Mapping[str, str]) -> dict[str, Any]:
    tidy: dict[str, Any] = _tidy(schema)
    for name, note in notes.items():
        if name in tidy.get("properties", {}):
            tidy["properties"][name] = _noted(tidy["properties"][name], note)
    return tidy


def _noted(schema: dict[str, Any], note: str) -> dict[str, Any]:
    return {"allOf": [schema], "description": note} if "$ref" in schema else {**schema, "description": note}


def _tidy(schema: Any) -> Any:  # noqa: ANN401 - any JSON
    """Leave titles out; put what stands beside a reference around it, since draft 7 would ignore it there."""
    match schema:
        case {"$ref": str(), **beside} if beside:
            return {"allOf": [{"$ref": schema["$ref"]}], **_tidy(beside)}
        case dict():
            return {
                key: _tidy(value) for key, value in schema.items() if not (key == "title" and isinstance(value, str))
            }
        case list():
            return [_tidy(value) for value in schema]
        case other:
            return other


def _anything(kind: type) -> dict[str, Any]:
    """Describe `object`: an inline rule may hold any JSON. Raises NotImplementedError for other types."""
    if kind is object:
        return {"description": "any JSON"}
    raise NotImplementedError(kind)
