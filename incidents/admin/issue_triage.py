"""Triage of issues from their list."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import QuerySet

from incidents.admin.triage_forms import IssueTriageForm
from incidents.admin.triage_page import TriagePage
from incidents.models import Issue
from incidents.services.issues import visible_issues
from incidents.services.triage import advance_issues, triage_issues
from incidents.services.triage_rows import TriageResult
from tracker.access import Actor


class IssueTriage(TriagePage[Issue]):
    """The part of the issues' admin that works on rows of the list."""

    def triage_rows(
        self, *, actor: Actor, ids: Sequence[int], changes: Mapping[str, Any], **wanted: Any
    ) -> list[TriageResult[Issue]]:
        """Changes issues."""
        return triage_issues(actor=actor, ids=ids, changes=changes, **wanted)

    def advance_rows(self, *, actor: Actor, ids: Sequence[int]) -> list[TriageResult[Issue]]:
        """Moves issues one step towards done."""
        return advance_issues(actor=actor, ids=ids)

    def rows_to_triage(self, actor: Actor) -> QuerySet[Issue]:
        """With project, person and tags."""
        return visible_issues(actor, "update").select_related("project", "assignee").prefetch_related("tags")

    def triage_form(self, rows: Sequence[Issue], person: Any, data: Any = None) -> IssueTriageForm:
        """Severity, priority, assignee, tags and status."""
        return IssueTriageForm(data, issues=rows, person=person)
