"""P9: reports over half a million rows."""

from collections.abc import Iterator

from reports.testing.bench.attainment import measure_attainment
from reports.testing.bench.lead_times import measure_lead_times
from tracker.testing.bench import Bench, Finding, workload


@workload("P9", "reports: 500,000 rows against one project's 30 days, the bare statement and Python")
def measure(bench: Bench) -> Iterator[Finding]:
    """Lead times, then attainment."""
    yield from measure_lead_times(bench)
    yield from measure_attainment(bench)
