"""Quiet hours by the week: spans that overlap, holes between them, days left out, weeks without a loud minute."""

import itertools
from collections.abc import Iterator, Sequence
from datetime import time
from typing import get_args

from shared.contracts.wire import CHANNELS, Direction, Purpose
from shared.kernel.text import Text
from shared.rulekit.analysis.findings import Finding
from shared.rulekit.analysis.subject import Subject
from shared.rulekit.model import QuietHours, WeeklySpan

_DAY = 24 * 60
_WEEK = 7 * _DAY
_SHORTEST_BREAK = 3 * 60  # minutes; a shorter one between two quiet spans is hardly meant
_ZH = "一二三四五六日"
_EN = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_Stretch = tuple[int, int]
"""Minutes of the week, the end not included; the end may lie in the next week."""


def check_quiet_spans(subject: Subject) -> Iterator[Finding]:
    """Look at the quiet hours of a week. Codes: overlapping_spans, uncovered_day, uncovered_span, always_quiet."""
    policies = [one for one in subject.policies() if isinstance(one, QuietHours)]
    for policy in policies:
        yield from _overlaps(policy, subject)
        yield from _days(policy, subject)
        yield from _breaks(policy, subject)
    yield from _no_minute(policies, subject)


def _stretches(span: WeeklySpan) -> list[_Stretch]:
    start, end = _minute(span.start), _minute(span.end)
    length = end - start if end > start else end + _DAY - start
    return [(day * _DAY + start, day * _DAY + start + length) for day in sorted(span.days)]


def _minute(moment: time) -> int:
    return moment.hour * 60 + moment.minute


def _overlaps(policy: QuietHours, subject: Subject) -> Iterator[Finding]:
    spans = [(at, one) for at, span in enumerate(policy.weekly) for one in _stretches(span)]
    for (first, one), (second, other) in itertools.combinations(spans, 2):
        if first != second and _meet(one, other):
            zh, en = f"与第{first + 1}个时段在{_zh(other[0])}重叠", f"overlaps span {first + 1} on {_en(other[0])}"
            place = subject.place("contact_policy", policy.id, "weekly", second)
            yield Finding(
                place, "overlapping_spans", Text(zh, en), Text("改成相接", "let one end where the other begins")
            )
            return


def _meet(one: _Stretch, other: _Stretch) -> bool:
    return any(one[0] < other[1] + turn and other[0] + turn < one[1] for turn in (-_WEEK, 0, _WEEK))


def _days(policy: QuietHours, subject: Subject) -> Iterator[Finding]:
    missing = set(range(7)).difference(*(span.days for span in policy.weekly)) if policy.weekly else set()
    quiet = _quiet_minutes([policy])
    loud = [day for day in sorted(missing) if not all(quiet[day * _DAY : (day + 1) * _DAY])]
    if loud:
        zh = f"星期{'、'.join(_ZH[day] for day in loud)}没有免打扰时段"
        en = f"no quiet hours begin on {', '.join(_EN[day] for day in loud)}"
        place = subject.place("contact_policy", policy.id, "weekly")
        yield Finding(place, "uncovered_day", Text(zh, en), Text("补上这几天", "name these days, too"))


def _breaks(policy: QuietHours, subject: Subject) -> Iterator[Finding]:
    quiet = _quiet_minutes([policy])
    ends = [at for at in range(_WEEK) if quiet[at - 1] and not quiet[at]]
    for start in ends:
        length = next(more for more in range(1, _WEEK) if quiet[(start + more) % _WEEK])
        if length < _SHORTEST_BREAK:
            zh = f"{_zh(start)}{_clock(start)}起有{length}分钟不在免打扰时段内"
            en = f"{length} minutes between two quiet spans are not covered: {_en(start)} from {_clock(start)}"
            place = subject.place("contact_policy", policy.id, "weekly")
            yield Finding(place, "uncovered_span", Text(zh, en), Text("把两个时段接起来", "join the two spans"))
            return


def _no_minute(policies: Sequence[QuietHours], subject: Subject) -> Iterator[Finding]:
    told = set[tuple[str, ...]]()
    lasting = [one for one in policies if one.valid_for.end is None]  # one that ends is a freeze
    for direction, purpose, channel in itertools.product(get_args(Direction), get_args(Purpose), CHANNELS):
        covering = [
            one
            for one in lasting
            if one.applies_to.covers(direction=direction, purpose=purpose, channel=channel, category="", campaign="")
        ]
        names = tuple(one.id for one in covering)
        if covering and names not in told and all(_quiet_minutes(covering)):
            told.add(names)
            zh = f"一周内没有任何时间可以接触（{direction}、{purpose}、{channel}）"
            en = f"no minute of the week is left: no {direction} {purpose} contact by {channel} is ever permitted"
            yield Finding(subject.place("contact_policy", covering[-1].id, "weekly"), "always_quiet", Text(zh, en))


def _quiet_minutes(policies: Sequence[QuietHours]) -> list[bool]:
    quiet = [False] * _WEEK
    for policy in policies:
        for span in policy.weekly:
            for start, end in _stretches(span):
                for at in range(start, end):
                    quiet[at % _WEEK] = True
    return quiet


def _zh(minute: int) -> str:
    return f"星期{_ZH[minute // _DAY % 7]}"


def _en(minute: int) -> str:
    return _EN[minute // _DAY % 7]


def _clock(minute: int) -> str:
    return f"{minute % _DAY // 60:02d}:{minute % 60:02d}"
