"""Receipts in sentences that an agent can read to the person concerned, in Chinese and English."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from services.governance.application.facts import LISTS, OUTCOMES
from services.governance.application.kept import Issued
from services.governance.domain.calendar import END_OF_TIME, START_OF_TIME, zone_named
from services.governance.domain.decisions import Finding
from services.governance.domain.instants import from_micros, to_micros
from services.governance.domain.lifecycle import TellableState
from services.governance.domain.refusals import TEXTS
from shared.contracts.governance import ReceiptCounter, ReceiptFact
from shared.kernel.text import Text

CHANNELS: Mapping[str, Text] = {
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
_OVERRUN = Text(
    "当时已无有效预留，已标记超限。", "There was no valid reservation by then; it is flagged as an overrun."
)
_NEVER = Text("在可预见的时间内均不可联系。", "No later time is in sight.")
_FREE = Text("名单、时段和冷静期规则均未禁止", "no list, quiet hour or cooling-off forbids it")
_LIFTED = Text(
    "名单的限制已经双人批准放行，时段和冷静期规则均未禁止",
    "what a list forbids was lifted by two persons; no quiet hour or cooling-off forbids it",
)
_NOTHING = Text("", "")


def told(
    issued: Issued,
    state: TellableState,
    counters: Sequence[ReceiptCounter],
    facts: Sequence[ReceiptFact],
    withdrawn: Sequence[Finding],
    rule_set: str,
) -> Text:
    """Return the whole receipt: the verdict, what it was judged by, when contact becomes possible, what came of it."""
    zone = issued.contact.zone
    parts = [_verdict(issued), _later(issued), _counted(counters)]
    parts += [_fact(fact, zone) for fact in facts]
    parts += [_taken_back(withdrawn, zone)] if withdrawn else []
    parts += _came_of_it(issued, state, is_told=bool(withdrawn))
    parts.append(Text(f"（规则版本 {rule_set}）", f"(rule set {rule_set})"))
    return Text("".join(part.zh for part in parts), " ".join(part.en for part in parts if part.en))


def _verdict(issued: Issued) -> Text:
    asked = issued.contact
    way = CHANNELS.get(asked.channel, Text(f"渠道“{asked.channel}”", f"through {asked.channel!r}"))
    planned = local(from_micros(asked.at), asked.zone)
    if issued.is_permitted:
        free = _LIFTED if issued.lifted else _FREE
        return Text(
            f"允许在{planned}通过{way.zh}联系该客户：次数均有余量，{free.zh}。",
            f"The subscriber may be contacted {way.en} at {planned}: every limit has room, and {free.en}.",
        )
    why = _reasons(issued.findings)
    return Text(
        f"不允许在{planned}通过{way.zh}联系该客户：{why.zh}。",
        f"The subscriber may not be contacted {way.en} at {planned}: {why.en}.",
    )


def _reasons(findings: Sequence[Finding]) -> Text:
    halves = [finding.text.partition(" / ") for finding in findings]
    return Text("；".join(zh for zh, _, _ in halves), "; ".join(en or zh for zh, _, en in halves))


def _later(issued: Issued) -> Text:
    if issued.is_permitted:
        return _NOTHING
    if issued.next_allowed_at is None:
        is_own = any(finding.rule_id in TEXTS for finding in issued.findings)  # nobody could judge it, so nobody knows
        return _NOTHING if is_own else _NEVER
    moment = local(from_micros(issued.next_allowed_at), issued.contact.zone)
    return Text(f"最早可联系时间：{moment}。", f"The earliest permitted time is {moment}.")


def _counted(counters: Sequence[ReceiptCounter]) -> Text:
    """Tell what was used of each limit; limits of which nothing was used are only counted.

    A policy's own words say that its limit is reached. Where it was, they stand among the reasons; elsewhere they would
    be untrue. So limits are named here and not put into words.
    """
    if not counters:
        return _NOTHING
    used = [one for one in counters if one.used]
    unused = len(counters) - len(used)
    zh = [f"规则 {one.rule_id}（上限{one.limit}，已用{one.used}）" for one in used]
    en = [f"{one.rule_id} ({one.used} of {one.limit} used)" for one in used]
    if unused:
        zh.append(f"{'其余' if used else ''}{unused}项次数限制尚未使用")
        en.append(f"{unused} {'other ' if used else ''}limit{'s' if unused > 1 else ''} with nothing used")
    return Text(f"判定时的次数：{'；'.join(zh)}。", f"Counts at the time: {'; '.join(en)}.")


def _fact(fact: ReceiptFact, zone: str) -> Text:
    since = "" if fact.since is None else clock(fact.since, zone)
    until = "" if fact.until is None else clock(fact.until, zone)
    if fact.kind == "outcome":
        what, about = OUTCOMES.get(fact.name, Text(fact.name, fact.name)), f" ({fact.detail})" if fact.detail else ""
        return Text(
            f"此前客户于{since}{what.zh}{about}。", f"Before that, at {since}, the subscriber {what.en}{about}."
        )
    if fact.kind == "override":
        return Text(
            f"名单规则 {fact.name} 经双人批准放行，至{until}（{fact.detail}）。",
            f"The list effect {fact.name} was lifted by two persons until {until} ({fact.detail}).",
        )
    name = LISTS.get(fact.name, Text(fact.name, fact.name))
    only = ", ".join(part for part in (fact.channel, fact.category) if part)
    zh = [f"仅{only}" if only else "", f"自{since}起" if since else "", f"至{until}止" if until else "", fact.detail]
    en = [f"for {only} only" if only else "", f"since {since}" if since else "", f"until {until}" if until else ""]
    return Text(
        f"当时客户在{name.zh}{_bracketed(zh, '（', '，', '）')}。",
        f"The subscriber was on {name.en}{_bracketed([*en, fact.detail], ' (', ', ', ')')}.",
    )


def _bracketed(parts: Sequence[str], opening: str, between: str, closing: str) -> str:
    told = between.join(part for part in parts if part)
    return f"{opening}{told}{closing}" if told else ""


def _taken_back(withdrawn: Sequence[Finding], zone: str) -> Text:
    why = _reasons(withdrawn)
    later = withdrawn[0].next_allowed_at
    until = None if later is None else clock(from_micros(later), zone)
    return Text(
        f"派发前复核时预留被撤回，名额已退回：{why.zh}{f'，{until}前不可联系' if until else ''}。",
        f"Before dispatch the reservation was withdrawn and its place given back: {why.en}"
        f"{f', until {until}' if until else ''}.",
    )


def _came_of_it(issued: Issued, state: TellableState, *, is_told: bool) -> list[Text]:
    """Tell where the contact stands now; `is_told` is whether it is already said that its place was given back."""
    if state != "confirmed":
        return [] if is_told else [_STATES[state]]
    at = None if issued.entry is None else issued.entry.contacted_at
    moment = "" if at is None else clock(from_micros(at), issued.contact.zone)
    made = Text(f"接触已于{moment}完成。", f"It took place at {moment}.") if moment else _STATES[state]
    is_overrun = issued.entry is not None and issued.entry.is_overrun
    return [made, _OVERRUN] if is_overrun else [made]


def local(moment: datetime, zone: str) -> str:
    """Return a moment on the subscriber's clock with its zone, or in UTC where the zone is unknown."""
    return f"{clock(moment, zone)} ({'UTC' if _zone_of(moment, zone) is None else zone})"


def clock(moment: datetime, zone: str) -> str:
    """Return date and time on the subscriber's clock, or in UTC where the zone is unknown."""
    known = _zone_of(moment, zone)
    return f"{moment if known is None else moment.astimezone(known):%Y-%m-%d %H:%M}"


def _zone_of(moment: datetime, zone: str) -> ZoneInfo | None:
    """Return the zone; None where nobody knows it, or it may have no local time for the moment."""
    return zone_named(zone) if START_OF_TIME < to_micros(moment) < END_OF_TIME else None
