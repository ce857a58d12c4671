"""What Banyan may ask of CRM, ISMP and the SMS gateway; a request that is none is refused with the field."""

from typing import Annotated, TypeVar

import msgspec

from shared.kernel.faults import InvalidRequest

MOST_BYTES = 8_000_000
MOST_ITEMS = 5_000

T = TypeVar("T")
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]


class Order(msgspec.Struct, frozen=True):
    """One half of an accepted offer: a promotion package (CRM) or a service (ISMP)."""

    order_id: Name
    customer_id: Name
    offering_id: Name
    products: list[str] = []


class Message(msgspec.Struct, frozen=True):
    """One short message; its id is the contact's."""

    id: Name
    to: Name
    text: str


class Orders(msgspec.Struct, frozen=True):
    """The body of `/orders` and `/cancellations`."""

    orders: Annotated[list[Order], msgspec.Meta(max_length=MOST_ITEMS)]


class Messages(msgspec.Struct, frozen=True):
    """The body of `/messages`."""

    messages: Annotated[list[Message], msgspec.Meta(max_length=MOST_ITEMS)]


def read_orders(body: bytes) -> list[Order]:
    """Return the orders, one for each id; raises InvalidRequest naming the place."""
    return list({order.order_id: order for order in _read(body, Orders).orders}.values())


def read_messages(body: bytes) -> list[Message]:
    """Return the messages, one for each id; raises InvalidRequest naming the place."""
    return list({message.id: message for message in _read(body, Messages).messages}.values())


def _read(body: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise InvalidRequest(str(fault)) from None
