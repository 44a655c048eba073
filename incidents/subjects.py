"""What of issues and incidents people can be told of."""

from incidents.services.audit_findings import visible_findings
from incidents.services.incidents import visible_incidents
from incidents.services.issues import visible_issues
from tracker.subjects import Subject, declare

declare(
    Subject(
        object_type="issue",
        resource="issues",
        visible=visible_issues,
        page="/admin/incidents/issue/{id}/change/",
        address="/v1/issues/{id}",
    ),
    Subject(
        object_type="incident",
        resource="incidents",
        visible=visible_incidents,
        page="/admin/incidents/incident/{id}/change/",
        address="/incidents/{id}",
    ),
    Subject(
        object_type="auditfinding",
        resource="audit_findings",
        visible=visible_findings,
        page="/admin/incidents/auditfinding/{id}/change/",
        address="/admin/incidents/auditfinding/{id}/change/",
    ),
)
