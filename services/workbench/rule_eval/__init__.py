"""What `banyan rules eval` does: facts judged by one rule file.

- `evaluating`: the whole of it, one line after another;
- `fact_lines`: lines of JSON, checked one by one;
- `rule_and_book`: the rule file and what it speaks of;
- `condition_judge`: segments and eligibility, by any executor or by all;
- `scenario_judges`: triggers, conflicts, contact policies and rankings, by what judges them at run time.
"""
