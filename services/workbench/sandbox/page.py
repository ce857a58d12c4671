"""The page a person looks at: what arrived, what was answered, how each system behaves."""

from functools import cache

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined, Template, select_autoescape

from services.workbench.sandbox.behaviour import SYSTEMS, Behaviour
from services.workbench.sandbox.book import Book

_SHOWN = 50


def page_of(book: Book) -> str:
    """Return the page as HTML; nothing in it is fetched from elsewhere."""
    return _template().render(
        counts=book.counts(),
        behaviours={system: _faults_of(book.behaviour(system)) for system in SYSTEMS},
        orders=book.rows("orders", limit=_SHOWN),
        messages=book.rows("messages", limit=_SHOWN),
        calls=book.rows("calls", limit=_SHOWN),
    )


def _faults_of(behaviour: Behaviour) -> dict[str, object]:
    """Return only what differs from a system without fault."""
    usual = msgspec.to_builtins(Behaviour())
    return {name: value for name, value in msgspec.to_builtins(behaviour).items() if value != usual[name]}


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("services.workbench.sandbox"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("sandbox.html.j2")
