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

Beside a set PostgreSQL may keep its mask: a generated BIGINT with a bit for each member, which is tested several times
as quickly as the text. The name of the mask's column holds a digest of the members that its bits stand for, so that a
vocabulary with other members never reads the bits of another: it finds no mask and reads the text.
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from shared.rulekit.facts import FactValue, known_value
from shared.rulekit.vocabulary import Fact, FactType

EMPTY_SET = ","
_MOST_BITS = 62
_LONGEST_PREFIX = 40  # a name in PostgreSQL has at most 63 bytes
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


def mask_column(fact: Fact) -> str | None:
    """Return the name of the column with a set's mask; None for no set, and for sets of more than 62 members."""
    if fact.type != "set" or not 0 < len(fact.values) <= _MOST_BITS:
        return None
    members = "\x1f".join((fact.column, *sorted(fact.values)))
    digest = hashlib.blake2b(members.encode(), digest_size=4).hexdigest()
    return f"{fact.column[:_LONGEST_PREFIX]}_bits_{digest}"


def mask_of(fact: Fact, members: Iterable[object]) -> int:
    """Return the bits that stand for some members of a set."""
    places = {member: place for place, member in enumerate(sorted(fact.values))}
    return sum(1 << places[str(member)] for member in set(members))


def mask_expression(fact: Fact) -> str:
    """Return what a set's mask is generated from, in PostgreSQL's words; NULL where the set is unknown."""
    # Names of columns and members are letters, digits, underscores and hyphens: the vocabulary's reader sees to it.
    tests = (f"strpos(\"{fact.column}\", ',{member},') > 0" for member in sorted(fact.values))
    return " | ".join(f"(({test})::int::bigint << {place})" for place, test in enumerate(tests))
