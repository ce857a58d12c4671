"""`banyan broker`: users, permissions, queues and policies of RabbitMQ, written down, applied and compared."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
import msgspec

from services.workbench.cli.console import json_option, print_json, print_table
from shared.messaging.settings import BusSettings

if TYPE_CHECKING:
    from services.workbench.broker.integrators import Integrator
    from services.workbench.broker.management import Management
    from services.workbench.broker.surface import Surface

INTEGRATORS = Path("docker/rabbitmq/integrators.yaml")
Command = TypeVar("Command", bound=Callable[..., Any])


def integrators_option(command: Command) -> Command:
    """Give a command `--integrators`."""
    kind = click.Path(path_type=Path, dir_okay=False)
    return click.option(
        "--integrators",
        "file",
        type=kind,
        default=INTEGRATORS,
        envvar="BANYAN_INTEGRATORS",
        show_default=True,
        help="集成方清单 · File of integrators",
    )(command)


@click.group()
def broker() -> None:
    """消息中间件：用户、权限、队列 · RabbitMQ's users, permissions, queues and policies."""


@broker.command("definitions")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="写入文件 · File to write")
@click.option("--without-passwords", is_flag=True, help="不含密码散列 · Leave the hashes out: nobody can log in")
@click.option("--mode", default="640", show_default=True, help="文件权限（八进制）· Mode of the file, octal")
@integrators_option
def write_definitions(out: Path, file: Path, mode: str, *, without_passwords: bool) -> None:
    """生成 definitions.json · Write the definitions a broker loads when it starts.

    Passwords come from BANYAN_AMQP_PASSWORD_<USER> (ADMIN, OPERATOR, GOVERNANCE, …, and each integrator); only their
    salted hashes are written.
    """
    from services.workbench.broker.definitions import definitions
    from services.workbench.broker.passwords import hash_of, passwords_of
    from services.workbench.broker.users import all_users

    settings, offered, integrators = _read(file)
    users = all_users(integrators, offered.sources)
    passwords = {} if without_passwords else passwords_of(users, os.environ)
    hashes = {name: hash_of(password) for name, password in passwords.items()}
    document = definitions(settings, offered, integrators, hashes)
    _write(out, msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n", int(mode, 8))
    click.echo(f"{out}: {len(users)} users, {len(document['queues'])} queues")


@broker.command()
@integrators_option
@click.option("--prune", is_flag=True, help="删除多余的用户与绑定 · Remove users and bindings nobody asked for")
@json_option
def apply(file: Path, *, prune: bool, as_json: bool) -> None:
    """更新运行中的 RabbitMQ · Bring a running broker to what it should be (BANYAN_RABBITMQ_API); safe to repeat.

    New passwords in the environment replace the old ones: connections stay, the next login needs the new one.
    """
    from services.workbench.broker import applying
    from services.workbench.broker.definitions import definitions
    from services.workbench.broker.passwords import passwords_of
    from services.workbench.broker.users import all_users

    settings, offered, integrators = _read(file)
    passwords = passwords_of(all_users(integrators, offered.sources), os.environ)
    with _management() as management:
        found = management.definitions()
        wanted = definitions(settings, offered, integrators, applying.hashes_for(passwords, found))
        changed = applying.apply(management, wanted, found, passwords, prune=prune)
    if as_json:
        print_json(changed)
    else:
        click.echo(f"{sum(one.problem != 'unexpected' for one in changed)} things brought up to date")


@broker.command()
@integrators_option
@json_option
@click.pass_context
def check(ctx: click.Context, file: Path, *, as_json: bool) -> None:
    """比较 RabbitMQ 与应有状态 · Compare a running broker with what it should be; exit code 1 if it differs.

    Passwords are compared where the environment holds them.
    """
    from services.workbench.broker.comparing import differences
    from services.workbench.broker.definitions import definitions
    from services.workbench.broker.passwords import VARIABLE
    from services.workbench.broker.users import all_users

    settings, offered, integrators = _read(file)
    told = {
        user.name: os.environ.get(f"{VARIABLE}_{user.variable}") for user in all_users(integrators, offered.sources)
    }
    with _management() as management:
        found = management.definitions()
    wanted = definitions(settings, offered, integrators, {})
    differing = differences(wanted, found, {name: password for name, password in told.items() if password})
    if as_json:
        print_json(differing)
    elif differing:
        print_table(["", "name", "problem"], [(one.kind, one.name, one.problem) for one in differing])
    else:
        click.echo("the broker is as it should be")
    ctx.exit(1 if differing else 0)


@broker.group()
def integrator() -> None:
    """集成方 · Systems that connect to Banyan."""


@integrator.command()
@click.argument("name")
@click.option(
    "--calls", default="", help="可调用的方法，逗号分隔 · Methods it may call, with commas: campaigns.recommend,…"
)
@click.option("--events", default="", help="可读取的事件 · Events it may read: channels.outcomes_recorded,…")
@integrators_option
def add(name: str, calls: str, events: str, file: Path) -> None:
    """登记集成方 · Add an integrator to the file; `banyan broker apply` then makes it.

    Its events wait in the queue NAME.events. Set BANYAN_AMQP_PASSWORD_<NAME> before `apply`.
    """
    from services.workbench.broker.integrators import Integrator, add_integrator, refuse_faulty
    from services.workbench.broker.surface import surface

    queues = {f"{name}.events": _listed(events)} if events else {}
    one = Integrator(name=name, calls=_listed(calls), queues=queues)
    offered = surface(BusSettings())
    refuse_faulty([one], offered.methods, offered.events, file)
    add_integrator(file, one)
    click.echo(f"{name} is in {file}; set BANYAN_AMQP_PASSWORD_{name.upper()}, then: banyan broker apply")


def _read(file: Path) -> "tuple[BusSettings, Surface, list[Integrator]]":
    from services.workbench.broker.integrators import read_integrators
    from services.workbench.broker.surface import surface

    settings = BusSettings.from_environment(os.environ)
    offered = surface(settings)
    return settings, offered, read_integrators(file, offered.methods, offered.events)


def _management() -> "Management":
    from services.workbench.broker.management import Management

    return Management(os.environ.get("BANYAN_RABBITMQ_API", ""), os.environ.get("BANYAN_RABBITMQ_CAFILE"))


def _write(out: Path, content: bytes, mode: int) -> None:
    """Write a file that nobody else can read meanwhile, at once."""
    partial = out.with_name(f"{out.name}.partial")
    partial.touch(mode=0o600)
    partial.write_bytes(content)
    partial.chmod(mode)
    partial.replace(out)


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
