"""The composition root: which adapters stand behind the ports."""

import time
import uuid
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from nameko.extensions import DependencyProvider

from services.campaigns.adapters.background import NoBackground, ThreadedBackground
from services.campaigns.adapters.channels import RemoteChannels
from services.campaigns.adapters.chronicle_store import ChronicleStore
from services.campaigns.adapters.customer_view import RemoteCustomerView
from services.campaigns.adapters.evaluation_store import EvaluationStore
from services.campaigns.adapters.fulfilment_http import HttpFulfilment
from services.campaigns.adapters.fulfilment_simulated import SimulatedFulfilment
from services.campaigns.adapters.governance import INTERACTIVE, RemoteGovernance
from services.campaigns.adapters.rules import FolderRules
from services.campaigns.adapters.store import SqlStore
from services.campaigns.application.advise import Advising
from services.campaigns.application.case_work import CaseWork
from services.campaigns.application.decisions import Decisions
from services.campaigns.application.evaluate import Evaluate
from services.campaigns.application.kept_setting import KeptSetting
from services.campaigns.application.listening import Listening
from services.campaigns.application.offers import Question
from services.campaigns.application.ports import Background, Channels, CustomerView, Fulfilment, Governance, Rules
from services.campaigns.application.responding import Responding
from services.campaigns.application.run_due import RunDue, Sizes
from services.campaigns.application.tell import Tell
from services.campaigns.application.use_cases import UseCases
from services.campaigns.settings import SERVICE, Settings
from shared.contracts.campaigns import Recommendation
from shared.kernel.clock import Clock
from shared.messaging.calling import RpcCaller
from shared.messaging.coalescing import Coalescer
from shared.messaging.container import URL_KEY
from shared.messaging.green_caller import GreenCaller
from shared.observability.rules_in_force import open_rules
from shared.persistence import Database, opening

MIGRATIONS = Path(__file__).parent / "migrations"
_DESK_SECONDS = 10.0  # somebody stands at the counter
_QUESTIONS = 32  # answered together at most
_UNDER_WAY = 2  # batches at a time: one is with governance while the next is judged; more would only be smaller
_COMPANY_SECONDS = 0.002  # for which a lone question waits for others


def open_database(settings: Settings) -> Database:
    """Return this service's database, brought up to date; the same object for all who hold it in this process."""
    return opening.open_database(settings.database_url, MIGRATIONS)


def build(settings: Settings | Mapping[str, str], clock: Clock | None, caller: RpcCaller) -> UseCases:
    """Put the service together from settings (or a mapping like the environment).

    `clock` replaces the settings' clock and switches the timer off: whoever steers the time says what is due.
    """
    read = settings if isinstance(settings, Settings) else Settings.read(settings)
    return assemble(
        open_database(read),
        clock=clock or read.clock,
        view=RemoteCustomerView(caller),
        governance=RemoteGovernance(caller),
        desk_governance=RemoteGovernance(caller, INTERACTIVE, _DESK_SECONDS),
        channels=RemoteChannels(caller),
        fulfilment=fulfilment_of(read),
        rules=FolderRules(open_rules(read.rules, read.rule_sets, SERVICE), read.compare_share),
        has_timers=read.has_timers and clock is None,
        background=ThreadedBackground(),
        decisions_kept=read.decisions_kept,
    )


def assemble(
    database: Database,
    *,
    clock: Clock,
    view: CustomerView,
    governance: Governance,
    desk_governance: Governance,
    channels: Channels,
    fulfilment: Fulfilment,
    rules: Rules,
    has_timers: bool,
    background: Background | None = None,
    machine_clock: Clock | None = None,
    sizes: Sizes | None = None,
    decisions_kept: timedelta = timedelta(days=30),
) -> UseCases:
    """Put the service together from its ports; `machine_clock` counts leases, the machine's own by default."""
    store = SqlStore(database)
    evaluations = EvaluationStore(database)
    advising = Advising(store, desk_governance, clock, KeptSetting(store, rules, clock, time.monotonic))
    questions: Coalescer[Question, Recommendation] = Coalescer(
        advising.recommend_many, _QUESTIONS, _COMPANY_SECONDS, max_batches=_UNDER_WAY
    )
    return UseCases(
        cases=CaseWork(store, rules, clock),
        runs=RunDue(
            store,
            view=view,
            governance=governance,
            channels=channels,
            fulfilment=fulfilment,
            rules=rules,
            background=background or NoBackground(),
            clock=clock,
            holder=uuid.uuid4().hex,
            machine_clock=machine_clock,
            sizes=sizes,
        ),
        listening=Listening(store, clock),
        results=Evaluate(store, evaluations),
        tell=Tell(store, evaluations, ChronicleStore(database)),
        recommend=questions.ask,
        responding=Responding(store, clock),
        decisions=Decisions(store, clock, decisions_kept),
        has_timers=has_timers,
    )


def fulfilment_of(settings: Settings) -> Fulfilment:
    """Return CRM and ISMP: simulated, or over HTTP."""
    if settings.fulfilment == "simulated":
        return SimulatedFulfilment(settings.seed)
    return HttpFulfilment.connect(settings.crm_url, settings.ismp_url)


class Dependencies(DependencyProvider):
    """Gives workers the use cases, built once when the container starts.

    `container.config["BANYAN"]` carries `settings` (a mapping like the environment) and `clock` (or None).
    """

    def setup(self) -> None:
        """Read the settings and build; a fault here keeps the container from starting."""
        given = self.container.config["BANYAN"]
        name = f"{self.container.service_name} caller"
        self._caller = GreenCaller(self.container.config[URL_KEY], name=name, settings=self.container.settings)
        self._use_cases = build(given["settings"], given.get("clock"), self._caller)

    def stop(self) -> None:
        """Hang up."""
        self._caller.close()

    def get_dependency(self, worker_ctx: object) -> UseCases:  # noqa: ARG002 - nameko's signature
        """Return the use cases."""
        return self._use_cases
