"""How issues are called: OPS-12, a number that the project gives out once, and the keys that they had elsewhere."""

from django.db import connection
from django.db.models import Q, Subquery
from django.db.models.functions import Coalesce

from incidents.models import FormerKey, Issue
from tracker.exceptions import InvalidInput
from tracker.models import Project
from tracker.row_ids import read_row_id

TAKE_NUMBER = """
UPDATE tracker_project SET last_issue_number = last_issue_number + 1 WHERE id = %s AND archived_at IS NULL
RETURNING last_issue_number
"""


def take_number(project: Project) -> int:
    """The project's next number; whoever makes another issue there waits for this transaction.

    Raises:
        InvalidInput: the project is archived.
    """
    with connection.cursor() as cursor:
        cursor.execute(TAKE_NUMBER, [project.pk])
        row = cursor.fetchone()
    if row is None:
        raise no_live_project()
    return int(row[0])


def no_live_project() -> InvalidInput:
    """The refusal where a project takes no issue."""
    return InvalidInput.of_field("project", "Must be a project that is not archived.")


def move_to_project(issue: Issue, project: Project) -> None:
    """Gives a locked issue, which is not saved here, its number in another project; the old key goes on finding it.

    Raises: as `take_number`.
    """
    FormerKey.objects.create(issue=issue, project_id=issue.project_id, number=issue.number)
    issue.project, issue.number = project, take_number(project)


def named_issue(name: str) -> Q | None:
    """What finds the issue of this id, key or former key; None for what is none of these."""
    if not (name.isascii() and name.isprintable()):
        return None
    if (pk := read_row_id(name)) is not None:
        return Q(pk=pk)
    key, _, number = name.partition("-")
    if not (number.isdecimal() and len(number) < 10):
        return None
    is_called = Q(project__key=key.upper(), number=int(number))
    present, former = Issue.objects.filter(is_called), FormerKey.objects.filter(is_called)
    # One id, found by two unique keys; an OR over both tables would read all issues.
    return Q(pk=Coalesce(Subquery(present.values("pk")), Subquery(former.values("issue"))))
