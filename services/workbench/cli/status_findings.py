"""What `banyan status` makes of what it saw: each thing that is wrong, in two languages, with what to do next."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

import msgspec

from shared.messaging.queue_depths import QueueDepth
from shared.messaging.roll_call import Presence

_SKEW_SECONDS = 2.0
_LAG_SECONDS = 60.0
_STALE_SECONDS = 60.0
DEAD = "dead."


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What one container said to `ping`, or why it said nothing; times in milliseconds and seconds."""

    container: str
    is_well: bool
    answered_in_ms: float | None = None
    clock_skew_s: float | None = None
    rule_set: str | None = None
    database: bool | None = None
    outbox_rows: int | None = None
    outbox_oldest_seconds: float | None = None
    fault: str | None = None


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """All that was seen at one moment: answers to `ping`, processes on the roll, queues."""

    at: datetime
    containers: Sequence[Answer]
    replicas: dict[str, int]
    """How many consumers the request queue of each container has."""
    silent: dict[str, int]
    """How many of them did not answer the roll call."""
    processes: Sequence[Presence]
    queues: Sequence[QueueDepth]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong."""

    code: str
    about: str
    zh: str
    en: str
    next_zh: str
    next_en: str


def findings_of(seen: Seen) -> list[Finding]:
    """Return everything that is wrong, the worst first; nothing when all is well."""
    return [*_services(seen), *_databases(seen), *_queues(seen.queues), *_outboxes(seen), *_rules(seen)]


def _services(seen: Seen) -> Iterator[Finding]:
    for one in seen.containers:
        if not seen.replicas.get(one.container) and not one.is_well:
            yield Finding(
                code="not_running",
                about=one.container,
                zh=f"{one.container} 没有进程在运行",
                en=f"nobody runs {one.container}",
                next_zh=f"启动：banyan serve {one.container}（容器：docker compose up -d）",
                next_en=f"start it: banyan serve {one.container} (containers: docker compose up -d)",
            )
        elif one.fault is not None:
            yield Finding(
                code="no_answer",
                about=one.container,
                zh=f"{one.container} 不应答：{one.fault}",
                en=f"{one.container} does not answer: {one.fault}",
                next_zh="看该服务日志；工作线程是否用尽（banyan_workers_busy）？必要时重启",
                next_en="read its log; are all workers busy (banyan_workers_busy)? restart it if need be",
            )
        if abs(one.clock_skew_s or 0.0) > _SKEW_SECONDS:
            yield Finding(
                code="clock_skew",
                about=one.container,
                zh=f"{one.container} 的时钟与本机相差 {one.clock_skew_s:+.1f} 秒",
                en=f"the clock of {one.container} differs from ours by {one.clock_skew_s:+.1f} s",
                next_zh="检查两边的 NTP",
                next_en="check NTP on both machines",
            )
    for container, count in seen.silent.items():
        yield Finding(
            code="silent_replicas",
            about=container,
            zh=f"{container} 有 {count} 个副本连着总线却不应答",
            en=f"{count} replicas of {container} hold a connection and do not answer",
            next_zh="在各主机找出该进程，看日志，重启",
            next_en="find the process on its host, read its log, restart it",
        )


def _databases(seen: Seen) -> Iterator[Finding]:
    lost = dict.fromkeys(one.container.removesuffix("_bulk") for one in _all(seen) if one.database is False)
    for service in lost:
        yield Finding(
            code="database_unreachable",
            about=service,
            zh=f"{service} 连不上它的数据库",
            en=f"{service} does not reach its database",
            next_zh="检查 PostgreSQL 是否在运行、口令与网络；恢复后服务自行继续",
            next_en="is PostgreSQL up, are password and network right? services go on by themselves afterwards",
        )


def _queues(queues: Sequence[QueueDepth]) -> Iterator[Finding]:
    for queue in queues:
        if queue.name.startswith(DEAD) and queue.messages:
            work = queue.name.removeprefix(DEAD)
            then = "drop" if work.startswith("rpc-") else "replay"
            yield Finding(
                code="dead_letters",
                about=work,
                zh=f"{work} 有 {queue.messages} 条死信",
                en=f"{queue.messages} parked messages of {work}",
                next_zh=f"看原因：banyan dead-letters show {work}；排除后 banyan dead-letters {then} {work}",
                next_en=f"see why: banyan dead-letters show {work}; once mended: banyan dead-letters {then} {work}",
            )
        elif queue.name.startswith("evt-") and not queue.consumers:
            yield Finding(
                code="nobody_listens",
                about=queue.name,
                zh=f"事件队列 {queue.name} 没有消费者，积压 {queue.messages} 条",
                en=f"nobody consumes the events of {queue.name}: {queue.messages} wait",
                next_zh="启动该服务；若是改名留下的旧队列，删除它",
                next_en="start the service; delete the queue if it was left behind by a renamed handler",
            )


def _outboxes(seen: Seen) -> Iterator[Finding]:
    lags: dict[str, float] = {}
    for one in _all(seen):
        service = one.container.removesuffix("_bulk")
        lags[service] = max(lags.get(service, 0.0), one.outbox_oldest_seconds or 0.0)
    for service, lag in lags.items():
        if lag > _LAG_SECONDS:
            yield Finding(
                code="outbox_lag",
                about=service,
                zh=f"{service} 的发件箱滞后 {lag:.0f} 秒",
                en=f"the outbox of {service} lags {lag:.0f} s behind",
                next_zh="看日志中的 relay_waits、relay_ended；总线能否接收？",
                next_en="look for relay_waits and relay_ended in its log; does the broker take messages?",
            )


def _rules(seen: Seen) -> Iterator[Finding]:
    sets = sorted({one.rule_set for one in _all(seen) if one.rule_set})
    if len(sets) > 1:
        yield Finding(
            code="rule_drift",
            about=", ".join(sets),
            zh=f"各进程的规则集不一致：{'、'.join(sets)}",
            en=f"processes run different rule sets: {', '.join(sets)}",
            next_zh="几秒后再看；仍不一致则 banyan rules status",
            next_en="look again in some seconds; if it stays: banyan rules status",
        )
    for one in seen.processes:
        if one.fault_count and one.stale_seconds > _STALE_SECONDS:
            yield Finding(
                code="rules_refused",
                about=one.container,
                zh=f"{one.container} 拒绝了新规则，沿用旧规则 {one.stale_seconds:.0f} 秒：{one.faults[0]}",
                en=f"{one.container} refused changed rules {one.stale_seconds:.0f} s ago: {one.faults[0]}",
                next_zh="改正后 banyan rules check",
                next_en="mend them, then banyan rules check",
            )


def _all(seen: Seen) -> Iterable[Answer | Presence]:
    return (*seen.containers, *seen.processes)
