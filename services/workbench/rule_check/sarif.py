"""SARIF 2.1.0: findings as code hosts and editors read them."""

from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from urllib.parse import quote

from services.workbench.rule_check.checks import RuleReport
from shared.rulekit.analysis.codes import Code, Severity
from shared.rulekit.analysis.explaining import code_of
from shared.rulekit.analysis.findings import Finding

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS: Mapping[Severity, str] = {"error": "error", "warning": "warning", "note": "note"}
_ROOT = "%SRCROOT%"


def sarif_of(report: RuleReport, root: Path, language: str) -> dict[str, object]:
    """Return one run of `banyan rules check`; paths are relative to `root`, the folder of the repository.

    Files that lie elsewhere keep an absolute path, as a URI.
    """
    codes = list(dict.fromkeys(one.code for one in report.findings))
    driver = {
        "name": "banyan rules check",
        "semanticVersion": version("banyan"),
        "rules": [_rule(code_of(code), language) for code in codes],
    }
    results = [_result(one, codes.index(one.code), root, language) for one in report.findings]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(code: Code, language: str) -> dict[str, object]:
    return {
        "id": code.code,
        "name": "".join(word.capitalize() for word in code.code.split("_")),
        "shortDescription": {"text": code.title.in_language(language)},
        "fullDescription": {"text": code.explanation.in_language(language)},
        "help": {"text": f"banyan rules check --explain {code.code}"},
        "defaultConfiguration": {"level": _LEVELS[code.severity]},
    }


def _result(finding: Finding, rule: int, root: Path, language: str) -> dict[str, object]:
    place = finding.place
    words = finding.message.in_language(language)
    if finding.suggestion is not None:
        words += f" → {finding.suggestion.in_language(language)}"
    region = {"startLine": max(place.line, 1), "startColumn": max(place.column, 1)}
    return {
        "ruleId": finding.code,
        "ruleIndex": rule,
        "level": _LEVELS[finding.severity],
        "message": {"text": words},
        "locations": [{"physicalLocation": {"artifactLocation": _artifact(Path(place.path), root), "region": region}}],
    }


def _artifact(path: Path, root: Path) -> dict[str, str]:
    absolute = path.absolute()
    if absolute.is_relative_to(root):
        return {"uri": quote(absolute.relative_to(root).as_posix()), "uriBaseId": _ROOT}
    return {"uri": absolute.as_uri()}
