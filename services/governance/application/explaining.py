"""Receipts: why a contact was permitted or not, for the record and in sentences an agent can read out."""

from collections.abc import Mapping, Sequence

from services.governance.application.ports import Issued, Stamp, Store
from services.governance.application.pseudonyms import issued_as_asked, kept_customer
from services.governance.application.translation import request_of, verdict_of
from services.governance.domain.calendar import zone_named
from services.governance.domain.instants import from_micros, to_micros
from services.governance.domain.lifecycle import TellableState, state_of
from services.governance.domain.refusals import TEXTS
from shared.contracts.governance import Receipt, ReceiptCounter
from shared.contracts.wire import INTERACTIVE_LIMIT
from shared.kernel.clock import Clock
from shared.kernel.faults import NotFound
from shared.kernel.text import Text

_CHANNELS = {
    "hall": Text("营业厅", "in a business hall"),
    "outbound_call": Text("外呼", "by outbound call"),
    "sms": Text("短信", "by SMS"),
    "hotline": Text("热线", "on the hotline"),
    "web": Text("网站", "on the web"),
}
_STATES: Mapping[TellableState, Text] = {
    "reserved": Text("接触已预留，尚未进行。", "It is reserved and has not taken place yet."),
    "confirmed": Text("接触已完成。", "It took place."),
    "released": Text("接触未进行，名额已退回。", "It did not take place, and its place was given back."),
    "expired": Text("预留已过期，名额已退回。", "The reservation lapsed, and its place was given back."),
    "suppressed": Text("", ""),
}
_OVERRUN = Text("该接触进行时已无预留，已标记超限。", "It took place without a valid reservation and is flagged.")
_NEVER = Text("在可预见的时间内均不可联系。", "No later time is in sight.")


class Explaining:
    """Reads receipts."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    def explain(self, contact_id: str) -> Receipt:
        """Return the receipt of one contact; raises NotFound for one never asked for."""
        with self._store.read() as unit:
            issued = issued_as_asked(unit, [contact_id])
            stamps = unit.ledger.stamps([one.decision for one in issued.values()])
        if contact_id not in issued:
            details = {"kind": "contact", "id": contact_id, "field": "contact_id"}
            raise NotFound(f"no verdict on contact {contact_id!r}", details=details)
        one = issued[contact_id]
        return self._receipts([one._replace(contact=one.contact._replace(contact_id=contact_id))], stamps)[0]

    def history(self, customer_id: str) -> list[Receipt]:
        """Return the subscriber's newest receipts, newest first; at most INTERACTIVE_LIMIT."""
        with self._store.read() as unit:
            issued = unit.ledger.of_customer(kept_customer(unit, customer_id), INTERACTIVE_LIMIT)
            stamps = unit.ledger.stamps([one.decision for one in issued])
        mine = [one._replace(contact=one.contact._replace(customer_id=customer_id)) for one in issued]
        return self._receipts(mine, stamps)

    def _receipts(self, issued: Sequence[Issued], stamps: Mapping[int, Stamp]) -> list[Receipt]:
        now = to_micros(self._clock.now())
        return [_receipt(one, stamps[one.decision], now) for one in issued]


def _receipt(issued: Issued, stamp: Stamp, now: int) -> Receipt:
    state: TellableState = "suppressed" if issued.entry is None else state_of(issued.entry, now)
    words = _sentences(issued, stamp, state)
    return Receipt(
        request=request_of(issued.contact),
        verdict=verdict_of(issued, stamp.rule_set),
        state=state,
        decided_at=from_micros(stamp.decided_at),
        rule_set=stamp.rule_set,
        counters=[
            ReceiptCounter(rule_id=counted.rule_id, limit=counted.limit, used=used, rule_version=counted.rule_version)
            for counted, used in zip(stamp.limits, issued.counters, strict=False)
            if used is not None
        ],
        explanation_zh=words.zh,
        explanation_en=words.en,
    )


def _sentences(issued: Issued, stamp: Stamp, state: TellableState) -> Text:
    asked = issued.contact
    way = _CHANNELS.get(asked.channel, Text(f"渠道“{asked.channel}”", f"through {asked.channel!r}"))
    planned = _local(asked.at, asked.zone)
    if issued.is_permitted:
        count = sum(used is not None for used in issued.counters)
        parts = [
            Text(
                f"允许在{planned}通过{way.zh}联系该客户：{count}项次数限制均有余量，名单、时段和冷静期规则均未禁止。",
                f"The subscriber may be contacted {way.en} at {planned}: all {count} limits have room, and no list, "
                "quiet hour or cooling-off forbids it.",
            )
        ]
    else:
        reasons = [finding.text.partition(" / ") for finding in issued.findings]
        parts = [
            Text(
                f"不允许在{planned}通过{way.zh}联系该客户：{'；'.join(zh for zh, _, _ in reasons)}。",
                f"The subscriber may not be contacted {way.en} at {planned}: {'; '.join(en for _, _, en in reasons)}.",
            ),
            _later(issued),
        ]
    parts.append(_STATES[state])
    if issued.entry is not None and issued.entry.is_overrun:
        parts.append(_OVERRUN)
    parts.append(Text(f"（规则版本 {stamp.rule_set}）", f"(rule set {stamp.rule_set})"))
    return Text("".join(part.zh for part in parts), " ".join(part.en for part in parts if part.en))


def _later(issued: Issued) -> Text:
    if issued.next_allowed_at is None:
        is_own = any(finding.rule_id in TEXTS for finding in issued.findings)  # nobody could judge it, so nobody knows
        return Text("", "") if is_own else _NEVER
    moment = _local(issued.next_allowed_at, issued.contact.zone)
    return Text(f"最早可联系时间：{moment}。", f"The earliest permitted time is {moment}.")


def _local(at: int, zone: str) -> str:
    known = zone_named(zone)
    moment = from_micros(at) if known is None else from_micros(at).astimezone(known)
    return f"{moment:%Y-%m-%d %H:%M} ({'UTC' if known is None else zone})"
