"""Issues as a table, row by row from the database to the reader."""

from collections.abc import Iterator
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db import transaction
from django.db.models import OuterRef, QuerySet

from incidents.models import Issue
from tracker import access
from tracker.access import Actor
from tracker.spreadsheets import write_csv

ROWS_AT_ONCE = 1_000
FIELDS = {
    "title": "title",
    "status": "status",
    "severity": "severity",
    "priority": "priority",
    "reporter": "reporter__email",
    "reporter_label": "reporter_label",
    "assignee": "assignee__email",
    "factory": "factory__name",
    "due_on": "due_on",
    "created_at": "created_at",
    "updated_at": "updated_at",
    "triaged_at": "triaged_at",
    "done_at": "done_at",
    "description": "description",
}
HEADER = ("key", *FIELDS, "tags")


def export_issues(*, actor: Actor, issues: "QuerySet[Issue]") -> Iterator[bytes]:
    """These issues as CSV; the caller has narrowed them to what the actor may export.

    Raises:
        PermissionDenied, NotAuthenticated: see access.yaml, issues.export.
    """
    access.require(actor, "issues", "export")
    words = Issue.tags.through.objects.filter(issue=OuterRef("pk")).order_by("tag__name").values("tag__name")
    rows = issues.values_list("project__key", "number", *FIELDS.values(), ArraySubquery(words))
    return write_csv(HEADER, _read(rows))


def _read(rows: "QuerySet[Issue, tuple[Any, ...]]") -> Iterator[tuple[Any, ...]]:
    # Inside a transaction the server's cursor sends rows as it finds them; outside it would keep them all first.
    with transaction.atomic():
        for key, number, *values, tags in rows.iterator(chunk_size=ROWS_AT_ONCE):
            yield (f"{key}-{number}", *values, ", ".join(tags))
