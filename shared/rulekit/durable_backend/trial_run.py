"""The child process of `trial`: reads trials from standard input, exits with 0 when the engine passed them all.

Its argument is how many seconds of processor time it may take: the system ends it then, whatever the engine does.
"""

import json
import resource
import sys

from shared.rulekit.durable_backend.engine import Ruleset


def run(trials: list[dict[str, object]]) -> str | None:
    """Return the first difference between what fired and what should have, or None."""
    for at, trial in enumerate(trials):
        ruleset = Ruleset(f"trial-{at}", str(trial["definition"]), int(str(trial["rules"])))
        messages = trial["messages"]
        for message, expected in messages if isinstance(messages, list) else ():
            fired = sorted(ruleset.fire("".join(f',"{name}":{number}' for name, number in message.items())))
            if fired != expected:
                return f"{message}: expected {expected}, fired {fired}"
    return None


if __name__ == "__main__":
    seconds = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    sys.exit(run(json.load(sys.stdin)))
