"""The composition root: which adapters stand behind the ports."""

import secrets
import time
from collections.abc import Mapping
from pathlib import Path

from nameko.extensions import DependencyProvider

from services.channels.adapters.governance import BULK, INTERACTIVE, RemoteGovernance
from services.channels.adapters.hall import Hall
from services.channels.adapters.hotline import Hotline
from services.channels.adapters.outbound_call import OutboundCall
from services.channels.adapters.simulator import Simulator
from services.channels.adapters.sms import Sms
from services.channels.adapters.sms_http import HttpSmsGateway
from services.channels.adapters.store import SqlStore
from services.channels.adapters.web import Web
from services.channels.application.ports import ChannelAdapter
from services.channels.application.running import Runner
from services.channels.application.use_cases import UseCases
from services.channels.domain.words import Channel
from services.channels.settings import Settings
from shared.contracts.wire import CHANNELS
from shared.kernel.clock import Clock, SystemClock
from shared.messaging.calling import RpcCaller
from shared.messaging.container import URL_KEY
from shared.messaging.green_caller import GreenCaller
from shared.persistence import opening
from shared.persistence.database import Database

MIGRATIONS = Path(__file__).parent / "migrations"
_SCREEN_SHARE = 1 / 3  # somebody waits for the list


def open_database(settings: Settings) -> Database:
    """Return this service's database, brought up to date; the same object for all who hold it in this process."""
    return opening.open_database(settings.database_url, MIGRATIONS)


def build(settings: Settings, clock: Clock | None, caller: RpcCaller) -> UseCases:
    """Put the service together; a `clock` given here replaces the settings' and switches the timer off."""
    store = SqlStore(open_database(settings))
    now = clock or settings.clock
    runner = Runner(
        store=store,
        adapters=adapters_of(settings),
        governance=RemoteGovernance(caller, BULK, settings.recheck_seconds),
        clock=now,
        machine_clock=SystemClock(),
        new_lease=lambda: secrets.token_hex(8),
        breathe=lambda: time.sleep(0),
    )
    screens = RemoteGovernance(caller, INTERACTIVE, settings.recheck_seconds * _SCREEN_SHARE)
    return UseCases(store, runner, screens, now, is_timed=clock is None)


def adapters_of(settings: Settings) -> Mapping[Channel, ChannelAdapter]:
    """Return the adapter of each channel: the simulator for all, or the real ones."""
    if settings.mode == "simulated":
        simulator = Simulator(settings.seed)
        return dict.fromkeys(CHANNELS, simulator)
    if settings.sms_gateway_url is None:  # settings read from an environment cannot come here without one
        message = "real channels need an SMS gateway"
        raise ValueError(message)
    return {
        "hall": Hall(),
        "outbound_call": OutboundCall(),
        "hotline": Hotline(),
        "sms": Sms(HttpSmsGateway(settings.sms_gateway_url)),
        "web": Web(),
    }


class Dependencies(DependencyProvider):
    """Gives workers the use cases, built once when the container starts.

    `container.config["BANYAN"]` carries `settings` (a mapping like the environment) and `clock` (or None).
    """

    def setup(self) -> None:
        """Read the settings and build; a fault here keeps the container from starting."""
        given = self.container.config["BANYAN"]
        name = f"{self.container.service_name} caller"
        self._caller = GreenCaller(self.container.config[URL_KEY], name=name, settings=self.container.settings)
        self._use_cases = build(Settings.read(given["settings"]), given.get("clock"), self._caller)

    def stop(self) -> None:
        """Hang up."""
        self._caller.close()

    def get_dependency(self, worker_ctx: object) -> UseCases:  # noqa: ARG002 - nameko's signature
        """Return the use cases."""
        return self._use_cases
