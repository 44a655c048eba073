"""Tickets as the API tells them: read in a fixed number of queries, whatever their number, without model objects."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import F

from incidents.choices import ClockState
from incidents.intake.ticket_rows import read_clocks
from incidents.intake.tickets import IngestResult
from incidents.models import Alert, Ticket, TicketEvent, TicketForecast
from incidents.services.explanations import describe_clock
from incidents.services.policies import current_book
from incidents.sla.forecasting import STEPS, find_interval
from incidents.sla.policies import Book
from tracker import clock

MAX_HISTORY = 500

TICKET_FIELDS = (
    "id", "external_id", "priority", "customer_tier", "status", "category", "title", "description", "url",
    "project__key", "assignee__email", "sender_assignee", "attributes", "created_at", "updated_at", "sequence",
    "received_at", "due_at", "alert_at", "breach_at", "is_open", "has_sla",
)  # fmt: skip


class TicketRecord(NamedTuple):
    """A ticket with the names of its project and assignee."""

    pk: int
    id: str
    priority: str
    customer_tier: str
    status: str
    category: str
    title: str
    description: str
    url: str
    project: str | None
    assignee: str | None
    sender_assignee: str
    attributes: dict[str, Any]
    created_at: datetime
    updated_at: datetime
    sequence: int | None
    received_at: datetime
    due_at: datetime | None
    alert_at: datetime | None
    breach_at: datetime | None
    is_open: bool
    has_sla: bool


def describe_tickets(ids: Sequence[int], *, include: Iterable[str] = ()) -> list[dict[str, Any]]:
    """The tickets with these primary keys in this order, with `history`, `alerts` and `forecast` where named."""
    now = clock.now()
    book = current_book()
    records = {row[0]: TicketRecord._make(row) for row in Ticket.objects.filter(pk__in=ids).values_list(*TICKET_FIELDS)}
    clocks: dict[int, list[Any]] = defaultdict(list)
    for row in read_clocks(ids):
        clocks[row.ticket_id].append(row)
    found = [records[pk] for pk in ids if pk in records]
    answers = [_describe(record, clocks[record.pk], book, now) for record in found]
    if "history" in include:
        _add(answers, found, "history", read_history(ids))
    if "alerts" in include:
        _add(answers, found, "alerts", read_alerts(ids))
    if "forecast" in include:
        forecasts = read_forecasts([record.pk for record in found if record.is_open])
        for answer, record in zip(answers, found, strict=True):
            answer["forecast"] = forecasts.get(record.pk)
    return answers


def describe_receipts(result: IngestResult) -> list[dict[str, Any]]:
    """The answer to a sender: each event's ticket as it stands now, with the event's receipt, in input order."""
    now = clock.now()
    book = current_book()
    told: dict[str, dict[str, Any]] = {}
    answer = []
    for receipt in result.receipts:
        case = receipt.case
        ticket = told.get(case.external_id)
        if ticket is None:
            row = case.ticket
            assert row is not None  # noqa: S101  every case of a written batch has its row
            ticket = told[case.external_id] = {
                "id": row.external_id,
                "priority": row.priority,
                "customer_tier": row.customer_tier,
                "status": row.status,
                "created_at": row.created_at,
                "updated_at": row.updated_at,
                **describe_sla(row, case.clocks, book, now),
            }
        answer.append({**ticket, "receipt": receipt.word})
    return answer


def describe_refusals(answer: list[dict[str, Any]], result: IngestResult) -> list[dict[str, Any]]:
    """The same answer with the refused events in their places; each says what is wrong with it."""
    if not result.faults:
        return answer
    places = {receipt.index: told for receipt, told in zip(result.receipts, answer, strict=True)}
    for fault in result.faults:
        place = places.setdefault(fault.index or 0, {"index": fault.index, "receipt": "refused", "errors": []})
        place["errors"].append({"field": fault.field, "message": fault.message})
    return [places[index] for index in sorted(places)]


def describe_sla(ticket: Any, clocks: Sequence[Any], book: Book, now: datetime) -> dict[str, Any]:
    """Escalation level and SLA of one ticket: the state, and its response and its latest resolution clock."""
    sla: dict[str, Any] = {"state": "ok", "due_at": ticket.due_at, "response": None, "resolution": None}
    if ticket.breach_at is not None and ticket.breach_at <= now:
        sla["state"] = "breach"
    elif ticket.alert_at is not None and ticket.alert_at <= now:
        sla["state"] = "alert"
    level = 0
    latest: dict[str, Any] = {}
    for row in clocks:
        if row.state == ClockState.VOID:
            continue
        level = max(level, row.escalation_level)
        if row.kind not in latest or latest[row.kind].cycle < row.cycle:
            latest[row.kind] = row
    for kind, row in latest.items():
        sla[kind] = describe_clock(row, book=book, tier=ticket.customer_tier, priority=ticket.priority, now=now)
    return {"escalation_level": level, "sla": sla}


def read_history(ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    """The events of these tickets, oldest first, at most MAX_HISTORY of the newest each."""
    fields = ("ticket_id", "status", "priority", "customer_tier", "updated_at", "sequence", "received_at")
    rows = TicketEvent.objects.filter(ticket_id__in=ids).order_by(
        "updated_at", F("sequence").asc(nulls_first=True), "id"
    )
    history: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for pk, *values in rows.values_list(*fields):
        history[pk].append(dict(zip(fields[1:], values, strict=True)))
    return {pk: events[-MAX_HISTORY:] for pk, events in history.items()}


def read_alerts(ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    """The alerts of these tickets, oldest first."""
    fields = (
        "ticket_id", "id", "kind", "cycle", "sla_state", "level", "state", "crossed_at", "fired_at", "details",
    )  # fmt: skip
    alerts: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for pk, *values in Alert.objects.filter(ticket_id__in=ids).order_by("id").values_list(*fields):
        alerts[pk].append(dict(zip(fields[1:], values, strict=True)))
    return alerts


def read_forecasts(ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """What is forecast of these tickets: of the promise likeliest to be broken, and of how many cases it is a count."""
    return {
        row.ticket_id: {
            "probability": row.chance,
            "interval": find_interval(row.breached, row.cases) if row.chance is not None else None,
            "breached": row.breached,
            "cases": row.cases,
            "like": row.likeness,
            "clock": row.kind,
            "percent_used": row.step * 100 // STEPS,
            "changed_at": row.changed_at,
        }
        for row in TicketForecast.objects.filter(ticket__in=ids)
    }


def _describe(record: TicketRecord, clocks: Sequence[Any], book: Book, now: datetime) -> dict[str, Any]:
    answer = record._asdict()
    for name in ("pk", "due_at", "alert_at", "breach_at", "has_sla"):
        del answer[name]
    return answer | describe_sla(record, clocks, book, now)


def _add(
    answers: list[dict[str, Any]], records: Sequence[TicketRecord], name: str, found: dict[int, list[dict[str, Any]]]
) -> None:
    for answer, record in zip(answers, records, strict=True):
        answer[name] = found.get(record.pk, [])
