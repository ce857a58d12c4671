"""What customer_view does: keep subscribers, tell who changed, freeze audiences and page through them."""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import groupby
from zoneinfo import ZoneInfo

from services.customer_view.application.faults import (
    AudienceKeyTaken,
    BatchTooLarge,
    UnknownAudience,
    UnknownCustomer,
    UnknownRule,
)
from services.customer_view.application.ports import Also, AudienceOrder, Change, FactsById, Rules, Store, Transaction
from services.customer_view.application.triggers import Triggers
from services.customer_view.domain.batches import is_customer_id, merged, with_products
from shared.contracts.campaigns import FulfilledOrder, OrdersFulfilled
from shared.contracts.customer_view import (
    Audience,
    AudiencePage,
    AudienceQuery,
    Customer,
    CustomerOrder,
    CustomerRecord,
    CustomersChanged,
    UpsertResult,
)
from shared.contracts.wire import BULK_LIMIT, RowFault
from shared.kernel.clock import Clock
from shared.kernel.faults import InvalidRequest
from shared.rulekit.facts import check_facts, facts_of, nearest
from shared.rulekit.model import Condition, Constant, InSegment, RuleBook
from shared.rulekit.reading.conditions import read_condition

_PER_EVENT = 200  # the contract permits 500; a relay takes many events at a time into memory
_PRODUCTS = "products"


class UseCases:
    """The verbs of the service; safe to share between threads. Every write may be repeated."""

    def __init__(
        self,
        *,
        store: Store,
        rules: Rules,
        clock: Clock,
        zone: ZoneInfo,
        fresh: Callable[[], str],
        triggers: Triggers,
    ) -> None:
        self.triggers = triggers
        self._store = store
        self._rules = rules
        self._clock = clock
        self._zone = zone
        self._fresh = fresh

    @property
    def book(self) -> RuleBook:
        """The rules in force."""
        return self._rules.current()

    def upsert_customers(
        self, customers: Sequence[CustomerRecord], *, limit: int = BULK_LIMIT, also: Also | None = None
    ) -> UpsertResult:
        """Keep the good records, report the others by position; raises BatchTooLarge.

        `also` takes part in the transaction that keeps them, even where there are none.
        """
        if len(customers) > limit:
            message = f"{len(customers)} customers are more than one call may carry ({limit})"
            raise BatchTooLarge(message, details={"field": "customers", "limit": limit})
        book = self.book
        faults = [fault for index, record in enumerate(customers) for fault in _faults_of(index, record, book)]
        bad = {fault.index for fault in faults}
        good = [record for index, record in enumerate(customers) if index not in bad]
        result = UpsertResult(written=len(good), faults=faults)
        if good or also:
            with self._store.write(book) as transaction:
                self._put(transaction, merged((record.customer_id, record.facts) for record in good))
                if also:
                    also(transaction, result)
        return result

    def get_customer(self, customer_id: str) -> Customer:
        """Return one subscriber; raises UnknownCustomer."""
        with self._store.read(self.book) as transaction:
            found = transaction.describe([customer_id], on=self._today())
        if not found:
            message = f"there is no subscriber {customer_id!r}"
            raise UnknownCustomer(message, details={"kind": "customer", "id": customer_id, "field": "customer_id"})
        return found[0]

    def audience(self, query: AudienceQuery) -> Audience:
        """Freeze who the query selects; the same key and query again returns the audience already made.

        Raises AudienceKeyTaken, UnknownSegment, UnknownRule, InvalidRequest and RuleFaults.
        """
        if not query.audience_key.strip():
            raise InvalidRequest("audience_key must not be blank", details={"field": "audience_key"})
        book = self.book
        with self._store.write(book) as transaction:
            made = transaction.made(query.audience_key)
            if made is None:
                return transaction.make(self._order(query, book), at=self._clock.now())
            if made[0] != query:
                message = f"audience key {query.audience_key!r} belongs to another query"
                raise AudienceKeyTaken(message, details={"field": "audience_key", "audience_id": made[1].audience_id})
            return made[1]

    def audience_page(self, audience_id: str, after: str, limit: int) -> AudiencePage:
        """Return up to `limit` members with ids above `after` (empty text: from the start); raises UnknownAudience."""
        if not 1 <= limit <= BULK_LIMIT:
            raise InvalidRequest(f"limit must be 1 to {BULK_LIMIT}, not {limit}", details={"field": "limit"})
        with self._store.read(self.book) as transaction:
            page = transaction.page(audience_id, after=after, limit=limit)
        if page is None:
            message = f"there is no audience {audience_id!r}"
            raise UnknownAudience(message, details={"kind": "audience", "id": audience_id, "field": "audience_id"})
        return page

    def add_products(self, event_id: str, event: OrdersFulfilled) -> list[RowFault]:
        """Add what was fulfilled to what is held, once per event; report products the vocabulary does not know."""
        book = self.book
        known = book.vocabulary[_PRODUCTS].values
        added = _products_by_customer(event.orders, known)
        with self._store.write(book) as transaction:
            if transaction.first_time(event_id, at=self._clock.now()):
                self._add(transaction, added)
        return _unknown_products(event.orders, known)

    def record_orders(self, orders: Sequence[CustomerOrder], *, also: Also | None = None) -> UpsertResult:
        """Add products BOSS has sold to what is held; an order with an unknown product or subscriber is reported.

        Products are a set, so the same order again changes nothing. Raises BatchTooLarge.
        """
        if len(orders) > BULK_LIMIT:
            message = f"{len(orders)} orders are more than one call may carry ({BULK_LIMIT})"
            raise BatchTooLarge(message, details={"field": "orders", "limit": BULK_LIMIT})
        book = self.book
        known = book.vocabulary[_PRODUCTS].values
        faults = _unknown_products(orders, known)
        bad = {fault.index for fault in faults}
        with self._store.write(book) as transaction:
            there = transaction.held(sorted({order.customer_id for order in orders}), _PRODUCTS)
            for index, order in enumerate(orders):
                if order.customer_id not in there:
                    message = f"there is no subscriber {order.customer_id!r}"
                    faults.append(RowFault(index=index, field="customer_id", message=message))
                    bad.add(index)
            good = [order for index, order in enumerate(orders) if index not in bad]
            self._add(transaction, _products_by_customer(good, known))
            result = UpsertResult(written=len(good), faults=faults)
            if also:
                also(transaction, result)
        return result

    def _add(self, transaction: Transaction, added: Mapping[str, set[str]]) -> None:
        held = transaction.held(sorted(added), _PRODUCTS)
        facts = {
            customer_id: {_PRODUCTS: with_products(_as_products(held.get(customer_id)), products)}
            for customer_id, products in added.items()
        }
        if facts:
            self._put(transaction, facts)

    def _put(self, transaction: Transaction, facts: FactsById) -> None:
        change = transaction.put(facts, at=self._clock.now())
        on = self._today()
        for start in range(0, len(change.customer_ids), _PER_EVENT):
            self._tell(transaction, replace(change, customer_ids=change.customer_ids[start : start + _PER_EVENT]), on)

    def _tell(self, transaction: Transaction, change: Change, on: date) -> None:
        customers = transaction.describe(change.customer_ids, on=on)
        event = CustomersChanged(changed_at=change.at, customers=customers)
        # Not derived from the content: A, then B, then A again are three changes, and the third must be told too.
        transaction.tell(event, key=self._fresh())

    def _order(self, query: AudienceQuery, book: RuleBook) -> AudienceOrder:
        condition = _condition(query, book)
        _known("checks", query.checks, book.eligibility)
        _known("facts", query.facts, book.vocabulary.facts)
        return AudienceOrder(query=query, condition=condition, reads=facts_of(condition, book), on=self._today())

    def _today(self) -> date:
        return self._clock.now().astimezone(self._zone).date()


def _faults_of(index: int, record: CustomerRecord, book: RuleBook) -> list[RowFault]:
    faults = [
        RowFault(index=index, field=f"facts.{fault.fact}", message=f"{fault.code}: {fault.message}")
        for fault in check_facts(record.facts, book.vocabulary)
    ]
    if not is_customer_id(record.customer_id):
        message = "bad_customer_id: an id has 1 to 64 printable characters and no blanks"
        faults.insert(0, RowFault(index=index, field="customer_id", message=message))
    return faults


def _condition(query: AudienceQuery, book: RuleBook) -> Condition:
    if [query.segment, query.rule, query.trigger].count(None) != 2:  # noqa: PLR2004 - of three
        raise InvalidRequest("give exactly one of segment, rule and trigger", details={"field": "segment"})
    if query.trigger is not None:
        _check_span(query)
        _known("trigger", [query.trigger], book.triggers)
        return Constant(value=True)  # for whom it fired, the store knows
    if query.since is not None or query.until is not None:
        raise InvalidRequest("since and until belong to a trigger", details={"field": "since"})
    if query.rule is not None:
        return read_condition(query.rule, book.vocabulary, segments=book.segments, holder="customer_view")
    return InSegment(book.segment(str(query.segment)).id)


def _check_span(query: AudienceQuery) -> None:
    for field, instant in (("since", query.since), ("until", query.until)):
        if instant is not None and instant.tzinfo is None:
            raise InvalidRequest(f"`{field}` needs a UTC offset", details={"field": field})


def _known(field: str, names: Sequence[str], known: Iterable[str]) -> None:
    there = set(known)
    for position, name in enumerate(names):
        if name not in there:
            raise UnknownRule(
                f"{field}: there is no {name!r}",
                details={"kind": field, "id": name, "field": f"{field}.{position}", "suggestion": nearest(name, there)},
            )


_Orders = Sequence[FulfilledOrder | CustomerOrder]


def _sold(orders: _Orders) -> list[tuple[int, str, str]]:
    """Return (position, subscriber, product) for every product of every order."""
    sold: list[tuple[int, str, str]] = []
    for index, order in enumerate(orders):
        sold += [(index, order.customer_id, product) for product in order.products]
    return sold


def _unknown_products(orders: _Orders, known: Container[str]) -> list[RowFault]:
    return [
        RowFault(index=index, field=_PRODUCTS, message=f"{product!r} is not a product of the vocabulary")
        for index, _, product in _sold(orders)
        if product not in known
    ]


def _products_by_customer(orders: _Orders, known: Iterable[str]) -> dict[str, set[str]]:
    permitted = set(known)
    pairs = sorted((customer_id, product) for _, customer_id, product in _sold(orders))
    return {
        customer_id: {product for _, product in group}
        for customer_id, group in groupby((pair for pair in pairs if pair[1] in permitted), key=lambda pair: pair[0])
    }


def _as_products(value: object) -> list[str] | None:
    return [str(one) for one in value] if isinstance(value, (list, tuple, set, frozenset)) else None
