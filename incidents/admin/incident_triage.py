"""Triage of incidents from their list."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import QuerySet

from incidents.admin.triage_forms import IncidentTriageForm
from incidents.admin.triage_page import TriagePage
from incidents.models import Incident
from incidents.services.incident_triage import advance_incidents, triage_incidents
from incidents.services.incidents import visible_incidents
from incidents.services.triage_rows import TriageResult
from tracker.access import Actor


class IncidentTriage(TriagePage[Incident]):
    """The part of the incidents' admin that works on rows of the list."""

    def triage_rows(
        self, *, actor: Actor, ids: Sequence[int], changes: Mapping[str, Any], **wanted: Any
    ) -> list[TriageResult[Incident]]:
        """Changes incidents."""
        return triage_incidents(actor=actor, ids=ids, changes=changes, **wanted)

    def advance_rows(self, *, actor: Actor, ids: Sequence[int]) -> list[TriageResult[Incident]]:
        """Moves incidents one step towards done."""
        return advance_incidents(actor=actor, ids=ids)

    def rows_to_triage(self, actor: Actor) -> QuerySet[Incident]:
        """With category and person."""
        return visible_incidents(actor, "update").select_related("category", "assignee")

    def triage_form(self, rows: Sequence[Incident], person: Any, data: Any = None) -> IncidentTriageForm:
        """Category, severity, project, assignee and status."""
        return IncidentTriageForm(data, person=person)
