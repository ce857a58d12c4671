"""What the use cases need to erase subscribers, and to find them again."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple, Protocol


class Pseudonyms(Protocol):
    """Who was erased; raises ErasureKeyMissing or ErasureKeyWrong where that cannot be told."""

    @property
    def is_needed(self) -> bool:
        """Whether anybody was erased."""
        ...

    def of(self, customers: Iterable[str]) -> Mapping[str, str]:
        """Return the pseudonyms of those subscribers who were erased."""
        ...

    def of_contact(self, contact_id: str) -> str:
        """Return what the contact is called if its subscriber was erased; whether that is so is not looked up."""
        ...


class ErasedRows(NamedTuple):
    """How many rows of a subscriber are kept under a pseudonym."""

    contacts: int
    suppressions: int
    entries: int
    outcomes: int


class Privacy(Protocol):
    """Erases subscribers."""

    def erase(self, customer_id: str, author: str, now: int) -> ErasedRows:
        """Keep the subscriber's rows under a pseudonym from now on, without any free text; overrides end.

        Raises ErasureKeyMissing or ErasureKeyWrong. The transaction holds the lock of the lists.
        """
        ...
