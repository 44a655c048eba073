"""What of reports people can be told of."""

from reports.services.reports import visible_reports
from tracker.subjects import Subject, declare

declare(
    Subject(
        object_type="report",
        resource="reports",
        visible=visible_reports,
        page="/admin/reports/report/{id}/change/",
        address="/v1/reports/{id}",
    ),
)
