"""Measurements as ratios: each beside a named baseline, in one run on the same broker and database.

`python -m tests.bench [PART ...] [--quick]`; the parts are in `registry`. What is measured and why is in
docs/benchmarks.md (services) and docs/performance.md (rules).
"""
