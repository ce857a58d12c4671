"""What `banyan rules check` does: read every file, gather every mistake, analyse what is sound, tell it.

- `checks`: `check_rules(folder, on)`: the whole of it, as a `RuleReport`.
- `typed_files`, `plan_files`, `known_names`: catalogue, campaigns and the names that rules may use.
- `target`: what is checked; `accepted`: findings that `check.yaml` says are meant.
- `telling`, `sarif`, `explanation`: for people, for code hosts, and one code at length.
"""
