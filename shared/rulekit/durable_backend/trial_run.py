"""The child process of `trial`: reads trials from standard input, exits with 0 when the engine passed them all."""

import json
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
    sys.exit(run(json.load(sys.stdin)))
