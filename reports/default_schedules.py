"""The sweeps over reports, and how often they run where no admin said otherwise."""

from collections.abc import Mapping
from typing import Any

from reports.services.report_schedules import GENERATE_REPORT, LEAST_SECONDS, read_order
from tracker.exceptions import FieldError, InvalidInput
from tracker.schedules import Daily, DefaultSchedule, Every, SchedulableTask, declare
from tracker.site_time import time_in_utc


def _anything(value: Any) -> str:
    """Nothing is wrong with one argument alone: a kind decides which parameters there are."""
    return ""


def _check_order(kwargs: Mapping[str, Any]) -> None:
    try:
        read_order(kwargs)
    except InvalidInput as refusal:
        faults = [FieldError(f"kwargs.{one.field}", one.message, one.index) for one in refusal.details]
        raise InvalidInput(refusal.message, details=faults) from None


declare(
    tasks=[
        SchedulableTask("reports.sweeps.run_reports", "Make the reports that wait", is_slow=True),
        SchedulableTask("reports.sweeps.aggregate_daily", "Bring the daily figures up to now", is_slow=True),
        SchedulableTask("reports.sweeps.rebuild_daily", "Make all daily figures anew", is_slow=True),
        SchedulableTask(
            GENERATE_REPORT,
            "Make a report and send it by e-mail",
            dict.fromkeys(("kind", "parameters", "recipients", "format"), _anything),
            _check_order,
            LEAST_SECONDS,
        ),
    ],
    defaults=[
        DefaultSchedule(
            name="run_reports",
            task="reports.sweeps.run_reports",
            when=Every(10),
            description="Makes the reports that wait, also those that a lost worker had begun.",
            is_vital=True,
            is_long=True,
        ),
        DefaultSchedule(
            name="aggregate_daily",
            task="reports.sweeps.aggregate_daily",
            when=Every(30 * 60),
            description="Makes the figures of today, and of every day up to yesterday that is missing.",
        ),
        DefaultSchedule(
            name="rebuild_daily",
            task="reports.sweeps.rebuild_daily",
            when=Daily(*time_in_utc(0, 20)),
            description="Makes all daily figures anew from history, so that what came late counts on its day.",
        ),
    ],
)
