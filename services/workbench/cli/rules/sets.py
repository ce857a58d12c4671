"""`banyan rules sets`: the kept rule sets; pin one, roll back, go back to the folder."""

import getpass
import os
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import click

from services.workbench.cli.console import json_option, language_option, print_json, print_table
from shared.kernel.environment import Environment

if TYPE_CHECKING:
    from shared.rulekit.in_force.archive import RuleArchive
    from shared.rulekit.in_force.pin import Pin

Command = TypeVar("Command", bound=Callable[..., Any])
_NEXT = {
    "zh": "每个进程五秒内生效：`banyan rules status --wait 10`",
    "en": "every process follows within 5 s: `banyan rules status --wait 10`",
}
_WORDS = {
    "zh": {
        "rule set": "规则集",
        "accepted": "接受时间",
        "newest": "最新",
        "pinned": "已钉住",
        "damaged": "已损坏",
        "files": "个文件",
        "unpinned": "已取消钉住",
        "nothing was pinned": "没有钉住的规则集",
    },
}


def _say(words: str, lang: str) -> str:
    return _WORDS.get(lang, {}).get(words, words)


@click.group()
def sets() -> None:
    """规则集版本 · The rule sets kept in BANYAN_RULE_SETS: list them, pin one, roll back."""


def _who_option(command: Command) -> Command:
    return click.option("--who", default=None, help="操作人 · Who decides it; by default the shell's user")(command)


@sets.command("list")
@json_option
@language_option
def list_sets(*, as_json: bool, lang: str) -> None:
    """列出规则集 · List the kept sets, the newest first."""
    from services.workbench.rule_sets import kept_sets

    archive = _archive()
    kept, pin = kept_sets(archive), archive.pin()
    if as_json:
        print_json({"sets": kept, "pin": pin})
        return
    rows = [
        (
            one.version,
            f"{one.accepted_at.astimezone():%Y-%m-%d %H:%M:%S}" if one.accepted_at else None,
            _say("newest", lang) if one.is_newest else None,
            _say("pinned", lang) if one.is_pinned else None,
            None if one.is_sound else _say("damaged", lang),
        )
        for one in kept
    ]
    print_table([_say("rule set", lang), _say("accepted", lang), "", "", ""], rows)
    if pin is not None:
        click.echo(f"{_say('pinned', lang)}: {pin.version} · {pin.reason} · {pin.who} · {pin.at}")


@sets.command()
@click.argument("version")
@json_option
@language_option
def show(version: str, *, as_json: bool, lang: str) -> None:
    """查看规则集 · Show one kept set, and where its files are."""
    from services.workbench.rule_sets import details_of

    found = details_of(_archive(), version)
    if as_json:
        print_json(found)
    else:
        click.echo(f"{found.version} · {found.folder} · {found.files} {_say('files', lang)}")
        click.echo(" · ".join(f"{kind} {count}" for kind, count in found.rules.items()))
        for moment in found.accepted_at:
            click.echo(f"{_say('accepted', lang)} {moment.astimezone():%Y-%m-%d %H:%M:%S}")
        if found.pin is not None:
            click.echo(f"{_say('pinned', lang)} · {found.pin.reason} · {found.pin.who} · {found.pin.at}")
        if found.fault is not None:
            click.echo(f"✗ {found.fault}")
    raise SystemExit(int(not found.is_sound))


@sets.command()
@click.argument("version")
@click.option("--reason", required=True, help="原因 · Why")
@_who_option
@json_option
@language_option
def pin(version: str, reason: str, who: str | None, *, as_json: bool, lang: str) -> None:
    """钉住规则集 · Have every process use a kept set, whatever the folder of rules says."""
    from services.workbench.rule_sets import pin_set

    _told(pin_set(_archive(), version, reason=reason, who=who or _user(), at=datetime.now(UTC)), lang, as_json=as_json)


@sets.command()
@click.option("--reason", default="", help="原因 · Why")
@_who_option
@json_option
@language_option
def rollback(reason: str, who: str | None, *, as_json: bool, lang: str) -> None:
    """回退 · Pin the set that was in force before the present one; again: the one before that."""
    from services.workbench.rule_sets import roll_back

    _told(roll_back(_archive(), reason=reason, who=who or _user(), at=datetime.now(UTC)), lang, as_json=as_json)


@sets.command()
@json_option
@language_option
def unpin(*, as_json: bool, lang: str) -> None:
    """取消钉住 · Go back to the folder of rules."""
    was_pinned = _archive().remove_pin()
    if as_json:
        print_json({"was_pinned": was_pinned})
    else:
        click.echo(f"{_say('unpinned', lang)}; {_NEXT[lang]}" if was_pinned else _say("nothing was pinned", lang))


def _archive() -> "RuleArchive":
    from shared.rulekit.in_force.archive import RuleArchive

    return RuleArchive(Environment(os.environ).rule_sets())


def _told(done: "Pin", lang: str, *, as_json: bool) -> None:
    if as_json:
        print_json(done)
    else:
        click.echo(f"{_say('pinned', lang)} {done.version} · {done.reason} · {done.who}\n{_NEXT[lang]}")


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user without a name, as in a container
        return str(os.getuid())
