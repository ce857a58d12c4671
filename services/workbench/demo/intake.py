"""Bring offerings, subscribers and lists into the services, page by page."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TypeVar

from services.workbench.report.summary import ImportSummary
from shared.contracts.catalogue import Offering
from shared.contracts.customer_view import CustomerRecord, UpsertResult
from shared.contracts.governance import ListEntry
from shared.contracts.wire import ListName
from shared.kernel.faults import InvalidRequest
from shared.messaging.calling import RpcCaller

PAGE = 2_000
TIMEOUT = 120.0  # seconds; a page takes well under one
_SHOWN_FAULTS = 12
KNOWN_IDS = 5_000  # enough to draw visitors from, whatever the size of the base

T = TypeVar("T")


def pages(items: Iterable[T], size: int = PAGE) -> Iterator[list[T]]:
    """Cut a stream into lists of at most `size`."""
    stream = iter(items)
    while page := list(islice(stream, size)):
        yield page


def load_offerings(caller: RpcCaller, offerings: Iterable[Offering]) -> int:
    """Put the catalogue in; a fault in it stops the rehearsal, since plans would dangle."""
    count = 0
    for page in pages(offerings):
        result = caller.call("catalogue_bulk", "upsert_offerings", {"offerings": page}, UpsertResult, TIMEOUT)
        if result.faults:
            first = result.faults[0]
            message = f"offering {page[first.index].offering_id}: {first.field}: {first.message}"
            raise InvalidRequest(message, details={"field": first.field})
        count += result.written
    return count


def load_customers(
    caller: RpcCaller, customers: Iterable[CustomerRecord], *, source: str, advance: Callable[[int], None]
) -> tuple[ImportSummary, list[str]]:
    """Put generated subscribers in; return what came of it and up to 5,000 of their ids."""
    written = 0
    refused: list[str] = []
    ids: list[str] = []
    for page in pages(customers):
        result = caller.call("customer_view_bulk", "upsert_customers", {"customers": page}, UpsertResult, TIMEOUT)
        written += result.written
        refused += [f"{page[fault.index].customer_id}: {fault.field}: {fault.message}" for fault in result.faults]
        ids += [record.customer_id for record in page][: KNOWN_IDS - len(ids)]
        advance(len(page))
    return (
        ImportSummary(
            source=source,
            synthetic=True,
            subscribers=written,
            faulty_cells=0,
            refused_rows=len(refused),
            first_faults=tuple(refused[:_SHOWN_FAULTS]),
        ),
        ids,
    )


def load_lists(caller: RpcCaller, entries: Iterable[tuple[ListName, ListEntry]]) -> int:
    """Put black, grey, red, special-card and opt-out lists in; return how many entries."""
    count = 0
    for page in pages(entries):
        by_list: dict[ListName, list[ListEntry]] = {}
        for list_name, entry in page:
            by_list.setdefault(list_name, []).append(entry)
        for list_name, listed in sorted(by_list.items()):
            arguments = {"list": list_name, "entries": listed}
            count += caller.call("governance_bulk", "list_put", arguments, int, TIMEOUT)
    return count
