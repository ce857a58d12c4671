"""The rule language: one YAML file, one typed tree, three executors that agree.

Pure (standard library, kernel and contracts; a domain or use case may import these):

- `vocabulary`: `Fact`, `Vocabulary`: what is known about a subscriber, typed.
- `model`: conditions, rules of the six kinds, `RuleBook` (from `condition_tree`, `rules`, `contact_policies`).
- `facts`: `check_facts`, `facts_of`, `known_value`: are these values what the vocabulary says.
- `reference`: `evaluate`, `holds`, `explain`: the meaning of the language, in Python.
- `conditions`: `read_condition`: a condition written inline as a mapping.
- `faults`: `RuleFault`, `RuleFaults`: every mistake with path, line, column, code and suggestion.

At the edge:

- `rule_book`: `load_rules(folder)`, `RuleSource(folder).current()`: YAML files, re-read within 5 s of a change.
- `rule_file`: `read_rule_file(path, book, lenient=…)`: one rule file standing anywhere.
- `json_schema`: `schema_files(book)`: the language as JSON Schema, for editors.
- `cases`: `read_cases(book, folder)`, `run_cases(book, folder)`: the cases beside each rule on all executors.
- `sql_backend`: `to_sql`: a condition as an SQLAlchemy expression; `storage`: how facts are stored for it.
- `durable_backend`: `DurableDecider`: many conditions about one subscriber through durable-rules, behind a guard.

This package itself imports nothing, so that the pure parts stay importable without YAML, SQLAlchemy or the engine.
"""
