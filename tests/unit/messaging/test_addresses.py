"""Who reaches the bus under which address, and until when somebody waits for an answer."""

import time

import pytest

from shared.kernel.environment import FaultySettings
from shared.messaging import wire
from shared.messaging.settings import BusSettings
from shared.messaging.topology import patience, reply_address


def test_each_service_may_have_a_user_of_its_own() -> None:
    settings = BusSettings.from_environment({"BANYAN_AMQP_URL": "amqp://banyan_{service}@broker/banyan"})
    assert settings.for_service("governance").amqp_url == "amqp://banyan_governance@broker/banyan"
    assert settings.for_service("operator").amqp_url == "amqp://banyan_operator@broker/banyan"


def test_the_address_of_one_service_goes_before_that_of_all() -> None:
    settings = BusSettings.from_environment(
        {"BANYAN_AMQP_URL": "amqp://all@broker/", "BANYAN_AMQP_URL_CUSTOMER_VIEW": "amqps://one@broker/"}
    )
    assert settings.for_service("customer_view").amqp_url == "amqps://one@broker/"
    assert settings.for_service("channels").amqp_url == "amqp://all@broker/"


def test_a_faulty_address_of_one_service_is_named() -> None:
    with pytest.raises(FaultySettings, match="BANYAN_AMQP_URL_CHANNELS must begin with amqp://"):
        BusSettings.from_environment({"BANYAN_AMQP_URL_CHANNELS": "http://broker"})


def test_waiting_for_a_service_is_bounded_by_the_settings_and_by_the_call() -> None:
    settings = BusSettings.from_environment({"BANYAN_RPC_SECONDS": "governance=5, governance_bulk=40,channels=0.5"})
    assert patience("governance", 30.0, settings) == 5.0
    assert patience("governance_bulk", 30.0, settings) == 30.0
    assert patience("governance_bulk", 60.0, settings) == 40.0
    assert patience("channels_bulk", 30.0, settings) == 0.5
    assert patience("catalogue", 30.0, settings) == 30.0


@pytest.mark.parametrize("odd", ["governance", "governance=soon", "=5", "governance=-1", "governance=nan"])
def test_a_senseless_patience_is_named(odd: str) -> None:
    with pytest.raises(FaultySettings, match="BANYAN_RPC_SECONDS must be service=seconds"):
        BusSettings.from_environment({"BANYAN_RPC_SECONDS": odd})


def test_a_reply_address_says_whose_it_is() -> None:
    assert reply_address("crm", "0af7") == "reply.crm.0af7"
    assert reply_address("", "0af7") == "reply.anybody.0af7"


def test_a_sender_that_still_waits_is_not_late() -> None:
    assert wire.late_by({wire.DEADLINE: wire.deadline(30.0)}) == 0.0


def test_a_deadline_that_passed_tells_by_how_much() -> None:
    late = wire.late_by({wire.DEADLINE: round((time.time() - 100) * 1000)})
    assert 99 < late < 200


@pytest.mark.parametrize("odd", [None, "soon", -1, 0, 1.5, True, [], {}])
def test_a_senseless_deadline_counts_as_none(odd: object) -> None:
    assert wire.late_by({wire.DEADLINE: odd}) == 0.0
