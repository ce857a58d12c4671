"""Measurements as ratios: each beside a named baseline, in one run on the same broker and database.

`python -m tests.bench [--only recommend|outbound|memory] [--quick]`; what is measured and why is in
docs/benchmarks.md.
"""
