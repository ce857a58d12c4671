"""The audit finds what is not pinned, what is known to be vulnerable, and says what it could not ask about."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from scripts import audit_dependencies as audit

HASH = "--hash=sha256:" + "0" * 64
LOCK = (
    f"# a comment\nalembic==1.20.1 \\\n    {HASH} \\\n    {HASH}\n"
    f"colorama==0.4.6 ; sys_platform == 'win32' \\\n    {HASH}\n"
)
TODAY = date(2026, 11, 22)
ENTRY: dict[str, Any] = {"id": "PYSEC-1", "package": "jinja2", "reason": "no templates of others", "until": TODAY}


def report(*vulns: str) -> str:
    known = [{"id": each, "fix_versions": ["3.2"], "aliases": [], "description": ""} for each in vulns]
    skipped = {"name": "amqp", "skip_reason": "Dependency not found on PyPI and could not be audited: amqp (5.4.2)"}
    return json.dumps({"dependencies": [{"name": "jinja2", "version": "3.1", "vulns": known}, skipped], "fixes": []})


def test_a_lock_with_versions_and_hashes_is_in_order() -> None:
    assert list(audit.faults_of_lock("a.lock", LOCK)) == []
    assert audit.pins_of(LOCK) == {"alembic==1.20.1", "colorama==0.4.6"}


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        (f"pika>=1.3 {HASH}", "a.lock:1: is not pinned to one version"),
        (f"pika {HASH}", "a.lock:1: is not pinned to one version"),
        (f"pika==1.3.* {HASH}", "a.lock:1: is not pinned to one version"),
        ("pika==1.3.2", "a.lock:1: pika is pinned without sha256 hashes"),
        ("pika==1.3.2 --hash=md5:00", "a.lock:1: pika is pinned without sha256 hashes"),
        (f"pika==1.3.2 {HASH} --hash=sha256:12", "a.lock:1: pika is pinned without sha256 hashes"),
        ("--no-index", "a.lock:1: names where to fetch it"),
        ("--find-links wheels", "a.lock:1: names where to fetch it"),
        ("-e .", "a.lock:1: names where to fetch it"),
        (f"pika @ https://mirror.example/pika.whl {HASH}", "a.lock:1: names where to fetch it"),
    ],
)
def test_a_requirement_that_is_not_pinned_is_found_with_its_line(line: str, complaint: str) -> None:
    [found] = audit.faults_of_lock("a.lock", line)
    assert found.startswith(complaint)


def test_a_lock_that_another_contains_is_not_asked_about_twice() -> None:
    assert audit.largest({"a.lock": f"pika==1.3.2 {HASH}", "b.lock": f"{LOCK}pika==1.3.2 {HASH}"}) == ["b.lock"]
    assert audit.largest({"a.lock": f"pika==1.3.2 {HASH}", "b.lock": LOCK}) == ["a.lock", "b.lock"]


def test_a_known_vulnerability_is_told_with_what_mends_it() -> None:
    read = audit.read_report(report("PYSEC-1"))
    assert (read.asked, read.unasked) == (1, ["amqp"])
    assert list(audit.judge(read, [], TODAY)) == ["jinja2 3.1: PYSEC-1, mended by 3.2"]


def test_an_allowed_one_passes_until_its_day_and_no_other_does() -> None:
    assert list(audit.judge(audit.read_report(report("PYSEC-1")), [ENTRY], TODAY)) == []
    [other] = audit.judge(audit.read_report(report("PYSEC-1", "PYSEC-2")), [ENTRY], TODAY)
    assert other.startswith("jinja2 3.1: PYSEC-2")
    [expired] = audit.judge(audit.read_report(report("PYSEC-1")), [ENTRY], date(2026, 11, 23))
    assert expired.endswith("it was allowed until 2026-11-22")


@pytest.mark.parametrize("change", [{"reason": " "}, {"until": "some day"}])
def test_an_entry_must_say_why_and_until_when(change: dict[str, Any]) -> None:
    found = list(audit.judge(audit.read_report(report()), [ENTRY | change], TODAY))
    assert found == ["audit_allowed.toml: PYSEC-1 needs a reason and a day `until`"]


@pytest.mark.parametrize(("wish", "code"), [("", 0), ("strict", 1)])
def test_what_cannot_be_asked_about_is_counted_and_fails_only_where_that_is_wished(
    wish: str, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(audit, "ask", lambda _lock: audit.Audit(asked=3, unasked=["amqp", "pika"]))
    monkeypatch.setenv(audit.STRICT, wish)
    assert audit.main() == code
    assert "requirements-dev.lock: 2 packages NOT audited" in capsys.readouterr().out


def test_a_vulnerability_fails_the_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "ask", lambda _lock: audit.read_report(report("PYSEC-1")))
    assert audit.main() == 1


def test_where_the_program_says_nothing_all_counts_as_not_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "python").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "python").chmod(0o755)
    monkeypatch.setattr(audit.sys, "executable", str(tmp_path / "python"))
    lock = audit.ROOT / "requirements.lock"
    asked = audit.ask(lock)
    assert asked.asked == 0
    assert len(asked.unasked) == len(audit.pins_of(lock.read_text("utf-8")))
