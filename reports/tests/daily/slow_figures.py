"""Daily figures as anybody would count them by hand: row after row, moment after moment, without any of our SQL."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from incidents.choices import CATEGORY_RANK
from incidents.models import Alert, Clock, IncidentSpan, IssueSpan, Ticket, TicketEvent, TicketStatus
from incidents.services.statuses import status_key
from reports.choices import DailyMeasure
from tracker.models import Project
from tracker.site_time import day_of, days_between

# Kind, label and project; None where it was not there yet.
State = tuple[str, str, int | None] | None
Step = tuple[datetime, State, State]
Figures = dict[tuple[int | None, date], dict[str, Any]]
CLOSED = {"DONE", "resolved", "closed"}
FLOWS = ("opened", "reopened", "closed", "moved_in", "moved_out")
SLA = ("alerts", "breaches", "response_met", "response_missed", "resolution_met", "resolution_missed")
KINDS = {
    DailyMeasure.ISSUES: ("OPEN", "TRIAGED", "IN_PROGRESS"),
    DailyMeasure.INCIDENTS: ("OPEN", "TRIAGED", "IN_PROGRESS"),
    DailyMeasure.TICKETS: ("new", "active", "waiting"),
}


def count_slowly(measure: DailyMeasure, last: date) -> Figures:
    """The figures of every day up to the last."""
    if measure == DailyMeasure.SLA:
        return _count_sla(last)
    if measure == DailyMeasure.TICKETS:
        return _count_open(measure, list(_ticket_steps()), last)
    spans = IssueSpan if measure == DailyMeasure.ISSUES else IncidentSpan
    return _count_open(
        measure, list(_span_steps(spans.objects.all(), "issue" if spans is IssueSpan else "incident")), last
    )


def _span_steps(spans: Any, name: str) -> Iterator[Step]:
    before: dict[int, State] = {}
    for span in spans.order_by("started_at", "id"):
        pk = getattr(span, f"{name}_id")
        state = (span.status, span.severity, span.project_id)
        yield span.started_at, before.get(pk), state
        before[pk] = state


def _settle(ticket: Ticket) -> tuple[State, dict[datetime, State]]:
    """How it was when it was made, and from each moment on at which something was said."""
    categories = dict(TicketStatus.objects.values_list("key", "category"))
    projects = dict(Project.objects.values_list("key", "pk"))
    events = []
    for event in TicketEvent.objects.filter(ticket=ticket):
        category = categories[status_key(event.status)]
        key = (event.updated_at, event.sequence or 0, CATEGORY_RANK[category], bytes(event.fingerprint))
        events.append((key, (category, event.priority, projects.get((event.extra or {}).get("project")))))
    events.sort(key=lambda event: event[0])
    return ("new", *events[0][1][1:]), {max(key[0], ticket.created_at): state for key, state in events}


def _ticket_steps() -> Iterator[Step]:
    for ticket in Ticket.objects.all():
        state, settled = _settle(ticket)
        yield ticket.created_at, None, state
        for at, after in settled.items():
            yield at, state, after
            state = after


def _count_open(measure: DailyMeasure, steps: list[Step], last: date) -> Figures:
    by_day: dict[date, list[tuple[State, State]]] = {}
    for at, before, after in steps:
        by_day.setdefault(day_of(at), []).append((before, after))
    figures: Figures = {}
    open_now: Counter[State] = Counter()
    known: set[int | None] = set()
    for day in days_between(min(by_day, default=last), last):
        flows: Counter[tuple[int | None, str]] = Counter()
        for before, after in by_day.get(day, []):
            _step(before, after, open_now, flows)
        known |= {project for project, _ in flows}
        for project in known:
            figures[project, day] = _tell(measure, project, open_now, flows)
    return figures


def _step(before: State, after: State, open_now: Counter[State], flows: Counter[tuple[int | None, str]]) -> None:
    was_open = before is not None and before[0] not in CLOSED
    is_open = after[0] not in CLOSED
    open_now[before] -= was_open
    open_now[after] += is_open
    if was_open and not is_open:
        flows[before[2], "closed"] += 1
    elif is_open and not was_open:
        flows[after[2], "opened" if before is None else "reopened"] += 1
    elif was_open and before[2] != after[2]:
        flows[before[2], "moved_out"] += 1
        flows[after[2], "moved_in"] += 1


def _tell(measure: DailyMeasure, project: int | None, open_now: Counter[State], flows: Any) -> dict[str, Any]:
    mine = {state: count for state, count in open_now.items() if state is not None and state[2] == project and count}
    told: dict[str, Any] = {flow: flows[project, flow] for flow in FLOWS}
    told["open"] = sum(mine.values())
    told["open_by_status"] = dict.fromkeys(KINDS[measure], 0)
    labels = {} if measure == DailyMeasure.TICKETS else dict.fromkeys(("low", "medium", "high", "critical"), 0)
    for (kind, label, _), count in mine.items():
        told["open_by_status"][kind] += count
        labels[label] = labels.get(label, 0) + count
    told["open_by_priority" if measure == DailyMeasure.TICKETS else "open_by_severity"] = labels
    return told


def _count_sla(last: date) -> Figures:
    flows: Counter[tuple[int | None, date, str]] = Counter()
    breached: set[int] = set()
    for alert in Alert.objects.exclude(state="withdrawn").order_by("clock", "percent").select_related("ticket"):
        place = _project_at(alert.ticket, alert.crossed_at), day_of(alert.crossed_at)
        flows[*place, "alerts"] += 1
        if alert.sla_state == "breach" and alert.clock_id not in breached:
            breached.add(alert.clock_id)
            flows[*place, "breaches"] += 1
    for clock in Clock.objects.filter(state="stopped", verdict__isnull=False).select_related("ticket"):
        word = "met" if clock.verdict == "met" else "missed"
        project = _project_at(clock.ticket, clock.stopped_at)
        flows[project, day_of(clock.stopped_at), f"{clock.kind}_{word}"] += 1
    firsts: dict[int | None, date] = {}
    for project, day, _ in flows:
        firsts[project] = min(day, firsts.get(project, day))
    return {
        (project, day): {word: flows[project, day, word] for word in SLA}
        for project, first in firsts.items()
        for day in days_between(first, last)
    }


def _project_at(ticket: Ticket, moment: datetime) -> int | None:
    state, settled = _settle(ticket)
    for at, after in settled.items():
        if at <= moment:
            state = after
    assert state is not None
    return state[2]
