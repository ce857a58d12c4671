"""Rules whose time has passed or has not come, and holidays that are over."""

from collections.abc import Iterator

from shared.kernel.text import Text
from shared.rulekit.analysis.findings import Finding
from shared.rulekit.analysis.subject import Subject
from shared.rulekit.model import QuietHours


def check_validity(subject: Subject) -> Iterator[Finding]:
    """Look at dates as of the day of judgement. Codes: expired_rule, not_yet_valid, past_holidays.

    All are notes: a rule set does not become wrong overnight.
    """
    on = subject.on
    for kind, rule in subject.rules():
        start, end = rule.valid_for.start, rule.valid_for.end
        if end is not None and end < on:
            zh, en = f"{end} 已到期，不再起作用", f"expired on {end}: it no longer acts"
            if kind == "eligibility":
                zh, en = (
                    f"{end} 已到期，引用它的产品不能再推荐",
                    f"expired on {end}: no offering that names it can be made",
                )
            yield Finding(subject.place(kind, rule.id, "valid_for"), "expired_rule", Text(zh, en))
        elif start is not None and on < start:
            zh, en = f"{start} 才生效", f"acts only from {start}"
            yield Finding(subject.place(kind, rule.id, "valid_for"), "not_yet_valid", Text(zh, en))
    for policy in subject.policies():
        if not isinstance(policy, QuietHours) or policy.holidays is None or not policy.holidays.dates:
            continue
        last = max(policy.holidays.dates)
        if last < on:
            zh, en = f"最后一个节假日 {last} 已过去", f"the last holiday, {last}, is over"
            place = subject.place("contact_policy", policy.id, "holidays", "dates")
            yield Finding(place, "past_holidays", Text(zh, en), Text("补充新的节假日", "add the next ones"))
