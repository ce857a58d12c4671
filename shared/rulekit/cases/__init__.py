"""The cases beside each rule: what its owner expects.

- `model`: cases and their results as values; `reading`: `read_cases(book, folder)`, all kinds, by way of `facts` (as
  cases write them), `scenario_reading` (conflicts, contact policies) and `event_reading` (triggers, ranking).
- `fact_cases`: segments and eligibility, on `executors` (reference, durable, sql); `event_cases`: triggers and ranking.
  Conflicts and contact policies are judged by the services that decide them.
- `coverage`: whether the cases have seen each test of a rule true and false, and each of its answers.
"""
