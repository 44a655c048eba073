"""A new issue's rows in one statement: the project's number, the issue, and its first stay.

Whoever makes another issue in the project waits until this transaction ends, so it should have few steps.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection

from incidents.choices import IssueStatus, Severity
from incidents.models import Issue
from incidents.services.issue_search import MAX_DESCRIPTION_CHARACTERS
from tracker.access import Actor
from tracker.models import Project

DEFAULTS = {"severity": Severity.MEDIUM.value, "priority": 2, "assignee": None, "due_on": None, "factory": None}
INSERT = """
WITH taken AS (
  UPDATE tracker_project SET last_issue_number = last_issue_number + 1 WHERE id = %(project)s AND archived_at IS NULL
  RETURNING last_issue_number AS number
), issue AS (
  INSERT INTO incidents_issue (project_id, number, title, description, description_html, severity, priority, status,
      reporter_id, reporter_label, assignee_id, factory_id, due_on, source, source_id, created_at, updated_at, search)
  SELECT %(project)s, number, %(title)s, %(description)s, %(description_html)s, %(severity)s, %(priority)s, %(status)s,
      %(reporter)s, '', %(assignee)s, %(factory)s, %(due_on)s, '', '', %(now)s, %(now)s,
      setweight(to_tsvector('simple', %(title)s), 'A') || setweight(to_tsvector('simple', %(beginning)s), 'B')
    FROM taken RETURNING id, number
), stay AS (
  INSERT INTO incidents_issuespan (issue_id, status, severity, project_id, assignee_id, started_at, started_by)
  SELECT id, %(status)s, %(severity)s, %(project)s, %(assignee)s, %(now)s, %(label)s FROM issue
)
SELECT id, number FROM issue
"""


def insert_issue(*, actor: Actor, project: Project, values: Mapping[str, Any], now: datetime) -> Issue | None:
    """The issue of these checked values; None where the project is archived or gone."""
    values = {**DEFAULTS, **values}
    status = IssueStatus.OPEN.value
    rows = {name: row.pk if (row := values[name]) is not None else None for name in ("assignee", "factory")}
    parameters = {
        **values,
        **rows,
        "project": project.pk,
        "status": status,
        "reporter": actor.user.pk if actor.user is not None else None,
        "beginning": values["description"][:MAX_DESCRIPTION_CHARACTERS],
        "label": actor.label[:120],
        "now": now,
    }
    with connection.wrap_database_errors, connection.cursor() as cursor:
        cursor.execute(INSERT, parameters)
        found = cursor.fetchone()
    if found is None:
        return None
    issue = Issue(
        pk=found[0], number=found[1], project=project, reporter=actor.user, status=status, created_at=now,
        updated_at=now, **values,
    )  # fmt: skip
    issue._state.adding, issue._state.db = False, connection.alias
    return issue
