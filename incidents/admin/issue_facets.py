"""What the filters of the issue list count."""

from collections.abc import Iterable
from datetime import date, timedelta

from django.db.models import QuerySet

from incidents.admin.facets import Counting, Sample, count_facets
from incidents.choices import IssueStatus
from incidents.models import Issue

WEEK_DAYS = 7
COUNTING = Counting(
    columns=("status", "severity", "priority", "project_id", "assignee_id", "reporter_id"),
    also=("due_on",),
    more="""
UNION ALL
SELECT of_set, 'due', CASE WHEN due_on IS NULL THEN 'none' WHEN due_on < %s AND status <> %s THEN 'overdue'
         WHEN due_on >= %s AND due_on < %s THEN 'week' ELSE 'other' END, count(*) FROM counted GROUP BY 1, 3
UNION ALL
SELECT of_set, 'tag', t.name, count(*) FROM counted JOIN incidents_issue_tags g ON g.issue_id = counted.id
  JOIN incidents_tag t ON t.id = g.tag_id WHERE of_set = %s GROUP BY of_set, t.name
""",
)


def count_issue_facets(sets: Iterable[QuerySet[Issue]], *, today: date, tags_of: int = 0) -> list[Sample]:
    """One sample for each set of issues; tags are counted in the set at the place `tags_of`."""
    due = (today, IssueStatus.DONE.value, today, today + timedelta(days=WEEK_DAYS))
    return count_facets(COUNTING, sets, (*due, tags_of))
