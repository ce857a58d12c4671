"""Which rules are in force: read once, followed as they change, kept, pinned and rolled back.

- `rule_source`: `RuleSource`: the folder or the pinned set, never replaced by faulty rules; `state`: what it tells.
- `signature`: whether a folder changed, and what its files hold.
- `archive`: every set that was accepted, by version; `pin`: the order to use one of them.

`shared.observability.rules_in_force.open_rules` is how a service opens them, with figures and log lines.
"""
