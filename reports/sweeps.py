"""What beat calls, and what services ring for. Each looks in the database for its work, so any ring may be lost."""

from celery import shared_task

from reports.services.report_runs import run_due_reports
from reports.services.watching import MAX_RUN_SECONDS
from tracker.heartbeats import run_sweep

# One report may begin at the last moment, and has its whole time then.
SOFT_LIMIT_SECONDS = int(MAX_RUN_SECONDS) + 60


@shared_task(name="reports.sweeps.run_reports", soft_time_limit=SOFT_LIMIT_SECONDS, time_limit=SOFT_LIMIT_SECONDS + 30)
def run_reports() -> int:
    """Makes the reports that wait; answers how many ended."""
    with run_sweep("run_reports") as run:
        run.rows = run_due_reports()
    return run.rows
