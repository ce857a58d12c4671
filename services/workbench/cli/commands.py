"""The table of commands: where each lives, and its one line of help."""

from importlib.metadata import version

import click

from services.workbench.cli.lazy import LazyGroup

_HERE = "services.workbench.cli"

_COMMANDS = {
    "demo": (f"{_HERE}.demo:demo", "一条命令演练全省活动 · Run a province's campaigns here and report"),
    "serve": (f"{_HERE}.serving:serve", "运行服务 · Run services against RabbitMQ"),
    "migrate": (f"{_HERE}.serving:migrate", "更新数据库 · Bring databases up to date"),
    "status": (f"{_HERE}.status:status", "查看服务状态 · Ask every service whether it is well"),
    "rules": (f"{_HERE}.rules:rules", "规则：检查、测试、预览 · Check, test, preview and follow the rules"),
    "customers": (f"{_HERE}.customers:customers", "导入客户 · Import subscribers"),
    "feeds": (f"{_HERE}.feeds:feeds", "批量数据接入 · Bring in BOSS's files and streams, at full speed"),
    "campaigns": (f"{_HERE}.campaigns:campaigns", "活动状态与评估 · Where campaigns stand, how they went"),
    "governance": (f"{_HERE}.governance:governance", "触达决定与名单 · Decisions about contacts; the lists"),
    "dead-letters": (f"{_HERE}.dead_letters:dead_letters", "处理死信 · Look at parked messages, replay or drop them"),
    "broker": (f"{_HERE}.broker:broker", "消息中间件：用户、权限、队列 · RabbitMQ's users, permissions and queues"),
    "sandbox": (f"{_HERE}.sandbox:sandbox", "沙箱联调 · Play CRM, ISMP, the SMS gateway and BOSS"),
    "backup": (f"{_HERE}.backup:backup", "备份与恢复 · Back the databases up, restore them, check the ledger"),
    "completion": (f"{_HERE}.completion:completion", "命令补全脚本 · Print a shell's completion script"),
}


@click.group(cls=LazyGroup, lazy=_COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("banyan"), prog_name="banyan")
def banyan() -> None:
    """Decide whom to contact, with what, through which channel. 榕：该联系谁、推荐什么、走哪个渠道.

    Exit codes: 0 done, 1 failed or faults found, 2 asked wrongly.
    """
