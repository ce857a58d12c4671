"""From rule book to policy set: translated once per version, kept while the version stays."""

from datetime import date, time, timedelta
from typing import Any

from services.governance.application.faults import rules_unreadable
from services.governance.application.ports import RuleSource
from services.governance.domain import policies as domain
from services.governance.domain.policy_set import PolicySet
from services.governance.domain.refusals import RULES_UNREADABLE
from shared.kernel.faults import Fault
from shared.rulekit import model
from shared.rulekit.faults import RuleFaults

_MICROSECOND = timedelta(microseconds=1)
_DAY_MINUTES = 24 * 60


class PoliciesInForce:
    """Keeps the policy set of the rule book in force."""

    def __init__(self, source: RuleSource) -> None:
        self._source = source
        self._book: model.RuleBook | None = None
        self._policies = PolicySet("none", ())

    def current(self) -> tuple[PolicySet, str | None]:
        """Return the policy set, and the reason why nothing may be judged by it, if there is one."""
        try:
            book = self._source.current()
        except (RuleFaults, OSError):
            return PolicySet("none", ()), RULES_UNREADABLE
        if book is not self._book:
            self._policies, self._book = policy_set(book), book
        return self._policies, None

    def readable(self) -> PolicySet:
        """Return the policy set; raises Unavailable where there is none to judge by."""
        policies, fault = self.current()
        if fault is not None:
            raise rules_unreadable()
        return policies


def policy_set(book: model.RuleBook) -> PolicySet:
    """Return the contact policies of a rule book, in order of their ids."""
    return PolicySet(book.version, [_policy(book.contact_policies[name]) for name in sorted(book.contact_policies)])


def _policy(rule: model.ContactPolicy) -> domain.Policy:
    common = _common(rule)
    match rule:
        case model.QuietHours():
            return domain.QuietHours(**common, weekly=_weekly(rule), holidays=_holidays(rule))
        case model.CoolingOff():
            span = _micros(rule.span)
            return domain.CoolingOff(**common, after=frozenset(rule.after), same=rule.same, span=span)
        case model.ListEffect():
            return domain.ListEffect(**common, list_name=rule.list_name, is_overridable=rule.override is not None)
        case model.Capacity():
            return domain.CapacityLimit(**common, limit=rule.limit, unit=rule.window.unit, zone=rule.zone)
        case _:
            return _limit(rule, common)


def _limit(rule: model.FrequencyCap | model.Spacing | model.NoRepeat, common: dict[str, Any]) -> domain.Policy:
    match rule:
        case model.FrequencyCap(window=model.Calendar(unit=unit)):
            return domain.CalendarLimit(**common, limit=rule.limit, unit=unit, per=rule.per)
        case model.FrequencyCap(window=model.Rolling(span=span)):
            return domain.RollingLimit(**common, limit=rule.limit, span=_micros(span), per=rule.per)
        case model.Spacing():
            return domain.RollingLimit(**common, limit=1, span=_micros(rule.at_least), per=rule.per)
        case model.NoRepeat():
            return domain.RollingLimit(**common, limit=1, span=_micros(rule.span), per=rule.of)
        case _:
            raise Fault(f"governance cannot judge {type(rule).__name__}", details={"rule": rule})


def _common(rule: model.ContactPolicy) -> dict[str, Any]:
    scope = rule.applies_to
    return {
        "rule_id": rule.id,
        "version": rule.version,
        "because": rule.because,
        "scope": domain.Scope(scope.directions, scope.purposes, scope.channels, scope.categories, scope.campaigns),
        "valid_from": rule.valid_for.start,
        "valid_to": rule.valid_for.end,
    }


def _micros(span: timedelta) -> int:
    return span // _MICROSECOND


def _weekly(rule: model.QuietHours) -> tuple[tuple[domain.DailySpan, ...], ...]:
    return tuple(tuple(_daily(span) for span in rule.weekly if day in span.days) for day in range(7))


def _holidays(rule: model.QuietHours) -> dict[date, tuple[domain.DailySpan, ...]]:
    span = rule.holidays
    return {} if span is None else {day: (_daily(span),) for day in span.dates}


def _daily(span: model.DailySpan) -> domain.DailySpan:
    start, end = _minute(span.start), _minute(span.end)
    return domain.DailySpan(start, end if end > start else end + _DAY_MINUTES)


def _minute(moment: time) -> int:
    return moment.hour * 60 + moment.minute
