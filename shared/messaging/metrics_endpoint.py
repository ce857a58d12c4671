"""The page that Prometheus reads: `GET /metrics` on a port of this process's own."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import eventlet
import eventlet.wsgi
import structlog

from shared.kernel.faults import Unavailable
from shared.observability.metrics import CONTENT_TYPE, exposition

_log = structlog.get_logger(__name__)
_CLIENTS = 8
_IDLE_SECONDS = 10


class MetricsEndpoint:
    """Serves the figures from a green thread; port 0 takes a free one, which is logged.

    Raises Unavailable where the address cannot be had.
    """

    def __init__(self, host: str, port: int) -> None:
        try:
            self._socket = eventlet.listen((host, port), reuse_addr=True, reuse_port=False)
        except OSError as fault:
            message = f"no metrics on {host}:{port} (BANYAN_METRICS_HOST, BANYAN_METRICS_PORT): {fault.strerror}"
            raise Unavailable(message) from None
        self.address: tuple[str, int] = self._socket.getsockname()[:2]
        self._server = eventlet.spawn(
            eventlet.wsgi.server,
            self._socket,
            _page,
            log_output=False,
            max_size=_CLIENTS,
            socket_timeout=_IDLE_SECONDS,
            keepalive=False,
        )
        _log.info("metrics_served", url=f"http://{self.address[0]}:{self.address[1]}/metrics")

    def stop(self) -> None:
        """Answer no more."""
        self._server.kill()
        self._socket.close()


def _page(environ: Mapping[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    if environ.get("PATH_INFO") not in {"/", "/metrics"} or environ.get("REQUEST_METHOD") != "GET":
        start_response("404 Not Found", [("Content-Type", "text/plain")])
        return [b"GET /metrics\n"]
    start_response("200 OK", [("Content-Type", CONTENT_TYPE)])
    return [exposition()]
