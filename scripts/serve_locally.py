"""Try the distributed form on this machine: private servers, migrated databases, every service as a process.

`python -m scripts.serve_locally [SERVICE…]` runs until Ctrl-C; nothing is left behind.
"""

import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

from services.workbench.registry import SERVICES
from tests.support.processes import MissingServerError
from tests.support.servers import find_postgres, find_rabbitmq

_BANYAN = str(Path(sys.executable).with_name("banyan"))


def main() -> int:
    """Start servers and services, say how to reach them, and wait."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    chosen = sys.argv[1:] or ["all"]
    try:
        return _serve(chosen)
    except MissingServerError as missing:
        sys.stderr.write(f"{missing}\n")
        return 1
    except KeyboardInterrupt:
        return 0


def _serve(chosen: list[str]) -> int:
    postgres, broker = find_postgres(), find_rabbitmq()
    try:
        made = [postgres.create_database(f"banyan_{service}_{os.getpid()}") for service in SERVICES]
        vhost = broker.create_vhost()
        addresses = {
            "BANYAN_AMQP_URL": vhost,
            "BANYAN_DATABASE_URL": postgres.url_of(f"banyan_{{service}}_{os.getpid()}"),
        }
        try:
            return _run(chosen, addresses)
        finally:
            broker.delete_vhost(vhost)
            for url in made:
                postgres.drop_database(url)
    finally:
        broker.stop()
        postgres.stop()


def _run(chosen: list[str], addresses: dict[str, str]) -> int:
    environment = os.environ | addresses
    migrated = subprocess.run([_BANYAN, "migrate"], env=environment, check=False)
    if migrated.returncode:
        return migrated.returncode
    exports = "\n".join(f"  export {name}={shlex.quote(value)}" for name, value in addresses.items())
    sys.stdout.write(f"\nIn another terminal:\n{exports}\n  .venv/bin/banyan status\n\nCtrl-C ends everything.\n\n")
    sys.stdout.flush()
    # A session of its own: Ctrl-C reaches us alone, and the services get one signal, which they obey gracefully.
    with subprocess.Popen([_BANYAN, "serve", *chosen], env=environment, start_new_session=True) as services:
        try:
            return services.wait()
        except KeyboardInterrupt:
            services.terminate()
            services.wait()
            return 0


if __name__ == "__main__":
    raise SystemExit(main())
