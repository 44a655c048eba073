"""The sweeps over reports, and how often they run where no admin said otherwise."""

from tracker.schedules import DefaultSchedule, Every, SchedulableTask, declare

declare(
    tasks=[
        SchedulableTask("reports.sweeps.run_reports", "Make the reports that wait"),
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
    ],
)
