"""Rules that are wrong in one place: a literal off by one, an operator turned, a part left out."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any as Whatever

from shared.contracts.wire import LIST_NAMES
from shared.rulekit import model
from shared.rulekit.model import All, Any, Compare, Condition, Constant, InSegment, IsKnown, Not, OtherFact, RuleBook
from shared.rulekit.vocabulary import Fact

HOUR = timedelta(hours=1)
_TURNED = {"at_least": "more_than", "more_than": "at_least", "at_most": "less_than", "less_than": "at_most"}
_UNITS = ("hour", "day", "week", "month")
_PER = ("customer", "customer_channel", "customer_category", "customer_campaign", "customer_purpose")
Mutant = tuple[str, Whatever]
"""What was changed, and the rule that has it."""


def mutants_of(kind: str, rule: Whatever, book: RuleBook) -> Iterator[Mutant]:
    """Yield the rule's mutants."""
    match kind:
        case "segments":
            yield from (("when: " + text, replace(rule, when=when)) for text, when in of_condition(rule.when, book))
        case "eligibility":
            yield from (("when: " + text, replace(rule, when=when)) for text, when in of_condition(rule.when, book))
        case "conflicts":
            yield from _of_conflict(rule)
        case "contact_policy":
            yield from _of_scope(rule)
            yield from _of_policy(rule)
        case "triggers":
            yield from _of_trigger(rule, book)
        case "ranking":
            yield from _of_ranking(rule)


def of_condition(condition: Condition, book: RuleBook) -> Iterator[tuple[str, Condition]]:
    """Yield conditions that differ in one place."""
    match condition:
        case All(parts) | Any(parts):
            group = type(condition)
            for at, part in enumerate(parts):
                if len(parts) > 1:
                    yield f"without {part}", group(parts[:at] + parts[at + 1 :])
                for text, other in of_condition(part, book):
                    yield text, group((*parts[:at], other, *parts[at + 1 :]))
            if len(parts) > 1:
                turned = Any if group is All else All
                yield f"{turned.__name__} for {group.__name__}", turned(parts)
        case Not(part):
            yield f"not left out of {condition}", part
            for text, other in of_condition(part, book):
                yield text, Not(other)
        case IsKnown() | InSegment():
            yield f"not {condition}", Not(condition)
            yield f"always for {condition}", Constant(value=True)
            yield f"never for {condition}", Constant(value=False)
        case Compare():
            yield from _of_compare(condition, book)


def _of_compare(test: Compare, book: RuleBook) -> Iterator[tuple[str, Condition]]:
    yield f"not {test}", Not(test)
    if test.operator in _TURNED:
        yield f"turned {test}", replace(test, operator=_TURNED[test.operator])
    fact = book.vocabulary.facts.get(test.fact)
    operands: Iterable[Whatever] = ()
    match test.operand:
        case OtherFact(other, times):
            step = Fraction(1, 10_000)
            operands = (OtherFact(other, times + step), OtherFact(other, times - step))
        case tuple() as listed:
            operands = _lists(listed, fact)
        case bool():
            pass  # the same as `not`
        case int() | float() as figure:
            step_of = 0.0001 if fact is not None and fact.type == "number" and test.of == "value" else 1
            operands = (figure - step_of, figure + step_of)
        case date() as day:
            operands = (day - timedelta(days=1), day + timedelta(days=1))
        case str() as word if fact is not None:
            operands = [one for one in fact.values if one != word][:1]
    yield from ((f"{operand} in {test}", replace(test, operand=operand)) for operand in operands)


def _lists(listed: tuple[Whatever, ...], fact: Fact | None) -> Iterator[tuple[Whatever, ...]]:
    others = [one for one in (fact.values if fact else ()) if one not in listed][:1]
    for at in range(len(listed)):
        if len(listed) > 1:
            yield listed[:at] + listed[at + 1 :]
        for other in others:
            yield (*listed[:at], other, *listed[at + 1 :])


def _of_conflict(rule: Whatever) -> Iterator[Mutant]:
    match rule:
        case model.Exclusive():
            yield from _members(rule, "members")
        case model.Requires():
            yield "another offering", replace(rule, offering="another")
            yield "another product", replace(rule, products=frozenset({"another"}))
            for product in sorted(rule.products) if len(rule.products) > 1 else ():
                yield f"without {product}", replace(rule, products=rule.products - {product})
        case model.Supersedes():
            yield "winner for loser", replace(rule, winner=rule.loser, loser=rule.winner)
            yield from _members(rule, "winner")
            yield from _members(rule, "loser")
        case model.NotWithin():
            yield from _spans(rule, "span")
            for same in ("category", "campaign", "offering", "similar_campaign"):
                if same != rule.same:
                    yield f"same {same}", replace(rule, same=same)


def _members(rule: Whatever, side: str) -> Iterator[Mutant]:
    members = getattr(rule, side)
    for field in ("categories", "campaigns", "offerings"):
        for name in sorted(getattr(members, field)):
            changed = replace(members, **{field: getattr(members, field) - {name}})
            yield f"{side} without {name}", replace(rule, **{side: changed})


def _spans(rule: Whatever, field: str) -> Iterator[Mutant]:
    span = getattr(rule, field)
    yield f"{field} an hour more", replace(rule, **{field: span + HOUR})
    yield f"{field} an hour less", replace(rule, **{field: span - HOUR})


def _of_scope(rule: Whatever) -> Iterator[Mutant]:
    scope = rule.applies_to
    for field in ("directions", "purposes", "channels", "categories", "campaigns"):
        found = getattr(scope, field)
        if found:
            yield f"any {field}", replace(rule, applies_to=replace(scope, **{field: frozenset()}))
            yield f"other {field}", replace(rule, applies_to=replace(scope, **{field: frozenset({"another"})}))
        for one in sorted(found) if len(found) > 1 else ():
            yield f"{field} without {one}", replace(rule, applies_to=replace(scope, **{field: found - {one}}))


def _of_figures(rule: Whatever) -> Iterator[Mutant]:
    if hasattr(rule, "per"):
        yield from _pers(rule)
    if hasattr(rule, "limit"):
        yield "limit one more", replace(rule, limit=rule.limit + 1)
        yield "limit one less", replace(rule, limit=rule.limit - 1)
    if hasattr(rule, "span"):
        yield from _spans(rule, "span")


def _of_policy(rule: Whatever) -> Iterator[Mutant]:
    yield from _of_figures(rule)
    match rule:
        case model.FrequencyCap(window=model.Rolling(span)):
            yield "window an hour more", replace(rule, window=model.Rolling(span + HOUR))
            yield "window an hour less", replace(rule, window=model.Rolling(span - HOUR))
        case model.FrequencyCap():
            yield from _units(rule, _UNITS)
        case model.Spacing():
            yield from _spans(rule, "at_least")
        case model.QuietHours():
            yield from _of_hours(rule)
        case model.CoolingOff():
            yield from _of_cooling(rule)
        case model.ListEffect():
            yield from (
                (f"list {name}", replace(rule, list_name=name)) for name in LIST_NAMES if name != rule.list_name
            )
            yield "lifted by the others", replace(rule, override=None if rule.override else "two_persons")
        case model.NoRepeat():
            others = {"offering": "similar_campaign", "similar_campaign": "offering"}
            yield f"of {others[rule.of]}", replace(rule, of=others[rule.of])  # type: ignore[arg-type]  # one of its words
        case model.Capacity():
            yield from _units(rule, ("hour", "day"))
            yield "zone of India", replace(rule, zone="Asia/Kolkata")  # neither its hours nor its days are ours


def _of_cooling(rule: model.CoolingOff) -> Iterator[Mutant]:
    for outcome in sorted(rule.after):
        yield f"after without {outcome}", replace(rule, after=rule.after - {outcome})
    for same in ("category", "campaign", "offering", "any"):
        if same != rule.same:
            yield f"same {same}", replace(rule, same=same)  # type: ignore[arg-type]  # one of its words


def _pers(rule: Whatever) -> Iterator[Mutant]:
    """Yield other things to count by; by channel is the same as by customer where there is one channel only."""
    scope = rule.applies_to
    few = {
        f"customer_{one}"
        for one, found in (("channel", scope.channels), ("purpose", scope.purposes))
        if len(found) == 1
    }
    same = {*few, "customer"} if rule.per in {*few, "customer"} else {rule.per}
    for per in _PER:
        if per not in same:
            yield f"per {per}", replace(rule, per=per)


def _units(rule: Whatever, units: tuple[str, ...]) -> Iterator[Mutant]:
    for unit in units:
        if unit != rule.window.unit:
            yield f"window {unit}", replace(rule, window=model.Calendar(unit))  # type: ignore[arg-type]  # a unit


def _of_hours(rule: model.QuietHours) -> Iterator[Mutant]:
    for at, span in enumerate(rule.weekly):
        others = [replace(span, days=span.days - {day}) for day in sorted(span.days)] + list(_moved(span))
        for other in others:
            yield f"weekly {other}", replace(rule, weekly=(*rule.weekly[:at], other, *rule.weekly[at + 1 :]))
    if rule.holidays is not None:
        yield "no holidays", replace(rule, holidays=None)
        rest = {(day, span.start, span.end) for span in rule.weekly for day in span.days}
        for day in sorted(rule.holidays.dates):
            if (day.weekday(), rule.holidays.start, rule.holidays.end) in rest:
                continue  # the weekly hours are the same: it makes no difference
            yield f"without {day}", replace(rule, holidays=replace(rule.holidays, dates=rule.holidays.dates - {day}))
        for moved in _moved(rule.holidays):
            yield f"holidays {moved}", replace(rule, holidays=moved)


def _moved(span: Whatever) -> Iterator[Whatever]:
    for field in ("start", "end"):
        for minutes in (-1, 1):
            moment = datetime.combine(date(2026, 3, 2), getattr(span, field)) + timedelta(minutes=minutes)
            yield replace(span, **{field: moment.time()})


def _of_trigger(rule: model.TriggerRule, book: RuleBook) -> Iterator[Mutant]:
    pattern: Whatever = rule.pattern
    if rule.when is not None:
        yield from (("when: " + text, replace(rule, when=when)) for text, when in of_condition(rule.when, book))
        yield "no when", replace(rule, when=None)
    if rule.again_after is not None:
        yield from _spans(rule, "again_after")
        yield "never again", replace(rule, again_after=None)
    for field in ("within", "span"):
        if hasattr(pattern, field):
            yield from ((text, replace(rule, pattern=other)) for text, other in _spans(pattern, field))
    if isinstance(pattern, model.CountPattern):
        for least in (pattern.at_least - 1, pattern.at_least + 1):
            yield f"at least {least}", replace(rule, pattern=replace(pattern, at_least=least))
    if isinstance(pattern, model.SequencePattern):
        yield "the other way round", replace(rule, pattern=replace(pattern, steps=pattern.steps[::-1]))
    yield from ((text, replace(rule, pattern=other)) for text, other in _matches(pattern, book))


def _matches(pattern: Whatever, book: RuleBook) -> Iterator[tuple[str, Whatever]]:
    fields: tuple[tuple[Whatever, Callable[[Whatever], Whatever]], ...]
    match pattern:
        case model.CountPattern():
            fields = ((pattern.match, lambda one: replace(pattern, match=one)),)
        case model.SequencePattern(steps=steps):
            fields = tuple(
                (step, lambda one, at=at: replace(pattern, steps=(*steps[:at], one, *steps[at + 1 :])))
                for at, step in enumerate(steps)
            )
        case _:
            fields = (
                (pattern.after, lambda one: replace(pattern, after=one)),
                (pattern.without, lambda one: replace(pattern, without=one)),
            )
    for match, put in fields:
        yield f"another event than {match.event}", put(replace(match, event="another"))
        if match.where is not None:
            own = replace(book, vocabulary=replace(book.vocabulary, facts=book.events[match.event].attributes))
            yield f"any {match.event}", put(replace(match, where=None))
            for text, where in of_condition(match.where, own):
                yield f"where: {text}", put(replace(match, where=where))


def _of_ranking(rule: model.RankingRule) -> Iterator[Mutant]:
    for field, step in (("value", 100), ("propensity", 0.01), ("priority", 1)):
        bounds = getattr(rule, field)
        for end in ("at_least", "at_most"):
            for change in (-step, step):
                other = replace(bounds, **{end: getattr(bounds, end) + change})
                yield f"{field} {end} {change:+}", replace(rule, **{field: other})
    yield "otherwise more", replace(rule, otherwise=rule.otherwise + 0.01)
    yield "otherwise less", replace(rule, otherwise=rule.otherwise - 0.01)
