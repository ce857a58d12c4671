"""Who was erased, in the tables `erased` and `erasure_key`."""

from collections.abc import Iterable, Mapping
from functools import cached_property

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from services.governance.adapters.tables import erased, erasure_key
from services.governance.application.faults import ErasureKeyMissing, ErasureKeyWrong
from services.governance.domain.pseudonyms import check_value, contact_pseudonym, pseudonym_of
from shared.persistence.bulk import insert_missing
from shared.persistence.database import in_keys


class SqlPseudonyms:
    """Looks pseudonyms up within a transaction; where nobody was erased that is one row that is not there."""

    def __init__(self, connection: Connection, key: bytes | None, kept: str | None) -> None:
        """`kept` is the check value of the key that the first erasure fixed; None where nobody was erased."""
        self._connection, self._key, self._kept = connection, key, kept

    @cached_property
    def is_needed(self) -> bool:
        """Whether anybody was erased; raises ErasureKeyMissing or ErasureKeyWrong where nobody can tell who."""
        if self._kept is None:
            return False
        if self._kept != check_value(self._known_key()):
            raise ErasureKeyWrong
        return True

    def of(self, customers: Iterable[str]) -> Mapping[str, str]:
        """Return the pseudonyms of those subscribers who were erased."""
        if not self.is_needed:
            return {}
        key = self._known_key()
        named = {pseudonym_of(key, customer_id): customer_id for customer_id in set(customers)}
        query = sa.select(erased.c.pseudonym).where(in_keys(erased.c.pseudonym, sorted(named)))
        return {named[pseudonym]: pseudonym for pseudonym in self._connection.scalars(query)}

    def of_contact(self, contact_id: str) -> str:
        """Return what the contact is called if its subscriber was erased; whether that is so is not looked up."""
        return contact_pseudonym(self._known_key(), contact_id)

    def add(self, customer_id: str, at: int) -> str:
        """Note that the subscriber is erased; return the pseudonym. The first one fixes the key for all."""
        key = self._known_key()
        insert_missing(self._connection, erasure_key, [{"only": 1, "check_value": check_value(key)}])
        self._kept = self._connection.scalar(sa.select(erasure_key.c.check_value))
        self.__dict__.pop("is_needed", None)
        if not self.is_needed:  # raises where another key was fixed
            raise ErasureKeyWrong
        pseudonym = pseudonym_of(key, customer_id)
        insert_missing(self._connection, erased, [{"pseudonym": pseudonym, "erased_at": at}])
        return pseudonym

    def _known_key(self) -> bytes:
        if self._key is None:
            raise ErasureKeyMissing
        return self._key
