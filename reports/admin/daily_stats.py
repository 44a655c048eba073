"""Daily figures in the back office: a chart of what the list shows, and the rows."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import ModelAdmin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.dateparse import parse_date

from reports.choices import DailyMeasure
from reports.models import DailyStat
from reports.services.daily_exports import sum_by_day
from reports.services.daily_stats import visible_daily_stats
from tracker.admin.base import AccessAdmin, actor_of
from tracker.admin.filters import ChoiceFilter, DayRangeFilter
from tracker.admin.formats import write_moment
from tracker.charts import Line, Markup, Words, draw_lines
from tracker.models import Project

Choices = Iterable[tuple[str, str]]
NO_PROJECT = "none"
MOST_PROJECTS = 200
# A year and a day, so that its first and last day can be compared.
MOST_DAYS = 366
WORK = {"open": "Still open", "opened": "Opened", "closed": "Closed"}
SLA = {
    "alerts": "Alerts", "breaches": "Breaches", "resolution_met": "Resolutions in time",
    "resolution_missed": "Resolutions too late",
}  # fmt: skip


class MeasureFilter(ChoiceFilter):
    """What the figures are about."""

    title = parameter_name = "measure"
    default = DailyMeasure.ISSUES.value

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[DailyStat]) -> Choices:
        """The measures."""
        return [(measure.value, str(measure.label)) for measure in DailyMeasure]

    def queryset(self, request: HttpRequest, queryset: QuerySet[DailyStat]) -> QuerySet[DailyStat]:
        """The rows of that measure."""
        return queryset.filter(measure=self.value())


class ProjectFilter(ChoiceFilter):
    """Whose they are."""

    title = parameter_name = "project"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[DailyStat]) -> Choices:
        """The projects, and what belongs to none."""
        keys = Project.objects.order_by("key").values_list("key", flat=True)[:MOST_PROJECTS]
        return [(NO_PROJECT, "Without a project"), *((key, key) for key in keys)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[DailyStat]) -> QuerySet[DailyStat]:
        """The rows of that project."""
        if not self.value():
            return queryset
        return queryset.filter(**({"project": None} if self.value() == NO_PROJECT else {"project__key": self.value()}))


class DayFilter(DayRangeFilter):
    """From one day of the site to another."""

    field_name = title = "day"

    def queryset(self, request: HttpRequest, queryset: QuerySet[DailyStat]) -> QuerySet[DailyStat]:
        """The rows of those days; a date that is none is ignored."""
        first, last = (_parse(self.values.get(name, "")) for name in self.parameters())
        queryset = queryset.filter(day__gte=first) if first else queryset
        return queryset.filter(day__lte=last) if last else queryset


@admin.register(DailyStat)
class DailyStatAdmin(AccessAdmin[DailyStat]):
    """Figures, to be read."""

    resource = "daily_stats"
    menu = ("Reports", 3)
    change_list_template = "admin/reports/dailystat/change_list.html"
    list_display = ("day", "project_cell", "came_cell", "went_cell", "open_cell", "parts_cell", "refreshed_cell")
    list_display_links = None
    list_filter = (MeasureFilter, ProjectFilter, DayFilter)
    ordering = ("-day", "-id")
    empty_hint = "No figures yet. They are made every half hour; manage.py aggregate_daily makes them at once."

    def get_queryset(self, request: HttpRequest) -> QuerySet[DailyStat]:
        """The rows that whoever looks may see."""
        return visible_daily_stats(actor_of(request)).select_related("project")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list, below a chart of all that it shows."""
        answer = super().changelist_view(request, extra_context)
        shown = getattr(answer, "context_data", None)
        if shown and "cl" in shown:
            shown["chart"] = draw_days(shown["cl"].queryset, request.GET.get("measure", ""))
        return answer

    @admin.display(description="project")
    def project_cell(self, row: DailyStat) -> str:
        """Its key."""
        return row.project.key if row.project else "–"

    @admin.display(description="opened, or alerts")
    def came_cell(self, row: DailyStat) -> str:
        """What came."""
        figures = row.figures
        if row.measure == DailyMeasure.SLA:
            return f"{figures['alerts']}, of them {figures['breaches']} breaches" if figures["alerts"] else "0"
        again = f" + {figures['reopened']} again" if figures["reopened"] else ""
        return f"{figures['opened']}{again}{_and(figures['moved_in'], 'moved in')}"

    @admin.display(description="closed, or in time")
    def went_cell(self, row: DailyStat) -> str:
        """What went."""
        figures = row.figures
        if row.measure == DailyMeasure.SLA:
            met = figures["response_met"] + figures["resolution_met"]
            return f"{met} in time, {figures['response_missed'] + figures['resolution_missed']} too late"
        return f"{figures['closed']}{_and(figures['moved_out'], 'moved out')}"

    @admin.display(description="open")
    def open_cell(self, row: DailyStat) -> str:
        """What was open at the end of the day."""
        return str(row.figures.get("open", "–"))

    @admin.display(description="open by status, severity or priority")
    def parts_cell(self, row: DailyStat) -> str:
        """What was open, in parts."""
        parts = [part for part in row.figures.values() if isinstance(part, dict)]
        told = [", ".join(f"{count} {_word(name)}" for name, count in part.items() if count) for part in parts]
        return "; ".join(filter(None, told)) or "–"

    @admin.display(description="as of")
    def refreshed_cell(self, row: DailyStat) -> str:
        """When it was last looked at."""
        return write_moment(row.refreshed_at)


def draw_days(rows: "QuerySet[DailyStat]", measure: str) -> Markup | None:
    """The figures of the last year of these rows, all projects together; None where there are none."""
    names = SLA if measure == DailyMeasure.SLA else WORK
    days = sum_by_day(rows, list(names), MOST_DAYS)
    if not days:
        return None
    lines = [Line(label, [(day, sums[place]) for day, sums in days]) for place, label in enumerate(names.values())]
    return draw_lines(Words("daily", "By day", ""), lines)


def _parse(text: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None


def _and(count: int, words: str) -> str:
    return f" + {count} {words}" if count else ""


def _word(name: str) -> str:
    return name.replace("_", " ").lower()
