"""How facts are stored, so that `sql_backend` and the stores agree: one column type and one form for each fact type.

| type | column | form |
|---|---|---|
| integer, money | BIGINT | whole number, money in fen |
| number | DOUBLE | at most four decimals |
| boolean | BOOLEAN | |
| text, enum | TEXT | |
| date | TEXT | `2026-03-02`: compares as text |
| set | TEXT | `,crbt,mms_pack,`: sorted, a comma at both ends; the empty set is `,` |

Unknown is NULL.
"""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from shared.rulekit.facts import FactValue, known_value
from shared.rulekit.vocabulary import Fact, FactType, Vocabulary

EMPTY_SET = ","
_TYPES: Mapping[FactType, type[sa.types.TypeEngine[Any]]] = {
    "integer": sa.BigInteger,
    "money": sa.BigInteger,
    "number": sa.Double,
    "boolean": sa.Boolean,
    "text": sa.Text,
    "enum": sa.Text,
    "date": sa.Text,
    "set": sa.Text,
}
StoredValue = str | int | float | bool | None
WireValue = str | int | float | bool | list[str] | None


def column_type(fact: Fact) -> sa.types.TypeEngine[Any]:
    """Return the SQLAlchemy type of the fact's column."""
    return _TYPES[fact.type]()


def to_storage(fact: Fact, value: FactValue) -> StoredValue:
    """Return the form in which a fact's value is stored; raises InvalidFact for one the vocabulary does not permit."""
    known = known_value(fact, value)
    if isinstance(known, frozenset):
        return f",{','.join(sorted(known))}," if known else EMPTY_SET
    if known is None or isinstance(known, (bool, int, float, str)):
        return known
    return known.isoformat()


def from_storage(fact: Fact, stored: StoredValue) -> WireValue:
    """Return a stored value as it goes over the wire: sets as sorted lists, dates as ISO text, unknown as None."""
    if stored is None:
        return None
    match fact.type:
        case "set":
            return [member for member in str(stored).split(",") if member]
        case "boolean":
            return bool(stored)
        case "number":
            return float(stored)
        case _:
            return stored


def columns_for(table: sa.FromClause, vocabulary: Vocabulary) -> dict[str, sa.ColumnElement[Any]]:
    """Return the table's column of each fact that has one there, by the fact's name."""
    return {fact.name: table.c[fact.column] for fact in vocabulary if fact.column in table.c}
