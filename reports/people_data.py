"""What reports hold of people, and what becomes of it."""

from reports.models import Report, ReportMailing
from reports.services.report_words import forget_reports
from tracker.personal_data import PersonalData, PersonalRows, declare

declare(
    "reports",
    PersonalData(
        rows=(
            PersonalRows(
                "reports",
                "Reports that you asked for.",
                lambda user: Report.objects.filter(owner=user),
                ("id", "kind", "parameters", "schedule", "state", "created_at", "finished_at", "file_name"),
            ),
            PersonalRows(
                "report_letters",
                "Reports that were sent to you.",
                lambda user: ReportMailing.objects.filter(person=user),
                ("report_id", "file_format", "created_at", "posted_at"),
            ),
        ),
        forget=lambda user, words: {"reports": forget_reports(user, words)},
        # A trigger holds them as they are: those that name somebody go as a whole.
        untouched=("reports.report",),
    ),
)
