"""The bench: each workload against the bare engine, in turns within one run, so that only ratios are told.

A workload is one file in an app's `testing/bench/` with a function under `@workload`; `manage.py bench` finds it there.
"""

from tracker.testing.bench.registry import Bench, Finding, at_least, at_most, workload
from tracker.testing.bench.rounds import alternate, median

__all__ = ["Bench", "Finding", "alternate", "at_least", "at_most", "median", "workload"]
