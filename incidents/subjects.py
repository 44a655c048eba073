"""What of tickets and issues people can be told of."""

from incidents.services.issues import visible_issues
from tracker.subjects import Subject, declare

declare(
    Subject(
        object_type="issue",
        resource="issues",
        visible=visible_issues,
        page="/admin/incidents/issue/{id}/change/",
        address="/v1/issues/{id}",
    )
)
