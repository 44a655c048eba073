"""Calendars: working hours and holidays, in versions."""

from dataclasses import replace
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse

from incidents.admin.calendar_forms import CalendarForm, fill_calendar
from incidents.admin.policy_forms import PREVIEW, fill_head, find_trial
from incidents.models import Calendar, PolicyTrial
from incidents.services.policy_documents import read_document, specify_calendar
from incidents.services.policy_trials import read_trial_document, request_trial
from incidents.services.policy_versions import ensure_default_policy, publish_version
from tracker.admin.base import AccessAdmin, actor_of
from tracker.admin.formats import write_moment
from tracker.exceptions import DomainError
from tracker.row_ids import read_row_id

DAYS = (("mon", "Mon"), ("tue", "Tue"), ("wed", "Wed"), ("thu", "Thu"), ("fri", "Fri"), ("sat", "Sat"), ("sun", "Sun"))


@admin.register(Calendar)
class CalendarAdmin(AccessAdmin[Calendar]):
    """When time counts. A version never changes, because closed clocks were judged by it."""

    resource = "sla_policies"
    menu = ("SLA", 2)
    list_display = ("name", "version", "timezone", "hours_cell", "holidays_cell", "created_cell")
    search_fields = ("name",)
    fields = ("name", "version", "timezone", "hours_cell", "holidays_cell", "extra_cell", "created_cell")
    readonly_fields = ("hours_cell", "holidays_cell", "extra_cell", "created_cell")
    empty_hint = "No calendar yet; a policy makes the ones that it needs."

    has_writer = True

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Never while a file owns the policy."""
        return not settings.SLA_CONFIG_PATH and super().has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Calendar | None = None) -> bool:
        """Never: a version stays as it is."""
        return False

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """A version to read, with a way to the next one; or the form for that."""
        if object_id is None:
            return self.publish_view(request)
        context = {"next_version_of": object_id if self.has_add_permission(request) else None}
        return super().changeform_view(request, object_id, form_url, context)

    def publish_view(self, request: HttpRequest) -> HttpResponse:
        """A new calendar, or the next version of the one that `?from=` names: a new policy version that uses it."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        source = _find_calendar(request.GET.get("from", ""))
        form = CalendarForm(request.POST or None, initial=_fill(source, find_trial(request)))
        if request.method == "POST" and form.is_valid():
            try:
                address = self._take(request, form)
            except DomainError as error:
                form.show_refusal(error)
            else:
                return HttpResponseRedirect(address)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Next version of {source.name}" if source else "New calendar",
            "opts": self.opts,
            "form": form,
        }
        return TemplateResponse(request, "admin/incidents/calendar/publish.html", context)

    def _take(self, request: HttpRequest, form: CalendarForm) -> str:
        """Publishes the calendar, or previews it where that was asked for; answers where to go on."""
        spec, document = form.read_spec(), read_document(ensure_default_policy())
        sent: dict[str, Any] = {
            "actor": actor_of(request),
            "document": replace(document, calendars={**document.calendars, spec.name: spec}),
            **form.read(),
        }
        sent["note"] = sent["note"] or f"Calendar {spec.name}"
        if PREVIEW in request.POST:
            return self.object_url(request_trial(calendar=spec.name, **sent))
        version = publish_version(**sent)
        messages.success(request, f"Published with policy version {version.number}.")
        return self.list_url()

    @admin.display(description="hours")
    def hours_cell(self, calendar: Calendar) -> str:
        """The week in words."""
        return tell_hours(calendar.hours)

    @admin.display(description="holidays")
    def holidays_cell(self, calendar: Calendar) -> str:
        """Whose public holidays are free."""
        return "/".join(part for part in (calendar.holiday_country, calendar.holiday_subdivision) if part) or "none"

    @admin.display(description="further holidays")
    def extra_cell(self, calendar: Calendar) -> str:
        """Days that are free on top."""
        return ", ".join(str(day) for day in calendar.extra_holidays) or "none"

    @admin.display(description="created")
    def created_cell(self, calendar: Calendar) -> str:
        """Since when it is there."""
        return write_moment(calendar.created_at)


def tell_hours(hours: dict[str, Any] | None) -> str:
    """A week in words, days of the same hours together: "Mon–Fri 09:00–17:00, Sat 10:00–14:00"."""
    if not hours:
        return "round the clock"
    spans = [(label, ", ".join(f"{start}–{end}" for start, end in hours.get(key) or [])) for key, label in DAYS]
    runs: list[tuple[str, str, str]] = []
    for label, span in spans:
        if runs and runs[-1][2] == span:
            runs[-1] = (runs[-1][0], label, span)
        else:
            runs.append((label, label, span))
    return "; ".join(f"{first if first == last else f'{first}–{last}'} {span}" for first, last, span in runs if span)


def _fill(source: Calendar | None, trial: PolicyTrial | None) -> dict[str, Any] | None:
    """The form's initial values: of a preview, of the calendar that is there, or none."""
    spec = read_trial_document(trial).calendars.get(trial.calendar) if trial is not None else None
    if spec is not None:
        return {**fill_calendar(spec), **fill_head(trial)}
    return fill_calendar(specify_calendar(source)) if source else None


def _find_calendar(text: str) -> Calendar | None:
    return Calendar.objects.filter(pk=read_row_id(text) or 0).first()
