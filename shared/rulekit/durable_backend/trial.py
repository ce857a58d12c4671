"""A programme is tried in a child process first: a bad ruleset hangs or kills the process that loads it."""

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence

from shared.rulekit.durable_backend.engine import EngineFault
from shared.rulekit.durable_backend.normal_form import RELATIONS, Test
from shared.rulekit.durable_backend.programme import Programme, compile_conditions
from shared.rulekit.faults import RuleFault, RuleFaults
from shared.rulekit.model import Condition, InSegment, RuleBook
from shared.rulekit.windows import with_windows

_TIME_LIMIT = 20  # seconds of processor time, and one more for each ruleset; the trial of a ruleset takes 0.1
_WAITING = 15  # so many times as long by the clock on the wall: a loaded machine is not the rules' fault

_passed: set[str] = set()
_lock = threading.Lock()


def try_in_child(programme: Programme) -> None:
    """Compile and run the programme in a child process; does nothing for one that passed in this process before.

    For each rule the child sends a message that fulfils it and one that just misses it, and compares what fired with
    the rules' own tests. Raises EngineFault when the child crashes, hangs or differs.
    """
    _try_all([programme])


def accept_rules(book: RuleBook) -> None:
    """Try all segments, eligibility rules and triggers of a book: for `RuleSource(accept=…)`.

    They are tried as the services compile them, so that a decider made afterwards need not be tried while a subscriber
    waits. Raises RuleFaults (code `engine_refuses`) when the engine cannot carry them.
    """
    segments: dict[str, Condition] = {name: InSegment(name) for name in book.segments}
    eligibility = {name: rule.when for name, rule in book.eligibility.items()}
    triggers = {name: rule.condition for name, rule in book.triggers.items()}
    try:
        programmes = [compile_conditions(segments, book), compile_conditions(eligibility, book)]
        _try_all([*programmes, compile_conditions(triggers, with_windows(book))])
    except EngineFault as fault:
        raise RuleFaults([RuleFault("rules", 0, 0, "engine_refuses", fault.message)]) from fault


def _try_all(programmes: Sequence[Programme]) -> None:
    """Try in one child what has not passed before; only who has something to try waits for a trial under way."""
    if all(programme.digest in _passed for programme in programmes):
        return
    with _lock:
        untried = [programme for programme in programmes if programme.digest not in _passed]
        trials = [_trial_of(shard.definition(), shard.rules) for programme in untried for shard in programme.shards]
        if untried:
            _run_child(trials, _TIME_LIMIT + len(trials))
        _passed.update(programme.digest for programme in untried)


def _run_child(trials: list[dict[str, object]], time_limit: int) -> None:
    """Run the trials; `time_limit` is in seconds of the child's processor time."""
    command = [sys.executable, "-m", "shared.rulekit.durable_backend.trial_run", str(time_limit)]
    try:
        child = subprocess.run(  # noqa: S603 - our own interpreter and module
            command,
            input=json.dumps(trials),
            capture_output=True,
            text=True,
            timeout=time_limit * _WAITING,
            check=False,
        )
        is_late = child.returncode == -signal.SIGXCPU
    except subprocess.TimeoutExpired:
        is_late = True
    if is_late:
        msg = f"the rules did not come to an end within {time_limit} s in the rules engine"
        raise EngineFault(msg)
    if child.returncode:
        last = child.stderr.strip().splitlines()[-1:] or [f"exit status {child.returncode}"]
        msg = f"the rules failed in the rules engine: {last[0]}"
        raise EngineFault(msg)


def _trial_of(definition: str, rules: Mapping[str, tuple[Test, ...]]) -> dict[str, object]:
    messages: list[dict[str, int]] = [{}]
    together: dict[str, int] = {}
    for tests in rules.values():
        hit = {test.field: _fulfilling(test) for test in tests}
        together |= hit
        messages.append(hit)
        messages.append(hit | {tests[0].field: _missing(tests[0])})
    messages.append(together)
    return {
        "definition": definition,
        "rules": len(rules) + 1,
        "messages": [[message, _expected(rules, message)] for message in messages],
    }


def _expected(rules: Mapping[str, tuple[Test, ...]], message: Mapping[str, int]) -> list[str]:
    return sorted(
        name
        for name, tests in rules.items()
        if all(test.field in message and RELATIONS[test.relation](message[test.field], test.number) for test in tests)
    )


def _fulfilling(test: Test) -> int:
    return test.number + {"$eq": 0, "$gte": 0, "$lte": 0, "$neq": 1, "$gt": 1, "$lt": -1}[test.relation]


def _missing(test: Test) -> int:
    return test.number + {"$eq": 1, "$gte": -1, "$lte": 1, "$neq": 0, "$gt": 0, "$lt": 0}[test.relation]
