"""Case results in the XML that build servers show (JUnit's)."""

import re
from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree as ET

from services.workbench.rule_test.running import CaseReport
from shared.rulekit.cases.model import CaseResult

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # what XML 1.0 cannot hold


def write_junit(report: CaseReport, path: Path, threshold: float) -> None:
    """Write a file: a suite for each kind of rule, a test for each case on each executor, and one for coverage."""
    root = ET.Element("testsuites", name="banyan rules test")
    for kind in dict.fromkeys(result.kind for result in report.results):
        _add_suite(root, kind, [result for result in report.results if result.kind == kind])
    suite = _suite(root, "coverage", 1, int(report.share < threshold))
    test = ET.SubElement(suite, "testcase", classname="coverage", name=f"coverage of at least {threshold:.0%}")
    if report.share < threshold:
        lines = [f"{one.place.path}:{one.place.line}: {one.rule_id}: {one.text}" for one in report.uncovered]
        _fail(test, f"{report.share:.1%} covered", "\n".join(lines))
    ET.indent(root)
    ET.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def _add_suite(root: ET.Element, kind: str, results: Iterable[CaseResult]) -> None:
    found = list(results)
    suite = _suite(root, kind, len(found), sum(not one.ok for one in found))
    for one in found:
        test = ET.SubElement(
            suite,
            "testcase",
            classname=f"{kind}.{one.rule_id}",
            name=_clean(f"{one.title} ({one.executor})"),
            file=one.place.path,
            line=str(one.place.line),
        )
        if not one.ok:
            _fail(test, one.message, f"{one.place.path}:{one.place.line}: {one.message}")


def _suite(root: ET.Element, name: str, tests: int, failures: int) -> ET.Element:
    return ET.SubElement(root, "testsuite", name=name, tests=str(tests), failures=str(failures), errors="0")


def _fail(test: ET.Element, message: str, text: str) -> None:
    ET.SubElement(test, "failure", message=_clean(message)).text = _clean(text)


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("�", text)
