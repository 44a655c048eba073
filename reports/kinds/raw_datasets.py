"""Which rows may be taken out as they are: whose right they are, what bounds them, and what their columns say."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import CharField, F, Field, IntegerField, QuerySet, Value
from django.db.models.fields import json as json_fields
from django.db.models.functions import Cast, Concat

from incidents.models import IncidentSpan, IssueSpan, TicketEvent
from incidents.services.alerts import visible_alerts
from incidents.services.carriers import sees_internals
from incidents.services.incident_exports import COLUMNS as INCIDENT_COLUMNS
from incidents.services.incident_exports import HEADER as INCIDENT_HEADER
from incidents.services.incident_exports import STAFF_HEADER as STAFF_INCIDENT_HEADER
from incidents.services.incidents import visible_incidents
from incidents.services.issue_exports import HEADER as ISSUE_HEADER
from incidents.services.issue_exports import issue_columns
from incidents.services.issues import visible_issues
from incidents.services.tickets import visible_tickets
from reports.exports.rows import CellType, Column
from reports.models import DailyStat
from tracker import access
from tracker.access import Actor
from tracker.models import Event

Columns = Mapping[str, Any]
_ISSUE_KEY = Concat("issue__project__key", Value("-"), Cast("issue__number", CharField()))
_TYPES: Mapping[str, CellType] = {
    "DateTimeField": CellType.MOMENT,
    "DateField": CellType.DAY,
    "BooleanField": CellType.BOOLEAN,
    "FloatField": CellType.NUMBER,
    "DecimalField": CellType.NUMBER,
    "JSONField": CellType.JSON,
}
_DAILY_COUNTS = (
    "opened", "reopened", "closed", "moved_in", "moved_out", "open", "alerts", "breaches", "response_met",
    "response_missed", "resolution_met", "resolution_missed",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Dataset:
    """One table to be taken out.

    Attributes:
        resource: the row of the rights table whose `export` it needs.
        rows: those that the actor may see.
        columns: what each column stands for, in their order.
        moment: what is bounded by the days that were asked for.
        project: where the key of a row's project is.
    """

    key: str
    label: str
    resource: str
    rows: Callable[[Actor], "QuerySet[Any]"]
    columns: Callable[[Actor], Columns]
    moment: str
    project: str = ""
    is_by_day: bool = False

    def select(self, actor: Actor, rows: "QuerySet[Any]") -> tuple["QuerySet[Any, Any]", Sequence[Column]]:
        """The rows as tuples in the order of their keys, and what is in them."""
        columns = self.columns(actor)
        told = rows.order_by("pk").annotate(**{f"told_{name}": expression for name, expression in columns.items()})
        types = [_type_of(told.query.annotations[f"told_{name}"].output_field) for name in columns]
        named = [Column(name, cell_type) for name, cell_type in zip(columns, types, strict=True)]
        return told.values_list(*(f"told_{name}" for name in columns)), named


def _type_of(output_field: "Field[Any, Any]") -> CellType:
    name = output_field.get_internal_type()
    if isinstance(output_field, IntegerField) or name.endswith(("IntegerField", "AutoField", "ForeignKey")):
        return CellType.INTEGER
    return _TYPES.get(name, CellType.TEXT)


def _plain(*names: str) -> Columns:
    return {name: F(name) for name in names}


def _issue_columns(actor: Actor) -> Columns:
    return {**_plain("id", *ISSUE_HEADER), **issue_columns()}


def _incident_columns(actor: Actor) -> Columns:
    header = STAFF_INCIDENT_HEADER if sees_internals(actor) else INCIDENT_HEADER
    return {**_plain("id", *header), **{name: INCIDENT_COLUMNS[name] for name in header if name in INCIDENT_COLUMNS}}


def _span_columns(key: Any) -> Callable[[Actor], Columns]:
    def columns(actor: Actor) -> Columns:
        told = {"key": key, **_plain("status", "severity"), "project": F("project__key")}
        told |= _plain("started_at", "ended_at")
        # Who worked on it is not for its reporter to know.
        internal = {"assignee": F("assignee__email"), "started_by": F("started_by")}
        return {**told, **(internal if sees_internals(actor) else {})}

    return columns


def _ticket_columns(actor: Actor) -> Columns:
    return {
        "id": F("external_id"),
        **_plain("title", "priority", "customer_tier", "status", "category"),
        "project": F("project__key"),
        "assignee": F("assignee__email"),
        **_plain(
            "sender_assignee", "created_at", "updated_at", "received_at", "due_at", "is_open", "url", "attributes"
        ),
        "description": F("description"),
    }


def _ticket_event_columns(actor: Actor) -> Columns:
    plain = ("priority", "customer_tier", "status", "created_at", "updated_at", "sequence", "received_at", "extra")
    return {"ticket": F("ticket__external_id"), **_plain(*plain)}


def _alert_columns(actor: Actor) -> Columns:
    plain = ("kind", "cycle", "percent", "sla_state", "level", "state", "crossed_at", "fired_at", "acknowledged_at")
    return {
        "id": F("id"),
        "ticket": F("ticket__external_id"),
        **_plain(*plain),
        "acknowledged_by": F("acknowledged_by__email"),
        **_plain("resolved_at", "withdrawn_at", "details"),
    }


def _event_columns(actor: Actor) -> Columns:
    return _plain(
        "id", "at", "verb", "actor_label", "request_id", "object_type", "object_id", "before", "after", "data"
    )  # fmt: skip


def _daily_columns(actor: Actor) -> Columns:
    counts = {name: Cast(json_fields.KT(f"figures__{name}"), IntegerField()) for name in _DAILY_COUNTS}
    kinds = ("open_by_status", "open_by_severity", "open_by_priority")
    shares = {name: json_fields.KeyTransform(name, "figures") for name in kinds}
    return {"day": F("day"), "project": F("project__key"), "measure": F("measure"), **counts, **shares}


def _all_where(resource: str, rows: "QuerySet[Any]") -> Callable[[Actor], "QuerySet[Any]"]:
    """All or none, as the rights table says."""
    return lambda actor: rows.all() if access.decide(actor, resource, "export").is_for_all_rows else rows.none()


_INCIDENT_KEY = Concat(Value("INC-"), Cast("incident_id", CharField()))
_ALL = (
    Dataset("issues", "Issues", "issues", visible_issues, _issue_columns, "created_at", "project"),
    Dataset(
        "issue_spans", "Issues: each stay in a status", "issues",
        lambda actor: IssueSpan.objects.filter(issue__in=visible_issues(actor)),
        _span_columns(_ISSUE_KEY), "started_at", "issue__project",
    ),
    Dataset("incidents", "Incidents", "incidents", visible_incidents, _incident_columns, "created_at", "project"),
    Dataset(
        "incident_spans", "Incidents: each stay in a status", "incidents",
        lambda actor: IncidentSpan.objects.filter(incident__in=visible_incidents(actor)),
        _span_columns(_INCIDENT_KEY), "started_at", "incident__project",
    ),
    Dataset("tickets", "Tickets", "tickets", visible_tickets, _ticket_columns, "created_at", "project"),
    Dataset(
        "ticket_events", "Tickets: each event as it was sent", "ticket_events",
        _all_where("ticket_events", TicketEvent.objects.all()), _ticket_event_columns, "updated_at", "ticket__project",
    ),
    Dataset("alerts", "Alerts", "alerts", visible_alerts, _alert_columns, "crossed_at", "ticket__project"),
    Dataset(
        "log", "The log: who changed what", "audit_log",
        _all_where("audit_log", Event.objects.all()), _event_columns, "at",
    ),
    Dataset(
        "daily_stats", "Daily figures of each project", "daily_stats",
        _all_where("daily_stats", DailyStat.objects.all()), _daily_columns, "day", "project", is_by_day=True,
    ),
)  # fmt: skip
DATASETS: Mapping[str, Dataset] = {dataset.key: dataset for dataset in _ALL}
