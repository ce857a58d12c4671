"""Facts as the store takes them in bulk: words of COPY for PostgreSQL, plain values for SQLite."""

from services.customer_view.domain.cells import Value
from shared.persistence.bulk import copy_text
from shared.rulekit.facts import known_value
from shared.rulekit.storage import to_storage
from shared.rulekit.vocabulary import Fact


class CopyEncoding:
    """Words of COPY."""

    unknown: object = copy_text(None)

    def encode(self, fact: Fact, value: Value) -> object:
        """Return a value in that form; raises InvalidFact for one the vocabulary does not permit."""
        return copy_text(to_storage(fact, _on_the_wire(value)))


class PlainEncoding:
    """Values as they are bound."""

    unknown: object = None

    def encode(self, fact: Fact, value: Value) -> object:
        """Return a value in that form; raises InvalidFact for one the vocabulary does not permit."""
        known_value(fact, _on_the_wire(value))
        return value


def _on_the_wire(value: Value) -> str | int | float | bool | list[str] | None:
    """Return a value as a record would carry it, so that what is refused is refused in the same words."""
    if value is None or isinstance(value, (str, int, float)):
        return value
    return sorted(value) if isinstance(value, frozenset) else value.isoformat()
