"""What can be told about rules without running them: small validators, one concern each, over one `Subject`.

- `codes`, `explaining`: every code with its severity, title and explanation in both languages.
- `findings`: `Finding`: one remark with its place; `subject`: `Subject`: what the validators look at.
- `spans`, `formula_tree`, `formulas`, `solving`: whether a condition can or must be true, or follows.
- `parts`: a condition's parts, each with its place in the file.
- the validators: `conditions`, `classes`, `eligibility`, `caps`, `implied_policies`, `quiet_spans`, `conflict_groups`,
  `conflict_chains`, `audiences`, `usage`, `validity`, `patterns`, `ranking_order`; `analysing.analyse` runs them all.

Pure: no file is read here, and the day of judgement is an argument.
"""
