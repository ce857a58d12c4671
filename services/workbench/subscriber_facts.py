"""The facts of one subscriber, from customer_view's database or a file, checked against the vocabulary."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import IO

import sqlalchemy as sa

from services.workbench.customer_base import DatabaseUnavailable, database_base
from shared.kernel.faults import InvalidRequest, NotFound
from shared.rulekit.facts import FactFault, FactValue, check_facts
from shared.rulekit.loading import load_rules
from shared.rulekit.storage import from_storage
from shared.rulekit.vocabulary import Vocabulary

_LARGEST = 1_000_000  # bytes


class FaultyFacts(InvalidRequest):
    """A file of facts is not an object of facts that the vocabulary permits."""

    code = "faulty_facts"


def facts_in_database(customer_id: str, url: str, folder: Path) -> Mapping[str, FactValue]:
    """Return a subscriber's facts as customer_view stores them; raises NotFound, and what `database_base` raises."""
    vocabulary = load_rules(folder).vocabulary
    try:
        with database_base(url) as base, base.reading() as connection:
            columns = base.columns(vocabulary)
            wanted = [column.label(f"fact_{at}") for at, column in enumerate(columns.values())]
            query = sa.select(*wanted).select_from(base.table)
            row = connection.execute(query.where(base.table.c.customer_id == customer_id)).one_or_none()
    except sa.exc.ArgumentError as fault:
        raise DatabaseUnavailable("--database: that is no URL of a database", details={"field": "database"}) from fault
    except sa.exc.DBAPIError as fault:
        raise DatabaseUnavailable(f"--database: {fault.orig}", details={"field": "database"}) from fault
    if row is None:
        details = {"kind": "customer", "id": customer_id}
        raise NotFound(f"there is no subscriber {customer_id!r} in {base.label}", details=details)
    found = {name: from_storage(vocabulary[name], value) for name, value in zip(columns, row, strict=True)}
    return {name: value for name, value in found.items() if value is not None}


def facts_in_file(file: IO[bytes], folder: Path) -> Mapping[str, FactValue]:
    """Return the facts of one JSON object, as on the wire: money in fen, dates as ISO text; raises FaultyFacts."""
    raw = file.read(_LARGEST + 1)
    if len(raw) > _LARGEST:
        raise FaultyFacts(f"more than {_LARGEST} bytes", details={"field": "facts"})
    try:
        found = json.loads(raw.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise FaultyFacts(f"not JSON: {error}", details={"field": "facts"}) from error
    if isinstance(found, dict) and isinstance(found.get("facts"), dict):  # a customer as customer_view tells it
        found = found["facts"]
    if not isinstance(found, dict):
        raise FaultyFacts("expected an object of facts", details={"field": "facts"})
    _check(found, load_rules(folder).vocabulary)
    return found


def _check(facts: Mapping[str, FactValue], vocabulary: Vocabulary) -> None:
    faults = check_facts(facts, vocabulary)
    if faults:
        lines = [_line(fault) for fault in faults]
        raise FaultyFacts("; ".join(lines), details={"field": faults[0].fact, "faults": lines})


def _line(fault: FactFault) -> str:
    near = f" (did you mean {fault.suggestion!r}?)" if fault.suggestion else ""
    return f"{fault.fact}: {fault.code}: {fault.message}{near}"
