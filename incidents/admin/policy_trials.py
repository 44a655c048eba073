"""Previews of policies: what a change would do, looked at before it is published, and published from there."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from incidents.admin.trial_page import describe_backtest, describe_changes, describe_open
from incidents.choices import TrialState
from incidents.models import PolicyTrial
from incidents.services.policy_trials import apply_trial, delete_trial, is_based_on_newest
from tracker.admin.base import AccessAdmin, actor_of
from tracker.admin.formats import render_badge, write_moment
from tracker.exceptions import DomainError

TONES = {
    TrialState.PENDING: "info",
    TrialState.RUNNING: "info",
    TrialState.READY: "ok",
    TrialState.FAILED: "breach",
}


@admin.register(PolicyTrial)
class PolicyTrialAdmin(AccessAdmin[PolicyTrial]):
    """Asked for where policies and calendars are edited; read by all who may read those."""

    resource = "sla_policies"
    page_template = "admin/incidents/policytrial/page.html"
    menu = ("SLA", 5)
    list_display = ("name_cell", "state_cell", "what_cell", "based_cell", "published_cell", "owner", "created_cell")
    list_display_links = ("name_cell",)
    list_select_related = ("based_on", "published_as", "owner")
    ordering = ("-id",)
    empty_hint = "No preview yet. Edit a policy or a calendar, and look at what it would do before you publish it."

    def get_urls(self) -> list[Any]:
        """With an address to publish what was tried."""
        return [self.page_url("apply", self.apply_view), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[PolicyTrial]:
        """Without what only the work needs."""
        return super().get_queryset(request).defer("work")

    def describe(self, request: HttpRequest, trial: PolicyTrial) -> dict[str, Any]:
        """What the page shows: how far it is, or its figures."""
        context: dict[str, Any] = {
            "title": f"Preview {trial.pk}",
            "trial": trial,
            "badge": self.state_cell(trial),
            "changes": describe_changes(trial),
            "file": settings.SLA_CONFIG_PATH,
            "may_delete": self.is_allowed(request, "delete", trial),
            "edit_url": _edit_url(trial) if self.is_allowed(request, "create") and not settings.SLA_CONFIG_PATH else "",
        }
        if trial.result is not None:
            is_current = is_based_on_newest(trial)
            context |= {
                "is_outdated": trial.published_as is None and not is_current,
                "may_apply": is_current and trial.published_as is None and bool(context["edit_url"]),
                "as_of": datetime.fromisoformat(trial.result["as_of"]),
                "open": describe_open(trial.result),
                "backtest": describe_backtest(trial.result),
            }
        return context

    def apply_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Publishes what was tried in the way that was chosen; on to the version's page."""
        trial = self.take_posted(request, object_id, "create")
        if isinstance(trial, HttpResponse):
            return trial
        try:
            version = apply_trial(actor=actor_of(request), trial=trial, applies_to=request.POST.get("applies_to", ""))
        except DomainError as error:
            messages.error(request, " ".join([error.message, *(detail.message for detail in error.details)]))
            return HttpResponseRedirect(self.object_url(trial))
        messages.success(request, f"Version {version.number} is published.")
        return HttpResponseRedirect(self.object_url(version))

    def delete_model(self, request: HttpRequest, obj: PolicyTrial) -> None:
        """Takes it away."""
        delete_trial(actor=actor_of(request), trial=obj)

    @admin.display(description="preview")
    def name_cell(self, trial: PolicyTrial) -> str:
        """Its number."""
        return f"Preview {trial.pk}"

    @admin.display(description="state")
    def state_cell(self, trial: PolicyTrial) -> SafeString:
        """How far it is."""
        state = TrialState(trial.state)
        return render_badge(str(state.label), TONES[state])

    @admin.display(description="of")
    def what_cell(self, trial: PolicyTrial) -> str:
        """What is changed, in the words of whoever asked."""
        what = f"Calendar {trial.calendar}" if trial.calendar else "Policy"
        return f"{what}: {trial.note}" if trial.note else what

    @admin.display(description="against")
    def based_cell(self, trial: PolicyTrial) -> str:
        """Which version it compares with."""
        return f"version {trial.based_on.number}" if trial.based_on is not None else "–"

    @admin.display(description="published as")
    def published_cell(self, trial: PolicyTrial) -> SafeString | str:
        """The version that it became."""
        version = trial.published_as
        if version is None:
            return "–"
        return format_html('<a href="{}">version {}</a>', self.object_url(version), version.number)

    @admin.display(description="asked")
    def created_cell(self, trial: PolicyTrial) -> str:
        """When it was asked for."""
        return write_moment(trial.created_at)


def _edit_url(trial: PolicyTrial) -> str:
    """Back to the form, as it was filled."""
    model = "calendar" if trial.calendar else "policyversion"
    return f"{reverse(f'admin:incidents_{model}_add')}?trial={trial.pk}"
