"""The health check of a container: `python -m services.workbench.container_health`.

Two questions, both with an end: does this very process still turn (its page of figures), and does a worker of the
service answer a `ping` over the bus. With several replicas the second may be answered by another one, hence the first.
`banyan status` says more and costs more; this runs again and again beside the work (docker/Dockerfile: how often).
"""

import os
import sys
from collections.abc import Mapping
from contextlib import closing
from http.client import HTTPConnection, HTTPException

from shared.kernel.faults import Fault
from shared.messaging.client import BanyanClient
from shared.messaging.settings import BusSettings
from shared.messaging.topology import BULK_SUFFIX

_SECONDS = 3.0


def what_is_wrong(environment: Mapping[str, str]) -> str | None:
    """Return in one line why the service named by BANYAN_SERVICE is ill, None where it is well.

    Raises FaultySettings.
    """
    settings = BusSettings.from_environment(environment)
    service = environment.get("BANYAN_SERVICE", "")
    if not service:
        return "BANYAN_SERVICE does not say which service to ask"
    if settings.metrics_port and (reason := _silence(settings.metrics_port)):
        return reason
    return _unanswered(settings.for_service(service).amqp_url, service)


def _silence(port: int) -> str | None:
    try:
        with closing(HTTPConnection("127.0.0.1", port, timeout=_SECONDS)) as line:
            line.request("GET", "/metrics")
            line.getresponse()
    except (OSError, HTTPException) as fault:
        return f"this process shows no figures: {fault}"
    return None


def _unanswered(url: str, service: str) -> str | None:
    try:
        with BanyanClient(url, name=f"health of {service}") as client:
            for container in (service, service + BULK_SUFFIX):
                client.call(container, "ping", timeout=_SECONDS)
    except Fault as fault:
        return f"{fault.code}: {fault.message}"
    return None


def main() -> int:
    """Print what is wrong, if anything is; return the exit code."""
    try:
        reason = what_is_wrong(os.environ)
    except Fault as fault:
        reason = f"{fault.code}: {fault.message}"
    if reason:
        sys.stdout.write(reason + "\n")
    return 1 if reason else 0


if __name__ == "__main__":
    sys.exit(main())
