"""A report in the forms it is read in: lines for people, one value for programs."""

import itertools
from collections.abc import Iterator, Mapping

from services.workbench.rule_check.checks import RuleReport
from shared.kernel.text import Text
from shared.rulekit.analysis.codes import Severity
from shared.rulekit.analysis.explaining import code_of
from shared.rulekit.analysis.findings import Finding

SEVERITY_WORDS: Mapping[Severity, Text] = {
    "error": Text("错误", "error"),
    "warning": Text("警告", "warning"),
    "note": Text("提示", "note"),
}
_COLOURS: Mapping[Severity, str] = {"error": "red", "warning": "yellow", "note": "blue"}
Line = tuple[str, str | None]
"""Words, and the colour a terminal shows them in."""


def lines_of(report: RuleReport, language: str) -> Iterator[Line]:
    """Yield the findings, file by file, with a blank line between files, and at last what it comes to."""
    for at, (_, group) in enumerate(itertools.groupby(report.findings, key=lambda one: one.place.path)):
        if at:
            yield "", None
        for finding in group:
            yield from _lines(finding, language)
    if report.findings:
        yield "", None
    yield _summary(report, language), None if report.findings else "green"


def _lines(finding: Finding, language: str) -> Iterator[Line]:
    """Yield one line for a finding, so that editors, people and grep find place and words together."""
    place, message = finding.place, finding.message
    severity = SEVERITY_WORDS[finding.severity].in_language(language)
    words = message.in_language(language)
    if language != "en" and message.zh == message.en:  # a reader's words are English: the title is not
        words = f"{code_of(finding.code).title.in_language(language)}: {words}"
    if finding.suggestion is not None:
        words += f" → {finding.suggestion.in_language(language)}"
    yield f"{place.path}:{place.line}:{place.column}: {severity}: {finding.code}: {words}", _COLOURS[finding.severity]


def _summary(report: RuleReport, language: str) -> str:
    if not report.findings:
        counts = ", ".join(f"{count} {kind}" for kind, count in report.counts.items())
        zh, en = (
            f"规则无误：{counts}；规则集 {report.rule_set}",
            f"rules are sound: {counts}; rule set {report.rule_set}",
        )
        return Text(zh, en).in_language(language)
    found = [one.severity for one in report.findings]
    parts = [(severity, found.count(severity)) for severity in SEVERITY_WORDS if severity in found]
    files = len({one.place.path for one in report.findings})
    zh = "，".join(f"{count}个{SEVERITY_WORDS[severity].zh}" for severity, count in parts)
    en = ", ".join(f"{count} {severity}{'s' * (count > 1)}" for severity, count in parts)
    hint = f"banyan rules check --explain {report.findings[0].code}"
    return Text(
        f"{files}个文件中有{zh}；说明：{hint}", f"{en} in {files} file{'s' * (files > 1)}; more on one: {hint}"
    ).in_language(language)


def as_plain(report: RuleReport) -> dict[str, object]:
    """Return the report for programs: every finding flat, its words in both languages."""
    return {
        "is_clean": report.is_clean,
        "rule_set": report.rule_set,
        "counts": report.counts,
        "findings": [_plain(one) for one in report.findings],
    }


def _plain(finding: Finding) -> dict[str, object]:
    return {
        "path": finding.place.path,
        "line": finding.place.line,
        "column": finding.place.column,
        "code": finding.code,
        "severity": finding.severity,
        "title": code_of(finding.code).title,
        "message": finding.message,
        "suggestion": finding.suggestion,
    }
