"""The rule language: one YAML file, one typed tree, three executors that agree.

Which file holds what:

| you look for | it is in |
|---|---|
| what a rule, a condition, a book is | `model`, from `condition_tree`, `rules`, `contact_policies`, `triggers` |
| what may be known about a subscriber; whether values fit; how they are stored | `vocabulary`; `facts`; `storage` |
| how YAML becomes checked rules, and every complaint about a file | `reading/` (`reading.folder.load_rules`) |
| what an operator means | `reference` (`evaluate`, `holds`, `explain`); in words: `wording`, `explaining` |
| what a pattern of events means | `windows` |
| audiences by SQL | `sql_backend` (`to_sql`) |
| decisions by durable-rules, and the guard before it | `durable_backend/` |
| which rules are in force; reloading, kept sets, the pin | `in_force/` (`rule_source.RuleSource`) |
| the cases beside the rules: reading, running, coverage | `cases/` |
| what `banyan rules check` finds that can be read but makes no sense | `analysis/` |
| the canonical form of a file | `formatting`, `comments` |
| JSON Schemas for editors | `json_schema/` |
| what being in a segment depends on | `segment_graph` |
| the faults of rule files | `faults` (`RuleFault`, `RuleFaults`, `Findings`) |

Pure, for domains and use cases too: all but `in_force`, `durable_backend`, `sql_backend`, `storage`, `formatting`,
what reads files in `reading` (`folder`, `rule_file`, `yaml_tree`) and in `cases` (`reading`, `executors`, `coverage`).
This package itself imports nothing, so that the pure parts stay importable without YAML, SQLAlchemy or the engine.
"""
