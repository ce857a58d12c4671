"""The workbench: the command line `banyan`, the demo and the generated province; the only composer of services.

`cli/` parses and prints, `cli/rules/X.py` for `banyan rules X`; what the command does is beside it:

| command | here |
|---|---|
| `rules check`, `test`, `eval` | `rule_check/`, `rule_test/`, `rule_eval/` |
| `rules graph`, `plan`, `replay` | `rule_graph/`, `rule_plan/`, `rule_replay/` |
| `rules fmt`, `explain`, `schema` | `rule_fmt`, `rule_explain`, `rule_schema` |
| `rules status`, `sets` | `rule_sets` |
| `demo` | `demo/` on `province/`, ending in `report/`; `suite`: all services in this process |
| `serve`, `migrate`, `status` | `registry`: which services there are; `container_health`: the image asks a service |
| `broker`, `backup`, `sandbox` | `broker/`, `backup/`, `sandbox/` |
| `feeds`, `customers` | nothing: customer_view's own code |
| `governance list` | `list_files` |

Shared by commands: `rule_selection` (which rules a path means), `customer_base` (subscribers to count in),
`subscriber_facts` (the facts of one).
"""
