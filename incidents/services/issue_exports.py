"""Issues as a table."""

from collections.abc import Iterator
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import CharField, F, Func, OuterRef, QuerySet, Value
from django.db.models.functions import Cast, Concat

from incidents.models import Issue
from incidents.services.table_exports import stream_table
from tracker import access
from tracker.access import Actor

HEADER = (
    "key", "title", "status", "severity", "priority", "reporter", "reporter_label", "assignee", "factory", "tags",
    "due_on", "created_at", "updated_at", "triaged_at", "done_at", "description",
)  # fmt: skip


def export_issues(*, actor: Actor, issues: "QuerySet[Issue]") -> Iterator[bytes]:
    """These issues as CSV; the caller has narrowed them to what the actor may export.

    Raises:
        PermissionDenied, NotAuthenticated: see access.yaml, issues.export.
    """
    access.require(actor, "issues", "export")
    return stream_table(issues, HEADER, issue_columns())


def issue_columns() -> dict[str, Any]:
    """What a name of HEADER stands for, where it is no column of the row."""
    words = Issue.tags.through.objects.filter(issue=OuterRef("pk")).order_by("tag__name").values("tag__name")
    return {
        "key": Concat("project__key", Value("-"), Cast("number", CharField())),
        "reporter": F("reporter__email"),
        "assignee": F("assignee__email"),
        "factory": F("factory__name"),
        "tags": Func(ArraySubquery(words), Value(", "), function="array_to_string", output_field=CharField()),
    }
