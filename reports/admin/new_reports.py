"""Asking for a report: first the kinds, then the form of the one chosen."""

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_protect

from reports.admin.parameter_forms import ParameterForm, make_parameter_form
from reports.kinds import KINDS
from reports.kinds.contract import Kind
from reports.models import Report
from reports.services.reports import may_ask_for, request_report
from tracker.access import Actor
from tracker.admin.base import AccessAdmin, actor_of
from tracker.exceptions import DomainError


class NewReportForm(ParameterForm):
    """The moment up to which history counts; the kind's own fields come with it."""

    as_of = forms.DateTimeField(
        label="As of",
        required=False,
        help_text="Only what had happened by then counts, in your time zone. Empty is now.",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local", "step": "1"}, format="%Y-%m-%dT%H:%M:%S"),
    )


class NewReportPages(AccessAdmin[Report]):
    """The part of the reports' admin that asks for new ones."""

    @property
    def has_writer(self) -> bool:
        """Reports are asked for through their service."""
        return True

    @method_decorator(csrf_protect)
    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The kinds, or with `kind` the form of that one."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        actor = actor_of(request)
        kinds = [kind for kind in KINDS.values() if may_ask_for(actor, kind)]
        chosen = next((kind for kind in kinds if kind.key == request.GET.get("kind")), None)
        if chosen is None:
            return self._show(request, "kinds", {"title": "New report", "kinds": kinds})
        form = make_parameter_form(chosen, actor=actor, base=NewReportForm)(request.POST or None)
        report = self._ask(actor, chosen, form) if request.method == "POST" and form.is_valid() else None
        if report is not None:
            return HttpResponseRedirect(self.object_url(report))
        return self._show(request, "new", {"title": chosen.label, "kind": chosen, "form": form})

    def _ask(self, actor: Actor, kind: Kind, form: ParameterForm) -> Report | None:
        try:
            return request_report(
                actor=actor,
                kind=kind.key,
                parameters=form.read_parameters(),
                as_of=form.cleaned_data.get("as_of"),
            )
        except DomainError as error:
            form.show_refusal(error)
        return None

    def _show(self, request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
        frame = {**self.admin_site.each_context(request), "opts": self.opts}
        return TemplateResponse(request, f"admin/reports/report/{name}.html", {**frame, **context})
