"""Triage of many rows: ticked in the list, confirmed once, with a result for each."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied as Forbidden
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from incidents.admin.badges import issue_badge, severity_badge
from incidents.admin.quick_steps import QuickSteps, R
from incidents.services.triage_rows import MAX_ROWS, TriageResult
from tracker.access import Actor
from tracker.admin.base import actor_of
from tracker.admin.formats import render_badge
from tracker.admin.user_forms import show_refusal
from tracker.exceptions import InvalidInput, NotFound, PermissionDenied
from tracker.row_ids import read_row_id

HEAVY = ("search", "description", "description_html", "assignee__password")


class TriagePage(QuickSteps[R]):
    """The part of a list's admin that works on ticked rows."""

    actions = ("triage", "assign_to_me", "move_along")

    def get_urls(self) -> list[Any]:
        """What is confirmed goes to an address of its own."""
        return [self.page_url("triage", self.triage_view, of_object=False), *super().get_urls()]

    def rows_to_triage(self, actor: Actor) -> "QuerySet[R]":
        """The rows that an actor may change, with what the page shows of them."""
        raise NotImplementedError

    def triage_form(self, rows: Sequence[R], person: Any, data: Any = None) -> forms.Form:
        """What people choose; its `wanted` is what the service is asked for."""
        raise NotImplementedError

    @admin.action(permissions=["triage"], description="Triage …")
    def triage(self, request: HttpRequest, queryset: "QuerySet[R]") -> HttpResponse:
        """Shows the ticked rows and asks what to change."""
        rows = self._find_rows(request)
        return self._confirm(request, rows, self.triage_form(rows, actor_of(request).user))

    @admin.action(permissions=["triage"], description="Assign to me")
    def assign_to_me(self, request: HttpRequest, queryset: "QuerySet[R]") -> HttpResponse:
        """Gives the ticked rows to whoever asks."""
        actor, ids = actor_of(request), _read_ids(request)
        return self._show_results(
            request, lambda: self.triage_rows(actor=actor, ids=ids, changes={"assignee": actor.user})
        )

    @admin.action(permissions=["triage"], description="Move along")
    def move_along(self, request: HttpRequest, queryset: "QuerySet[R]") -> HttpResponse:
        """Moves each of the ticked rows one step towards done."""
        actor, ids = actor_of(request), _read_ids(request)
        return self._show_results(request, lambda: self.advance_rows(actor=actor, ids=ids))

    def triage_view(self, request: HttpRequest) -> HttpResponse:
        """Does what was confirmed, and tells what became of each row."""
        if request.method != "POST" or not self.has_triage_permission(request):
            raise Forbidden
        rows, actor = self._find_rows(request), actor_of(request)
        form: Any = self.triage_form(rows, actor.user, request.POST)
        if not form.is_valid():
            return self._confirm(request, rows, form)
        ids = [row.pk for row in rows]
        try:
            return self._show_results(request, lambda: self.triage_rows(actor=actor, ids=ids, **form.wanted))
        except InvalidInput as refusal:
            show_refusal(form, refusal)
            return self._confirm(request, rows, form)

    def _find_rows(self, request: HttpRequest) -> list[R]:
        ids = _read_ids(request)
        found = self.rows_to_triage(actor_of(request)).defer(*HEAVY).in_bulk(ids)
        if len(found) < len(ids):
            raise Http404
        return [found[pk] for pk in ids]

    def _confirm(self, request: HttpRequest, rows: Sequence[R], form: forms.Form) -> HttpResponse:
        shown = [(row, severity_badge(row.severity), issue_badge(row.status)) for row in rows]
        noun = self.opts.verbose_name if len(rows) == 1 else self.opts.verbose_name_plural
        context = {"title": f"Triage {len(rows)} {noun}", "rows": shown, "form": form, "counted": f"{len(rows)} {noun}"}
        return self._render(request, "triage.html", context)

    def _show_results(self, request: HttpRequest, work: Callable[[], list[TriageResult[R]]]) -> HttpResponse:
        try:
            told = [(done.row, describe_result(done)) for done in work()]
        except NotFound:
            raise Http404 from None
        except PermissionDenied:
            raise Forbidden from None
        words = Counter(kind for _, (kind, _, _) in told)
        context = {
            "title": f"Triage: {', '.join(f'{number} {kind.lower()}' for kind, number in words.items())}",
            "rows": [(row, render_badge(kind, tone), reason) for row, (kind, tone, reason) in told],
        }
        return self._render(request, "triage_result.html", context)

    def _render(self, request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
        query = request.GET.urlencode()
        frame = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "back": f"{self.list_url()}?{query}" if query else self.list_url(),
            "list_query": query,
        }
        return TemplateResponse(request, f"admin/incidents/worked_on/{template}", {**frame, **context})


def describe_result(result: TriageResult[Any]) -> tuple[str, str, str]:
    """What became of one row: a word, its tone, and the reason where it was refused."""
    if result.refusal is not None:
        return "Refused", "breach", result.refusal.message
    return ("Changed", "ok", "") if result.is_changed else ("Unchanged", "quiet", "It was so already.")


def _read_ids(request: HttpRequest) -> list[int]:
    ids = [read_row_id(text) for text in dict.fromkeys(request.POST.getlist(ACTION_CHECKBOX_NAME))]
    if not 1 <= len(ids) <= MAX_ROWS or None in ids:
        raise Http404
    return [pk for pk in ids if pk is not None]
