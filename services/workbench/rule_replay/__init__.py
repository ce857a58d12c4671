"""Recorded decisions judged again under other rules, by the domains that judged them, and what then differs.

`records`: what is read; `reading`: from databases or a file; `advice` and `limits`: the two kinds of decisions;
`tally` and `report`: what came out.
"""
