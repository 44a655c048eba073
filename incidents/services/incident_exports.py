"""Incidents as a table."""

from collections.abc import Iterator

from django.db.models import CharField, F, Func, QuerySet, Value
from django.db.models.functions import Cast, Concat

from incidents.models import Incident
from incidents.models.incidents import KEY_PREFIX
from incidents.services.carriers import sees_internals
from incidents.services.table_exports import stream_table
from tracker import access
from tracker.access import Actor

HEADER = (
    "key", "category", "title", "status", "severity", "enrichment", "recovery", "place", "latitude", "longitude",
    "nearest_place", "timezone", "factory", "project", "reporter", "reporter_label", "loss_estimate", "occurred_at",
    "created_at", "updated_at", "triaged_at", "done_at", "source", "source_id", "description",
)  # fmt: skip
# What tells of other people, or of the address that a report came from.
STAFF_HEADER = (*HEADER[:-1], "assignee", "ip", "city", "region", "country", HEADER[-1])
COLUMNS = {
    "key": Concat(Value(KEY_PREFIX), Cast("pk", CharField())),
    "category": F("category__key"),
    "factory": F("factory__name"),
    "project": F("project__key"),
    "reporter": F("reporter__email"),
    "assignee": F("assignee__email"),
    "ip": Func(F("ip"), function="host", output_field=CharField()),
}


def export_incidents(*, actor: Actor, incidents: "QuerySet[Incident]") -> Iterator[bytes]:
    """These incidents as CSV; the caller has narrowed them to what the actor may export.

    Raises:
        PermissionDenied, NotAuthenticated: see access.yaml, incidents.export.
    """
    access.require(actor, "incidents", "export")
    return stream_table(incidents, STAFF_HEADER if sees_internals(actor) else HEADER, COLUMNS)
