"""Green threads: nameko runs on eventlet, and eventlet must patch a process before that does anything else."""

import os
import warnings


def go_green() -> None:
    """Patch the standard library for eventlet, once.

    Call it as the very first statement of a program that serves or embeds services: before importing sqlalchemy,
    psycopg, kombu or anything that keeps a lock or a socket class. Programs that only speak pika never call it.
    """
    # psycopg 3 waits in C by default, which blocks every green thread of the process; measured in docs/decisions/0005.
    # It reads this when it is imported, so nothing may import it before.
    os.environ.setdefault("PSYCOPG_WAIT_FUNC", "wait_selector")
    with warnings.catch_warnings():
        # eventlet announces its bug-fix mode at every import; the choice is ours (docs/decisions/0002).
        warnings.simplefilter("ignore")
        import eventlet  # noqa: PLC0415 - importing this module must not load eventlet
        import eventlet.patcher  # noqa: PLC0415 - nothing of eventlet before it is asked for

    if not eventlet.patcher.is_monkey_patched("socket"):
        eventlet.monkey_patch()
