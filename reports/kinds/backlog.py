"""What was open, day by day or week by week, and what came and went: issues, incidents or tickets, from history."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet
from rest_framework import serializers

from incidents.choices import STOPPING_CATEGORIES, Category, IssueStatus, Severity
from incidents.services.incidents import visible_incidents
from incidents.services.issues import visible_issues
from incidents.services.tickets import visible_tickets
from incidents.services.told_order import write_meanings
from reports.kinds.backlog_pages import present_backlog
from reports.kinds.backlog_statements import count_tickets, count_work, read_spellings
from reports.kinds.contract import Kind, Question, Result
from reports.kinds.periods import Period, PeriodSerializer, describe_project, find_project, read_period
from reports.kinds.trends import Bucket, list_counted
from tracker import access
from tracker.access import Actor

ISSUES, INCIDENTS, TICKETS = "issues", "incidents", "tickets"
FLOWS = ("opened", "reopened", "closed", "moved_in", "moved_out")
# Priorities are free words of the senders.
MOST_LABELS, OTHER = 20, "other"
WAY = tuple(str(status) for status in IssueStatus if status != IssueStatus.DONE)
CATEGORIES = tuple(str(category) for category in Category if category not in STOPPING_CATEGORIES)


class BacklogSerializer(PeriodSerializer):
    """The days to look at, and what is counted."""

    about = serializers.ChoiceField(
        choices=[(ISSUES, "Issues"), (INCIDENTS, "Incidents"), (TICKETS, "Tickets")], default=ISSUES, label="About"
    )

    def validate_about(self, about: str) -> str:
        """Those whom the report is for must be able to list them."""
        actor = self.context.get("actor")
        if actor is not None and not access.decide(actor, about, "list").is_allowed:
            raise serializers.ValidationError(f"You may not list {about}.")
        return about


def compute_backlog(question: Question) -> Result:
    """Open at the end of each bucket by status and by severity or priority, and what came and went in it."""
    period, project = read_period(question), find_project(question)
    about = str(question.parameters.get("about") or ISSUES)
    access.require(question.actor, about, "list")
    word, buckets = list_counted(period)
    stock, flows = _read_changes(question, period, about, buckets, None if project is None else project.pk)
    statuses = list(CATEGORIES if about == TICKETS else WAY)
    labels = _find_labels(about, stock)
    return {
        **period.describe(),
        "about": about,
        "bucket": word,
        "project": describe_project(project),
        "statuses": statuses,
        "labels": labels,
        **_add_up(buckets, stock, flows, statuses, labels),
    }


Stock = Mapping[int, Mapping[tuple[str, str], int]]
Flows = Mapping[int, Mapping[str, int]]


def _read_changes(
    question: Question, period: Period, about: str, buckets: list[Bucket], project: int | None
) -> tuple[Stock, Flows]:
    """By bucket, from 1; what was there before is in 0."""
    parameters: dict[str, Any] = {
        "start": period.start, "end": period.end, "as_of": question.as_of, "project": project,
        "bounds": [bucket.start for bucket in buckets],
        "closed": sorted(map(str, STOPPING_CATEGORIES)) if about == TICKETS else [str(IssueStatus.DONE)],
    }  # fmt: skip
    stock: dict[int, Counter[tuple[str, str]]] = {}
    flows: dict[int, Counter[str]] = {}
    try:
        rights, values = _bound_rows(question.actor, about)
    except EmptyResultSet:
        return stock, flows
    parameters |= values
    if not buckets:
        return stock, flows
    with connection.cursor() as cursor:
        if about == TICKETS:
            parameters["statuses"] = _read_statuses(rights, parameters)
            statement = count_tickets(rights)
        else:
            statement = count_work(about.removesuffix("s"), rights)
        cursor.execute(statement, parameters)
        for n, part, status, label, by in cursor.fetchall():
            if part == "stock":
                stock.setdefault(n, Counter())[status, label] += by
            else:
                flows.setdefault(n, Counter())[part] += by
    return stock, flows


VISIBLE: Mapping[str, Callable[[Actor], QuerySet[Any]]] = {
    ISSUES: visible_issues,
    INCIDENTS: visible_incidents,
    TICKETS: visible_tickets,
}


def _bound_rows(actor: Actor, about: str) -> tuple[str, dict[str, Any]]:
    """The condition that keeps to what the asker may see, and its values. Who sees all needs none."""
    if access.decide(actor, about, "list").is_for_all_rows:
        return "true", {}
    sql, values = VISIBLE[about](actor).order_by().values("pk").query.sql_with_params()
    named = {f"visible_{place}": value for place, value in enumerate(values)}
    pieces = sql.split("%s")
    sql = "".join(piece + (f"%(visible_{place})s" if place < len(named) else "") for place, piece in enumerate(pieces))
    row = "t.id" if about == TICKETS else f"s.{about.removesuffix('s')}_id"
    return f"{row} IN ({sql})", named


def _read_statuses(rights: str, parameters: Mapping[str, Any]) -> str:
    with connection.cursor() as cursor:
        cursor.execute(read_spellings(rights), parameters)
        return write_meanings(row[0] for row in cursor.fetchall())


def _find_labels(about: str, stock: Stock) -> list[str]:
    """Severities from the least to the worst; of the senders' words for priorities the most frequent ones."""
    if about != TICKETS:
        return [str(severity) for severity in Severity]
    sizes: Counter[str] = Counter()
    for changes in stock.values():
        for (_, label), by in changes.items():
            sizes[label] += abs(by)
    ordered = sorted(sizes, key=lambda label: (-sizes[label], label))
    return [*ordered[:MOST_LABELS], *([OTHER] if len(ordered) > MOST_LABELS else [])]


def _add_up(
    buckets: list[Bucket], stock: Stock, flows: Flows, statuses: list[str], labels: list[str]
) -> dict[str, Any]:
    known = set(labels)

    def name(label: str) -> str:
        return label if label in known else OTHER

    present: Counter[tuple[str, str]] = Counter()
    rows: list[dict[str, Any]] = []
    for number, bucket in enumerate([None, *buckets]):
        for (status, label), by in stock.get(number, {}).items():
            present[status, name(label)] += by
        figures = {
            "open": sum(present.values()),
            "statuses": [sum(present[status, label] for label in labels) for status in statuses],
            "labels": [sum(present[status, label] for status in statuses) for label in labels],
        }
        if bucket is not None:
            flow = flows.get(number, {})
            rows.append({**bucket.describe(), **figures, **{word: flow.get(word, 0) for word in FLOWS}})
        else:
            before = figures
    cells = [[present[status, label] for label in labels] for status in statuses]
    return {"before": before, "rows": rows, "cells": cells}


BACKLOG = Kind(
    key="backlog",
    label="Backlog",
    description="What was open over time, by status and severity or priority, and what came and went.",
    resources=("issues", "incidents"),
    parameters=BacklogSerializer,
    compute=compute_backlog,
    present=present_backlog,
)
