"""What services ring for after a commit, by name."""

from tracker.bells import ring

RUN_REPORTS = "reports.sweeps.run_reports"

__all__ = ["RUN_REPORTS", "ring"]
