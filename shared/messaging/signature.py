"""A method's annotations as a contract: arguments are decoded by them, straight from JSON and strictly."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any, get_type_hints

import msgspec

from shared.kernel.faults import InvalidRequest
from shared.messaging import wire
from shared.messaging.wire import Envelope, invalid

_envelopes = msgspec.json.Decoder(Envelope)
_NUL = b"\\u0000"  # as JSON writes it; raw it is no JSON
_by_name = msgspec.json.Decoder(dict[str, msgspec.Raw])


class Signature:
    """The typed arguments of one entrypoint; raises TypeError for a parameter without annotation."""

    def __init__(self, function: Callable[..., object]) -> None:
        self.name = function.__qualname__
        hints = get_type_hints(function, include_extras=True)
        parameters = list(inspect.signature(function).parameters.values())[1:]
        self.names = [parameter.name for parameter in parameters]
        missing = [name for name in self.names if name not in hints]
        if missing:
            msg = f"{self.name}: no annotation for {', '.join(missing)}"
            raise TypeError(msg)
        self.types = {name: hints[name] for name in self.names}
        self._decoder = msgspec.json.Decoder(_struct(self.name, parameters, hints))

    def decode(self, body: bytes | str) -> dict[str, Any]:
        """Return keyword arguments of a request body; raises InvalidRequest naming the field."""
        try:
            envelope = _envelopes.decode(body)
        except (msgspec.MsgspecError, *wire.NO_JSON) as fault:
            raise MalformedBody(str(fault)) from None
        try:
            return self._arguments(envelope)
        except msgspec.MsgspecError as fault:
            raise invalid(fault, self.name) from None
        except wire.NO_JSON as fault:  # the envelope holds its arguments unread, so it may come to light here
            raise MalformedBody(str(fault)) from None

    def _arguments(self, envelope: Envelope) -> dict[str, Any]:
        kwargs = self._with_positions(envelope) if envelope.args else envelope.kwargs
        decoded = self._decoder.decode(kwargs)
        refuse_nul(bytes(kwargs))
        return {name: getattr(decoded, name) for name in self.names}

    def _with_positions(self, envelope: Envelope) -> bytes:
        named = _by_name.decode(envelope.kwargs)
        if len(envelope.args) > len(self.names):
            message = f"{self.name} takes {len(self.names)} arguments, got {len(envelope.args)} by position"
            raise InvalidRequest(message, details={"field": "args"})
        placed = dict(zip(self.names, envelope.args, strict=False))
        if twice := placed.keys() & named.keys():
            first = min(twice)
            raise InvalidRequest(f"{self.name}: `{first}` is given twice", details={"field": first})
        return msgspec.json.encode(named | placed)


def refuse_nul(body: bytes) -> None:
    """Raise InvalidRequest where a text in JSON holds U+0000: PostgreSQL cannot store it, so no service takes it."""
    if _NUL in body:
        _refuse_nul(msgspec.json.decode(body), "$")


def _refuse_nul(value: object, path: str) -> None:
    if isinstance(value, str) and "\x00" in value:
        raise InvalidRequest(f"{path} holds the character U+0000", details={"field": path.removeprefix("$.")})
    if isinstance(value, dict):
        for key, item in value.items():
            _refuse_nul(key, f"{path}.{key!r}")
            _refuse_nul(item, f"{path}.{key}")
    elif isinstance(value, list):
        for position, item in enumerate(value):
            _refuse_nul(item, f"{path}[{position}]")


class MalformedBody(Exception):  # noqa: N818 - not a fault of ours: the message itself is no request at all
    """The message is not JSON of the form {args, kwargs}."""


def _struct(name: str, parameters: list[inspect.Parameter], hints: Mapping[str, Any]) -> type[msgspec.Struct]:
    fields: list[Any] = [
        (p.name, hints[p.name]) if p.default is p.empty else (p.name, hints[p.name], p.default) for p in parameters
    ]
    return msgspec.defstruct(
        name.replace(".", "_"), fields, kw_only=True, frozen=True, forbid_unknown_fields=True, gc=False
    )


__all__ = ["MalformedBody", "Signature", "refuse_nul"]
