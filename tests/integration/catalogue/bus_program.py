"""Runs both catalogue classes on the embedded bus with a listener, and prints what came of it as JSON."""

# ruff: noqa: E402 - eventlet must patch the process before anything else is imported
from shared.messaging.green import go_green

go_green()

import json
import sys
from pathlib import Path

from services.catalogue.adapters.offering_files import read_offerings
from services.catalogue.dependencies import open_database
from services.catalogue.service import Catalogue, CatalogueBulk
from services.catalogue.settings import Settings
from shared.contracts.catalogue import Offering, OfferingFilters, OfferingList, OfferingsChanged
from shared.contracts.customer_view import UpsertResult
from shared.kernel.faults import Fault
from shared.messaging.embedded import EmbeddedBus
from shared.messaging.entrypoints import event
from shared.messaging.relay import OutboxSource
from tests.unit.catalogue.making import asked

heard: list[str] = []


class Listener:
    """Stands for campaigns."""

    name = "listener"

    @event("catalogue", "offerings_changed")
    def on_changed(self, event_id: str, event: OfferingsChanged) -> None:
        assert event_id
        heard.extend(offering.offering_id for offering in event.offerings)


def main(var: str) -> None:
    rules = Path(__file__).parents[3] / "rules"
    env = {"BANYAN_VAR": var, "BANYAN_RULES_DIR": str(rules)}
    outboxes = [OutboxSource("catalogue", open_database(Settings.read(env)))]
    offerings = list(read_offerings(rules / "catalogue").offerings)
    codes: list[str] = []
    with EmbeddedBus([Catalogue, CatalogueBulk, Listener], {"BANYAN": {"settings": env}}, outboxes=outboxes) as bus:
        ask = bus.caller.call

        def fails(method: str, **arguments: object) -> None:
            try:
                ask("catalogue", method, arguments, Offering)
            except Fault as fault:
                codes.append(f"{fault.code} {fault.details.get('field', '')}".strip())

        whole = ask("catalogue_bulk", "upsert_offerings", {"offerings": offerings}, UpsertResult)
        two = [asked("new-one"), asked("broken", components=["nobody"])]
        mixed = ask("catalogue", "upsert_offerings", {"offerings": two}, UpsertResult)
        fails("get_offering", offering_id="nobody")
        fails("upsert_offerings", offerings=[{"offering_id": "x"}])
        fails("list_offerings", filters={"colour": "red"})
        fails("upsert_offerings", offerings=[asked("a")] * 201)
        bundles = ask("catalogue", "list_offerings", {"filters": OfferingFilters(bundles=True)}, OfferingList)
        bus.settle()
    result = {
        "whole": [whole.written - len(offerings), len(whole.faults)],
        "mixed": [mixed.written, [f"{fault.index} {fault.field}" for fault in mixed.faults]],
        "codes": codes,
        "bundles": [item.offering_id for item in bundles.offerings]
        == sorted(item.offering_id for item in offerings if item.components),
        "heard": sorted(heard) == sorted([item.offering_id for item in offerings] + ["new-one"]),
    }
    sys.stdout.write(json.dumps(result) + "\n")


main(sys.argv[1])
