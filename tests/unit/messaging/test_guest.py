"""The password that everybody knows is taken for a broker on this machine alone."""

import pytest

from shared.kernel.environment import FaultySettings
from shared.messaging.settings import BusSettings


@pytest.mark.parametrize(
    "url",
    [
        "amqp://guest:guest@broker:5672/",
        "amqps://guest:guest@10.0.0.7/banyan",
        "amqp://broker/",
        "amqp://guest@broker/",
    ],
)
def test_guest_is_refused_elsewhere(url: str) -> None:
    for name in ("BANYAN_AMQP_URL", "BANYAN_AMQP_URL_GOVERNANCE"):
        with pytest.raises(FaultySettings, match="guest/guest is for a broker on this machine alone"):
            BusSettings.from_environment({name: url})


@pytest.mark.parametrize(
    "url", ["amqp://guest:guest@127.0.0.1:5672/", "amqp://localhost/", "amqp://banyan:word@broker/"]
)
def test_guest_here_and_users_elsewhere_are_taken(url: str) -> None:
    assert BusSettings.from_environment({"BANYAN_AMQP_URL": url}).amqp_url == url
