"""Every user of the broker with exactly what it needs, as plain values: RabbitMQ's patterns, nothing asked of a server.

Three permissions hold per name (of queue or exchange), topic permissions beside them per routing key. What follows
from that: whoever may `configure` a name may declare an exchange of that name and bind it to any exchange it may
write to, past all topic permissions. Integrators therefore configure nothing but queues that the server names
(`amq.gen-…`, reserved: no exchange can be called so); their durable queues are made by the operator.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from services.workbench.broker.integrators import Integrator
from services.workbench.registry import CONTAINERS, SERVICES
from shared.messaging.roll_call import ROLL_CALL
from shared.messaging.stream_queue import FEED_EXCHANGE
from shared.messaging.topology import BULK_SUFFIX
from shared.messaging.wire import DEAD_EXCHANGE, REPLY_ADDRESS, RPC_EXCHANGE

PREFIX = "banyan_"
NOTHING = "^$"
EVERYTHING = ".*"

CALLS: Mapping[str, Sequence[str]] = {
    "campaigns": (
        "channels_bulk.dispatch",
        "customer_view_bulk.audience",
        "customer_view_bulk.audience_page",
        "governance.release",
        "governance.reserve",
        "governance_bulk.release",
        "governance_bulk.reserve",
        "governance_bulk.screen",
    ),
    "channels": ("governance.recheck", "governance_bulk.recheck"),
}
"""What services ask of one another; whoever adds a call adds it here, or the broker refuses it."""

FEED_READER = "customer_view"

_MARK = "[A-Za-z0-9_-]+"
_ANY_REPLY = REPLY_ADDRESS.pattern
_OWN_REPLY = r"reply\.{username}\." + _MARK
_WAITING = r"banyan\.retry\.[0-9]+"


@dataclass(frozen=True, slots=True)
class Permission:
    """Patterns of names: what the user may declare and delete, publish to (or bind), read from (or bind to)."""

    configure: str
    write: str
    read: str


@dataclass(frozen=True, slots=True)
class User:
    """One user of the broker; `topics` holds per topic exchange the routing keys to publish with and to bind."""

    name: str
    permission: Permission
    topics: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    tags: Sequence[str] = ()
    limits: Mapping[str, int] = field(default_factory=dict)

    @property
    def variable(self) -> str:
        """The end of the environment variable that holds the password: `GOVERNANCE` for `banyan_governance`."""
        return self.name.removeprefix(PREFIX).upper()


def all_users(integrators: Iterable[Integrator], sources: Mapping[str, Sequence[str]]) -> list[User]:
    """Return the administrator, the operator, one user per service, and the integrators.

    `sources` names the services whose events a service reads: service → services.
    """
    services = [_service(name, sources.get(name, ())) for name in SERVICES]
    return [_admin(), _operator(), *services, *(_integrator(one) for one in integrators)]


def _service(name: str, sources: Sequence[str]) -> User:
    """Return a service's user: it consumes its own queues, answers, asks what it must, tells its own events."""
    own_queues = rf"rpc-{name}({BULK_SUFFIX})?|evt-.+--{name}({BULK_SUFFIX})?\..+"
    transient = rf"(rpc\.)?reply[-.]{PREFIX}{name}[-.]{_MARK}|roll-call-{name}({BULK_SUFFIX})?-{_MARK}|amq\.gen-.*"
    mine = f"{own_queues}|{transient}" + (rf"|feed\..*|{_either([FEED_EXCHANGE])}" if name == FEED_READER else "")
    read_exchanges = _either([RPC_EXCHANGE, ROLL_CALL, *(f"{source}.events" for source in sources)])
    asked = [*CALLS.get(name, ()), f"{name}.ping", f"{name}{BULK_SUFFIX}.ping"]
    keys = rf"{name}\.\*|{name}{BULK_SUFFIX}\.\*|{_OWN_REPLY}"
    return User(
        PREFIX + name,
        Permission(
            configure=_whole(f"{mine}|{_either([f'{name}.events'])}"),
            write=_whole(f"{_either([RPC_EXCHANGE, f'{name}.events', DEAD_EXCHANGE])}|{_WAITING}|{mine}"),
            read=_whole(f"{mine}|{read_exchanges}"),
        ),
        topics={RPC_EXCHANGE: (_whole(f"{_ANY_REPLY}|{_either(asked)}"), _whole(keys))},
    )


def _operator() -> User:
    """Return whom the command line uses: any method, the roll call, parked messages and where they came from."""
    replies = rf"(rpc\.)?reply[-.]{PREFIX}operator[-.]{_MARK}|amq\.gen-.*"
    exchanges = _either([RPC_EXCHANGE, ROLL_CALL, "amq.default"])
    methods = rf"({'|'.join(CONTAINERS)})\.[a-z_]+"
    return User(
        f"{PREFIX}operator",
        Permission(
            configure=_whole(replies),
            write=_whole(f"{exchanges}|{replies}"),
            read=_whole(rf"{_either([RPC_EXCHANGE])}|dead\..*|{replies}"),
        ),
        topics={RPC_EXCHANGE: (_whole(methods), _whole(_OWN_REPLY))},
        tags=("monitoring",),
    )


def _admin() -> User:
    """Return whom `banyan broker apply` and `check` use."""
    return User(f"{PREFIX}admin", Permission(EVERYTHING, EVERYTHING, EVERYTHING), tags=("administrator",))


def _integrator(one: Integrator) -> User:
    """Return an integrator's user: methods granted to it, answers to itself, its own queues."""
    granted = one.events_by_source()
    queues = rf"amq\.gen-.*|{one.name}\..+"
    readable = _either([RPC_EXCHANGE, *(f"{source}.events" for source in granted)])
    written = _either([RPC_EXCHANGE, *([FEED_EXCHANGE] if one.feeds else [])])
    calls = [*one.calls, *sorted({f"{call.partition('.')[0]}.ping" for call in one.calls})]
    return User(
        one.name,
        Permission(
            configure=_whole(r"amq\.gen-.*"),
            write=_whole(f"{written}|{queues}"),
            read=_whole(f"{readable}|{queues}"),
        ),
        topics={
            RPC_EXCHANGE: (_whole(_either(calls)) if calls else NOTHING, _whole(_OWN_REPLY)),
            **({FEED_EXCHANGE: (_whole(_either(one.feeds)), NOTHING)} if one.feeds else {}),
            **{f"{source}.events": (NOTHING, _whole(_either(types))) for source, types in granted.items()},
        },
        limits={"max-connections": one.connections, "max-channels": one.connections * 8},
    )


def _either(names: Iterable[str]) -> str:
    """Return a pattern for exactly these names."""
    return "|".join(name.replace(".", r"\.") for name in names)


def _whole(pattern: str) -> str:
    return f"^({pattern})$"
