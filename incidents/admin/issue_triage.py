"""Triage of many issues: ticked in the list, confirmed once, with a result for each."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied as Forbidden
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from incidents.admin.badges import issue_badge, severity_badge
from incidents.admin.issue_quick import QuickSteps
from incidents.admin.triage_forms import TriageForm
from incidents.models import Issue
from incidents.services.issues import visible_issues
from incidents.services.triage import MAX_ISSUES, TriageResult, advance_issues, triage_issues
from tracker.admin.base import actor_of
from tracker.admin.formats import render_badge
from tracker.admin.user_forms import show_refusal
from tracker.exceptions import InvalidInput, NotFound, PermissionDenied
from tracker.row_ids import read_row_id


class TriagePage(QuickSteps):
    """The part of the issues' admin that works on ticked rows."""

    actions = ("triage", "assign_to_me", "move_along")

    def get_urls(self) -> list[Any]:
        """What is confirmed goes to an address of its own."""
        return [self.page_url("triage", self.triage_view, of_object=False), *super().get_urls()]

    @admin.action(permissions=["triage"], description="Triage …")
    def triage(self, request: HttpRequest, queryset: QuerySet[Issue]) -> HttpResponse:
        """Shows the ticked issues and asks what to change."""
        issues = _find_issues(request)
        return self._confirm(request, issues, TriageForm(issues=issues, person=_person(request)))

    @admin.action(permissions=["triage"], description="Assign to me")
    def assign_to_me(self, request: HttpRequest, queryset: QuerySet[Issue]) -> HttpResponse:
        """Gives the ticked issues to whoever asks."""
        actor, ids = actor_of(request), _read_ids(request)
        return self._show_results(
            request, lambda: triage_issues(actor=actor, ids=ids, changes={"assignee": actor.user})
        )

    @admin.action(permissions=["triage"], description="Move along")
    def move_along(self, request: HttpRequest, queryset: QuerySet[Issue]) -> HttpResponse:
        """Moves each of the ticked issues one step towards done."""
        actor, ids = actor_of(request), _read_ids(request)
        return self._show_results(request, lambda: advance_issues(actor=actor, ids=ids))

    def triage_view(self, request: HttpRequest) -> HttpResponse:
        """Does what was confirmed, and tells what became of each issue."""
        if request.method != "POST" or not self.has_triage_permission(request):
            raise Forbidden
        issues = _find_issues(request)
        form = TriageForm(request.POST, issues=issues, person=_person(request))
        if not form.is_valid():
            return self._confirm(request, issues, form)
        actor, ids = actor_of(request), [issue.pk for issue in issues]
        try:
            return self._show_results(request, lambda: triage_issues(actor=actor, ids=ids, **form.wanted))
        except InvalidInput as refusal:
            show_refusal(form, refusal)
            return self._confirm(request, issues, form)

    def _confirm(self, request: HttpRequest, issues: Sequence[Issue], form: TriageForm) -> HttpResponse:
        rows = [(issue, severity_badge(issue.severity), issue_badge(issue.status)) for issue in issues]
        context = {"title": f"Triage {count_issues(len(issues))}", "rows": rows, "form": form}
        return self._render(request, "triage.html", context)

    def _show_results(self, request: HttpRequest, work: Callable[[], list[TriageResult]]) -> HttpResponse:
        try:
            results = work()
        except NotFound:
            raise Http404 from None
        except PermissionDenied:
            raise Forbidden from None
        rows = [(result.issue, *describe_result(result)) for result in results]
        words = Counter(str(kind) for _, kind, _, _ in rows)
        context = {
            "title": f"Triage: {', '.join(f'{number} {kind.lower()}' for kind, number in words.items())}",
            "rows": [(issue, render_badge(kind, tone), reason) for issue, kind, tone, reason in rows],
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
        return TemplateResponse(request, f"admin/incidents/issue/{template}", {**frame, **context})


def describe_result(result: TriageResult) -> tuple[str, str, str]:
    """What became of one issue: a word, its tone, and the reason where it was refused."""
    if result.refusal is not None:
        return "Refused", "breach", result.refusal.message
    return ("Changed", "ok", "") if result.is_changed else ("Unchanged", "quiet", "It was so already.")


def count_issues(number: int) -> str:
    """ "1 issue" or "12 issues"."""
    return "1 issue" if number == 1 else f"{number} issues"


def _read_ids(request: HttpRequest) -> list[int]:
    ids = list(dict.fromkeys(request.POST.getlist(ACTION_CHECKBOX_NAME)))
    known = [pk for text in ids if (pk := read_row_id(text)) is not None]
    if not 1 <= len(ids) <= MAX_ISSUES or len(known) < len(ids):
        raise Http404
    return known


def _find_issues(request: HttpRequest) -> list[Issue]:
    ids = _read_ids(request)
    rows = visible_issues(actor_of(request), "update").select_related("project", "assignee").prefetch_related("tags")
    found = rows.defer("search", "description", "description_html", "assignee__password").in_bulk(ids)
    if len(found) < len(ids):
        raise Http404
    return [found[pk] for pk in ids]


def _person(request: HttpRequest) -> Any:
    return actor_of(request).user
