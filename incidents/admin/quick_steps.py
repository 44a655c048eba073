"""One step with the row at hand: what keys of the list, and the buttons of a row, ask for."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied as Forbidden
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from incidents.choices import Severity
from incidents.models import Incident, Issue
from incidents.services.triage_rows import TriageResult
from tracker.access import Actor
from tracker.admin.base import AccessAdmin, actor_of
from tracker.exceptions import DomainError, InvalidInput, NotFound
from tracker.row_ids import read_row_id

R = TypeVar("R", Issue, Incident)
NEXT_STEPS = {"OPEN": "Triage", "TRIAGED": "Start", "IN_PROGRESS": "Done"}
MOVE_BUTTON = '<button type="button" data-do="move" title="Move along (m)">→ {}</button>'
QUICK = (
    '<span class="quick">{}<button type="button" data-do="assign" title="Assign to me (a)">Take</button>'
    '<select data-do="severity" aria-label="Severity of {}">{}</select></span>'
)


def _write_options(chosen: str) -> SafeString:
    marks = {True: SafeString(" selected"), False: ""}
    options = ((value, marks[value == chosen], label) for value, label in reversed(Severity.choices))
    return format_html_join("", '<option value="{}"{}>{}</option>', options)


SEVERITY_OPTIONS = {severity: _write_options(severity) for severity in Severity.values}


class QuickSteps(AccessAdmin[R]):
    """The part of a list's admin that works on one row of it."""

    def get_urls(self) -> list[Any]:
        """One address for every step."""
        return [self.page_url("quick", self.quick_view), *super().get_urls()]

    def triage_rows(
        self, *, actor: Actor, ids: Sequence[int], changes: Mapping[str, Any], **wanted: Any
    ) -> list[TriageResult[R]]:
        """Changes rows through their service."""
        raise NotImplementedError

    def advance_rows(self, *, actor: Actor, ids: Sequence[int]) -> list[TriageResult[R]]:
        """Moves rows one step towards done through their service."""
        raise NotImplementedError

    def has_triage_permission(self, request: HttpRequest) -> bool:
        """Whether rows may be worked on from the list."""
        return self.is_allowed(request, "update") and self.is_allowed(request, "transition")

    def quick_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """One step with one row; answers in JSON what became of it."""
        if request.method != "POST" or not self.has_triage_permission(request):
            raise Forbidden
        actor = actor_of(request)
        try:
            result = self._take_step(actor, object_id, request.POST.get("do", ""), request.POST.get("value", ""))
            if result.refusal is not None:
                raise result.refusal
        except DomainError as error:
            return JsonResponse(error.as_document(actor.request_id), status=error.status)
        return JsonResponse({"message": _describe(result)})

    @admin.display(description="quick")
    def quick_cell(self, row: R) -> SafeString:
        """What the keys do, for fingers and mice."""
        step = NEXT_STEPS.get(row.status)
        move = format_html(MOVE_BUTTON, step) if step else ""
        return format_html(QUICK, move, row.key, SEVERITY_OPTIONS[row.severity])

    def _take_step(self, actor: Actor, object_id: str, verb: str, value: str) -> TriageResult[R]:
        pk = read_row_id(object_id)
        if pk is None:
            raise NotFound.unseen()
        ids = [pk]
        match verb:
            case "move":
                return self.advance_rows(actor=actor, ids=ids)[0]
            case "assign":
                return self.triage_rows(actor=actor, ids=ids, changes={"assignee": actor.user})[0]
            case "severity":
                return self.triage_rows(actor=actor, ids=ids, changes={"severity": value})[0]
        raise InvalidInput.of_field("do", "One of move, assign, severity.")


def _describe(result: TriageResult[Any]) -> str:
    row = result.row
    person = (row.assignee.full_name or row.assignee.email) if row.assignee else "nobody"
    words = f"{row.get_severity_display().lower()}, {row.get_status_display().lower()}, {person} has it"
    return f"{row.key}{'' if result.is_changed else ' was so already'}: {words}."
