"""From YAML to checked rules: every mistake is noted with its place, none stops the reading.

- `folder`: `load_rules(folder)`, `read_rules(folder, findings)`: a whole folder as one book; `rule_file`: one file
  standing anywhere.
- `yaml_tree`, `tree`: YAML as nodes that know their place; `tree` alone for what came in a request.
- `reader`: `Reader`: texts, numbers, dates, spans and words; `literals`: what a condition compares a fact with.
- `vocabulary`; `conditions` (`read_condition`: one written inline); `rules`: what all rules share, segments and
  eligibility; then a module for each other kind: `conflicts`, `policies`, `triggers`, `ranking`.
- `holding`: which service runs which kind, and whether it holds the facts that are asked for.
"""
