"""One ruleset inside the C engine: the only module that imports it, and the only calls made to it.

The engine's own `Host` is not used: it starts two timer threads, and swallows what goes wrong in an action. Five
functions of the engine module are called, in the order assert, start, complete until drained, retract, always with
one session id, under a lock. State is never deleted (that aborts the process); a ruleset that failed is replaced.
"""

import itertools
import threading

import durable_rules_engine

from shared.kernel.faults import Fault

DONE = "done"
_MESSAGE_ID = '{"sid":"1","id":"1"}'
_MESSAGE_HEAD = '{"sid":"1","id":"1","t":1'
_MOST_REBUILDS = 20
"""Without one good decision in between; an abandoned ruleset keeps about 130 kB, and giving it back is not safe."""

_serial = itertools.count()


class EngineFault(Fault):
    """The rules engine did not answer as it must: there is no decision, so there is no contact."""

    code = "engine_fault"


class Ruleset:
    """A ruleset that tells which of its rules fire for one message; `definition` is the engine's JSON."""

    def __init__(self, name: str, definition: str, rules: int) -> None:
        self._name = name
        self._definition = definition
        self._most_firings = rules
        self._lock = threading.Lock()
        self._rebuilds = 0
        self._handle = self._create()
        self._clean = True

    def fire(self, message: str) -> list[str]:
        """Return the names of the rules that fire; `message` is the fields as JSON without braces, led by a comma.

        Raises EngineFault, after which the next call begins with a new ruleset.
        """
        with self._lock:
            if not self._clean:
                self._rebuild()
            self._clean = False  # stays so unless the end is reached, whatever interrupts
            try:
                fired = self._fire(_MESSAGE_HEAD + message + "}")
            except durable_rules_engine.error as error:
                msg = f"ruleset {self._name}: {error}"
                raise EngineFault(msg) from error
            self._clean = True
            self._rebuilds = 0
            return fired

    def _fire(self, message: str) -> list[str]:
        handle = self._handle
        code, state = durable_rules_engine.assert_fact(handle, message)
        if code:
            msg = f"ruleset {self._name}: the message was not taken, code {code}"
            raise EngineFault(msg)
        started = durable_rules_engine.start_action_for_state(handle, state)
        activation = started[1] if started else None
        fired: list[str] = []
        while activation:
            if len(fired) >= self._most_firings:
                msg = f"ruleset {self._name}: more firings than rules"
                raise EngineFault(msg)
            fired.append(activation[2 : activation.index('"', 2)])  # {"name":{"m":…}}: names hold no quotes
            activation = durable_rules_engine.complete_and_start_action(handle, state)
        durable_rules_engine.retract_fact(handle, _MESSAGE_ID)
        if not fired or fired.pop() != DONE:
            msg = f"ruleset {self._name}: the catch-all rule did not come last"
            raise EngineFault(msg)
        return fired

    def _create(self) -> int:
        name = f"{self._name}-{next(_serial)}"  # names can never be used again
        try:
            return int(durable_rules_engine.create_ruleset(name, self._definition))
        except durable_rules_engine.error as error:
            msg = f"ruleset {self._name} was refused: {error}"
            raise EngineFault(msg) from error

    def _rebuild(self) -> None:
        if self._rebuilds >= _MOST_REBUILDS:
            msg = f"ruleset {self._name} failed {_MOST_REBUILDS} times in a row"
            raise EngineFault(msg)
        self._rebuilds += 1
        self._handle = self._create()
