"""Arguments drawn from the contracts' own schemas: good ones, ones with a wrong type somewhere, and hostile ones."""

import copy
import inspect
import random
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, get_type_hints

import msgspec

from services.workbench.registry import class_of
from shared.messaging import topology

_REF = "#/{name}"
_WRONG: tuple[Any, ...] = (None, True, 7, -2.5, "\x07", "", [], {}, [[None]], {"a": {"b": []}}, 10**30)
_TEXTS = (
    "",
    "x" * 100_000,
    "'; DROP TABLE outbox; --",
    "../../etc/passwd",
    "\u202e\u200b",
    "𐍈",
    "\x07\x1b[2J",
    "{service}",
)
_NUMBERS = (0, -1, 2**31, 2**63 - 1, -(2**63), 10**30, 1e308, -0.0, 5e-324)
_MOMENTS = ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "1970-01-01T00:00:00Z", "2026-02-28T23:59:60Z")

Schema = Mapping[str, Any]


class Shape:
    """A JSON Schema with what it refers to; draws values of it."""

    def __init__(self, kind: Any) -> None:
        [self.root], self._named = msgspec.json.schema_components([kind], schema_hook=_anything, ref_template=_REF)

    def sample(self, chance: random.Random, schema: Schema | None = None, *, is_hostile: bool = False) -> Any:
        """Return a value of the schema: as small as it may be, or as nasty as its types permit."""
        schema = self._resolved(self.root if schema is None else schema)
        if "enum" in schema:
            return chance.choice(schema["enum"])
        kind = schema.get("type")
        if kind == "object":
            return self._object(chance, schema, is_hostile=is_hostile)
        if kind == "array":
            size = chance.choice((0, 1, 3)) if is_hostile else schema.get("minItems", 0)
            return [self.sample(chance, schema.get("items", {}), is_hostile=is_hostile) for _ in range(size)]
        return _hostile(chance, schema) if is_hostile else _good(schema)

    def spoil(self, chance: random.Random) -> tuple[str, Any]:
        """Return where it is wrong and a value that is certainly not of the schema."""
        value = self._filled(chance, self.root)
        places = list(self._places(self.root, value, ()))
        path, schema = chance.choice(places)
        return ".".join(map(str, path)) or "$", _replaced(value, path, self._wrong(chance, schema, _at(value, path)))

    def _object(self, chance: random.Random, schema: Schema, *, is_hostile: bool) -> dict[str, Any]:
        wanted = schema.get("properties", {}) if is_hostile else schema.get("required", ())
        return {name: self.sample(chance, schema["properties"][name], is_hostile=is_hostile) for name in wanted}

    def _filled(self, chance: random.Random, schema: Schema) -> Any:
        """Return a value in which every field and one item of every list is there, so that all can be spoilt."""
        schema = self._resolved(schema)
        if schema.get("type") == "object":
            return {name: self._filled(chance, inner) for name, inner in schema.get("properties", {}).items()}
        if schema.get("type") == "array" and "items" in schema:
            return [self._filled(chance, schema["items"])]
        return self.sample(chance, schema)

    def _places(self, schema: Schema, value: Any, path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], Schema]]:
        schema = self._resolved(schema)
        if _types(schema) and len(_types(schema)) < 6:
            yield path, schema
        if isinstance(value, dict):
            for name, inner in value.items():
                if name in schema.get("properties", {}):
                    yield from self._places(schema["properties"][name], inner, (*path, name))
        elif isinstance(value, list):
            for number, inner in enumerate(value):
                yield from self._places(schema.get("items", {}), inner, (*path, number))

    def _wrong(self, chance: random.Random, schema: Schema, value: Any) -> Any:
        allowed = _types(schema)
        if isinstance(value, dict) and schema.get("additionalProperties") is False and chance.random() < 0.3:
            return value | {"colour of its own": 1}
        if isinstance(value, dict) and schema.get("required") and chance.random() < 0.3:
            gone = chance.choice(schema["required"])
            return {name: inner for name, inner in value.items() if name != gone}
        return chance.choice([one for one in _WRONG if _type(one) not in allowed])

    def _resolved(self, schema: Schema) -> Schema:
        """Follow references; of alternatives take the first, and remember the types of the others."""
        while "$ref" in schema:
            schema = self._named[schema["$ref"].rpartition("/")[2]]
        if "anyOf" in schema:
            options = [self._resolved(one) for one in schema["anyOf"]]
            types = [] if not all(map(_types, options)) else [kind for one in options for kind in _types(one)]
            return {**options[0], "types": types}
        return schema


def methods(container: str) -> list[str]:
    """Return the methods that a container answers to."""
    return [name for name, _ in topology.entrypoints_of(class_of(container), "Rpc")]


@cache
def arguments_of(container: str, method: str) -> Shape:
    """Return the shape of a method's arguments."""
    function = getattr(class_of(container), method)
    hints = get_type_hints(function, include_extras=True)
    fields = [
        (name, hints[name]) if one.default is one.empty else (name, hints[name], one.default)
        for name, one in list(inspect.signature(function).parameters.items())[1:]
    ]
    return Shape(msgspec.defstruct("Arguments", fields, kw_only=True, forbid_unknown_fields=True))


@cache
def event_of(container: str, method: str) -> Shape:
    """Return the shape of the event a handler takes."""
    hints = get_type_hints(getattr(class_of(container), method), include_extras=True)
    return Shape(hints["event"])


def _types(schema: Schema) -> list[str]:
    if "types" in schema:
        return list(schema["types"])
    if "enum" in schema:
        return [_type(one) for one in schema["enum"]]
    kind = schema.get("type")
    if kind == "number":
        return ["number", "integer"]
    return [kind] if isinstance(kind, str) else []


def _type(value: object) -> str:
    kinds = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    return kinds.get(type(value), "null")


def _good(schema: Schema) -> Any:
    text = "2026-03-02T01:00:00Z" if "format" in schema else "x" * schema.get("minLength", 1)
    number = schema.get("minimum", 1)
    return {"string": text, "integer": number, "number": number, "boolean": True}.get(str(schema.get("type")))


def _hostile(chance: random.Random, schema: Schema) -> Any:
    text = chance.choice(_MOMENTS if "format" in schema else _TEXTS)
    number = chance.choice(_NUMBERS)
    return {"string": text, "integer": number, "number": number, "boolean": False}.get(str(schema.get("type")))


def _at(value: Any, path: tuple[Any, ...]) -> Any:
    for part in path:
        value = value[part]
    return value


def _replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    value = copy.deepcopy(value)
    _at(value, path[:-1])[path[-1]] = new
    return value


def _anything(kind: type) -> dict[str, Any]:
    if kind is object:
        return {"$comment": "any JSON"}
    raise NotImplementedError(kind)
