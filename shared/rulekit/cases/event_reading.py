"""Cases of triggers and rankings: from a tree to values, every fault with its place."""

from datetime import datetime
from decimal import Decimal

from shared.kernel.text import Text
from shared.rulekit.cases.facts import CaseFacts
from shared.rulekit.cases.model import TRUTHS, RankingCase, TriggerCase
from shared.rulekit.cases.scenario_reading import read_moment
from shared.rulekit.facts import FactValue
from shared.rulekit.model import RuleBook
from shared.rulekit.reading.literals import read_decimal
from shared.rulekit.reading.reader import Reader
from shared.rulekit.reading.tree import Node, Scalar
from shared.rulekit.vocabulary import Vocabulary
from shared.rulekit.windows import Event

_MOMENT = datetime.fromisoformat("2026-03-02T10:00:00+08:00")  # stands in for a faulty one
_DECIMALS = 6
_FEN = 100


class EventCaseReader:
    """Reads one case. Codes: unknown_event, and those of `Reader`, of moments and of facts."""

    def __init__(self, reader: Reader, book: RuleBook) -> None:
        self._reader = reader
        self._findings = reader.findings
        self._facts = CaseFacts(reader.findings)
        self._book = book

    def trigger(self, rule_id: str, node: Node) -> TriggerCase:
        """Read a case of a trigger."""
        required, optional = ("title", "events", "at", "expect"), ("facts", "last_fired_at", "because")
        parts = self._reader.fields(node, node.place, required, optional)
        last = parts.get("last_fired_at")
        return TriggerCase(
            kind="triggers",
            rule_id=rule_id,
            title=self._reader.text(parts.get("title")),
            place=node.place,
            events=tuple(self._event(one) for one in self._reader.items(parts.get("events"))),
            facts=self._facts.read(parts.get("facts"), self._book.vocabulary),
            at=self._moment(parts.get("at")),
            last_fired_at=None if last is None else self._moment(last),
            expect=TRUTHS[self._reader.word(parts.get("expect"), tuple(TRUTHS))],
            because=self._because(parts.get("because")),
        )

    def ranking(self, rule_id: str, node: Node) -> RankingCase:
        """Read a case of a ranking; the offer's value is written in yuan."""
        parts = self._reader.fields(node, node.place, ("title", "offer", "expect"))
        names, figures = ("category", "campaign", "offering"), ("value", "priority")
        offer = self._reader.fields(parts.get("offer"), node.place, (*names, *figures), ("propensity",))
        return RankingCase(
            kind="ranking",
            rule_id=rule_id,
            title=self._reader.text(parts.get("title")),
            place=node.place,
            category=self._reader.text(offer.get("category")),
            campaign=self._reader.text(offer.get("campaign")),
            offering=self._reader.text(offer.get("offering")),
            value=float((self._figure(offer.get("value")) or 0) * _FEN),
            priority=float(self._figure(offer.get("priority")) or 0),
            propensity=_float(self._figure(offer.get("propensity"))),
            expect=_float(self._figure(parts.get("expect"))),
        )

    def _event(self, node: Node) -> Event:
        parts = self._reader.fields(node, node.place, ("event", "at"), ("attributes",))
        named = parts.get("event")
        name = self._reader.text(named)
        known = self._book.events.get(name)
        if known is None and named is not None and name:
            self._findings.unknown(named.place, "unknown_event", "event", name, self._book.events)
        attributes: dict[str, FactValue] = {}
        if known is not None:
            attributes = self._facts.read(parts.get("attributes"), Vocabulary(known.attributes, ""))
        return Event(name, self._moment(parts.get("at")), attributes)

    def _because(self, node: Node | None) -> Text | None:
        if node is None:
            return None
        parts = self._reader.fields(node, node.place, (), ("zh", "en"))
        return Text(self._reader.text(parts.get("zh")), self._reader.text(parts.get("en")))

    def _figure(self, node: Node | None) -> Decimal | None:
        is_null = isinstance(node, Scalar) and node.kind == "null"
        return None if node is None or is_null else read_decimal(node, _DECIMALS, self._findings)

    def _moment(self, node: Node | None) -> datetime:
        return (None if node is None else read_moment(node, self._findings)) or _MOMENT


def _float(figure: Decimal | None) -> float | None:
    return None if figure is None else float(figure)
