"""What `banyan rules test` does: run every case by what decides at run time.

- `running`: `run_cases(selection)`: results and coverage as a `CaseReport`.
- `conflict_cases`: conflicts, by the domain of campaigns; contact policies are judged where they are kept, by
  `services.governance.application.policy_cases`.
- `junit`: the report as build servers read it.
"""
