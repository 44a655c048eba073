"""Reports: followed while they are made, read with charts, tables and ways on, cancelled and deleted."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from reports.admin.badges import report_badge
from reports.admin.downloads import list_downloads
from reports.admin.new_reports import NewReportPages
from reports.admin.report_filters import KindFilter, OriginFilter, StateFilter
from reports.admin.report_views import show_charts, show_tables
from reports.models import Report
from reports.services.parameter_words import describe_parameters
from reports.services.presenting import kind_of, label_of, present_report
from reports.services.reports import cancel_report, delete_report, request_report, rerun_report, visible_reports
from tracker.admin.base import actor_of
from tracker.admin.filters import day_range
from tracker.admin.formats import write_moment, write_span
from tracker.exceptions import DomainError

MOST_PARAMETER_CHARACTERS = 90


@admin.register(Report)
class ReportAdmin(NewReportPages):
    """Reports of whoever looks; of everybody for admins."""

    resource = "reports"
    owner_field = "owner"
    menu = ("Reports", 1)
    page_template = "admin/reports/report/page.html"
    live_types = "report"
    list_display = ("name_cell", "parameters_cell", "state_cell", "owner_cell", "as_of_cell", "asked_cell", "took_cell")
    list_display_links = ("name_cell",)
    list_filter = (KindFilter, StateFilter, OriginFilter, day_range("created_at", "asked"))
    ordering = ("-id",)
    actions = ("delete_reports",)
    empty_hint = "No report yet. Add one: choose what it is about, and it is made while you do something else."

    def get_urls(self) -> list[Any]:
        """With addresses to end one, and to ask again."""
        return [
            self.page_url("cancel", self.cancel_view),
            self.page_url("again", self.again_view),
            *super().get_urls(),
        ]

    def has_change_permission(self, request: HttpRequest, obj: Report | None = None) -> bool:
        """Never: what is finished stays."""
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Report]:
        """The reports that whoever looks may see; what they say is read where it is shown."""
        return visible_reports(actor_of(request)).select_related("project").defer("result")

    # One report

    def describe(self, request: HttpRequest, report: Report) -> dict[str, Any]:
        """What the page shows."""
        shown = present_report(report)
        return {
            "title": f"{label_of(report)} ({report.pk})",
            "report": report,
            "label": label_of(report),
            "badge": report_badge(report),
            "parameters": describe_parameters(kind_of(report), report.parameters),
            "took": self.took_cell(report),
            "shown": shown,
            "charts": show_charts(shown) if shown is not None else [],
            "tables": show_tables(shown) if shown is not None else [],
            "downloads": list_downloads(report),
            "may_cancel": not report.is_finished and self.is_allowed(request, "transition", report),
            "may_ask": report.is_finished and self.has_add_permission(request) and kind_of(report) is not None,
            "may_delete": self.has_delete_permission(request, report),
        }

    def cancel_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ends a report that is not finished."""
        return self.run_for_one(
            request, object_id, "transition",
            lambda report: cancel_report(actor=actor_of(request), report=report),
            "The report was cancelled.",
        )  # fmt: skip

    def again_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Asks the same once more: as of now, or with `same` as of the same moment."""
        report = self.take_posted(request, object_id, "create")
        if isinstance(report, HttpResponse):
            return report
        actor = actor_of(request)
        try:
            if request.POST.get("same"):
                fresh = rerun_report(actor=actor, report=report)
            else:
                fresh = request_report(
                    actor=actor, kind=report.kind, parameters=report.parameters, project=report.project
                )
        except DomainError as error:
            messages.error(request, error.message)
            return HttpResponseRedirect(self.object_url(report))
        return HttpResponseRedirect(self.object_url(fresh))

    def delete_model(self, request: HttpRequest, obj: Report) -> None:
        """Deletes through the service."""
        delete_report(actor=actor_of(request), report=obj)

    def has_remove_permission(self, request: HttpRequest) -> bool:
        """Whether reports may be deleted from the list."""
        return self.is_allowed(request, "delete")

    @admin.action(permissions=["remove"], description="Delete")
    def delete_reports(self, request: HttpRequest, queryset: QuerySet[Report]) -> HttpResponse | None:
        """Deletes the ticked reports."""
        actor = actor_of(request)
        return self.run_for_each(
            request, queryset, lambda report: delete_report(actor=actor, report=report), "{count} reports were deleted."
        )

    # Cells

    @admin.display(description="report")
    def name_cell(self, report: Report) -> str:
        """What it is about."""
        return f"{label_of(report)} ({report.pk})"

    @admin.display(description="about")
    def parameters_cell(self, report: Report) -> str:
        """What was asked."""
        words = "; ".join(f"{label}: {text}" for label, text in describe_parameters(kind_of(report), report.parameters))
        return f"{words[:MOST_PARAMETER_CHARACTERS]}…" if len(words) > MOST_PARAMETER_CHARACTERS else words or "–"

    @admin.display(description="state")
    def state_cell(self, report: Report) -> str:
        """How far it is."""
        return report_badge(report)

    @admin.display(description="by")
    def owner_cell(self, report: Report) -> str:
        """Who asked."""
        return f"schedule {report.schedule}" if report.schedule else report.owner_label

    @admin.display(description="as of")
    def as_of_cell(self, report: Report) -> str:
        """Up to when history counts."""
        return write_moment(report.as_of)

    @admin.display(description="asked")
    def asked_cell(self, report: Report) -> str:
        """When it was asked for."""
        return write_moment(report.created_at)

    @admin.display(description="took")
    def took_cell(self, report: Report) -> str:
        """How long it was computed."""
        if report.started_at is None or report.finished_at is None:
            return "–"
        seconds = (report.finished_at - report.started_at).total_seconds()
        return write_span(seconds) if seconds >= 1 else "under a second"
