"""The facts of one subscriber, from customer_view's database or a file, checked against the vocabulary."""

from collections.abc import Mapping
from pathlib import Path
from typing import IO

import sqlalchemy as sa

from services.workbench.customer_base import database_base
from services.workbench.registry import DatabaseUnavailable
from services.workbench.rule_eval.fact_lines import BadLine, decode_line, read_facts
from shared.kernel.faults import InvalidRequest, NotFound
from shared.rulekit.facts import FactValue
from shared.rulekit.reading.folder import load_rules
from shared.rulekit.storage import from_storage

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
    except sa.exc.DBAPIError as fault:
        raise DatabaseUnavailable(f"--database: {fault.orig}", details={"field": "database"}) from fault
    if row is None:
        details = {"kind": "customer", "id": customer_id}
        raise NotFound(f"there is no subscriber {customer_id!r} in {base.label}", details=details)
    found = {name: from_storage(vocabulary[name], value) for name, value in zip(columns, row, strict=True)}
    return {name: value for name, value in found.items() if value is not None}


def facts_in_file(file: IO[bytes], folder: Path) -> Mapping[str, FactValue]:
    """Return the facts of one JSON object, written as for `banyan rules eval` (money in yuan); raises FaultyFacts."""
    raw = file.read(_LARGEST + 1)
    if len(raw) > _LARGEST:
        raise FaultyFacts(f"more than {_LARGEST} bytes", details={"field": "facts"})
    try:
        return read_facts(decode_line(raw, exact=True), load_rules(folder).vocabulary)
    except BadLine as fault:
        raise FaultyFacts(f"{fault.code}: {fault.message}", details={"field": fault.field or "facts"}) from fault
