"""The names offerings may refer to, from the rules in force."""

from collections.abc import Mapping

from services.catalogue.domain.offering import KnownNames
from shared.rulekit.in_force.rule_source import RuleSource
from shared.rulekit.vocabulary import Fact


class RuleNames:
    """Reads handset capabilities and products from the vocabulary, and which eligibility rules there are."""

    def __init__(self, source: RuleSource) -> None:
        self._source = source

    def current(self) -> KnownNames:
        """Return the names there are now; a vocabulary without one of the two facts knows no value of it."""
        book = self._source.current()
        return KnownNames(
            capabilities=self._values(book.vocabulary.facts, "handset_capabilities"),
            products=self._values(book.vocabulary.facts, "products"),
            eligibility=frozenset(book.eligibility),
        )

    @staticmethod
    def _values(facts: Mapping[str, Fact], name: str) -> frozenset[str]:
        return frozenset(facts[name].values) if name in facts else frozenset()
