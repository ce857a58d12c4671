"""A door before a server: what goes through it can be cut off and let through again, without touching the server."""

import contextlib
import select
import socket
import threading
from types import TracebackType
from typing import Self


class Gate:
    """Passes connections on to a port of this machine; `shut` cuts all and refuses new ones, `open` lets them in."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._is_open = True
        self._ends: list[socket.socket] = []
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self.shut()
        self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def shut(self) -> None:
        """Cut everybody off; who comes now is hung up on at once."""
        with self._lock:
            self._is_open = False
            for end in self._ends:
                with contextlib.suppress(OSError):  # it ended by itself
                    end.shutdown(socket.SHUT_RDWR)
            self._ends.clear()

    def open(self) -> None:
        """Let through who comes from now on."""
        self._is_open = True

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # the listener is shut down
            while True:
                self._admit(self._listener.accept()[0])

    def _admit(self, inner: socket.socket) -> None:
        with self._lock:
            if not self._is_open:
                inner.close()
                return
            outer = socket.create_connection(("127.0.0.1", self._target))
            self._ends += [inner, outer]
        self._threads.append(threading.Thread(target=_pass_on, args=(inner, outer), daemon=True))
        self._threads[-1].start()


def _pass_on(inner: socket.socket, outer: socket.socket) -> None:
    sinks = {inner: outer, outer: inner}
    with inner, outer, contextlib.suppress(OSError):
        while True:
            for source in select.select([inner, outer], [], [])[0]:
                received = source.recv(65_536)
                if not received:
                    return
                sinks[source].sendall(received)
