"""/v1/stats/daily: what happened on each day, and what was open at its end, by project and measure."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from rest_framework import serializers

from reports.choices import DailyMeasure
from reports.models import DailyStat
from reports.services.daily_exports import export_daily_stats
from reports.services.daily_stats import visible_daily_stats
from tracker.api.csv_exports import CsvExportMixin
from tracker.api.filters import ChoiceInFilter, InFilter
from tracker.api.serializers import StrictModelSerializer
from tracker.api.viewsets import ApiViewSet, ListMixin

NO_PROJECT = "none"


class DailyStatSerializer(StrictModelSerializer[DailyStat]):
    """A measure of a project on one day. See docs/daily-figures.md for the figures of each measure."""

    project = serializers.CharField(source="project.key", allow_null=True, default=None)
    figures = serializers.DictField()

    class Meta:
        model = DailyStat
        fields = ["day", "project", "measure", "figures", "refreshed_at"]
        read_only_fields = fields


class DailyStatFilterSet(filters.FilterSet):
    """What the list and its export may be narrowed by."""

    to = filters.DateFilter(field_name="day", lookup_expr="lte", label="the last day, as the site's clocks count")
    project = InFilter(method="filter_project", label="keys of projects, or none for what belongs to none")
    measure = ChoiceInFilter(field_name="measure", lookup_expr="in", choices=DailyMeasure.choices)

    class Meta:
        model = DailyStat
        fields: Sequence[str] = ()

    def filter_project(self, queryset: QuerySet[DailyStat], name: str, keys: list[str]) -> QuerySet[DailyStat]:
        """Rows of these projects."""
        keys = [key.strip() for key in keys]
        rows = queryset.filter(project__key__in=[key.upper() for key in keys])
        return rows | queryset.filter(project=None) if NO_PROJECT in keys else rows


# A word of the language, which no attribute of the class can be called by.
DailyStatFilterSet.base_filters["from"] = filters.DateFilter(
    field_name="day", lookup_expr="gte", label="the first day, as the site's clocks count"
)


class DailyStatViewSet(CsvExportMixin, ListMixin, ApiViewSet[DailyStat]):
    """Daily figures, the latest first. Today's are as of `refreshed_at`, and grow until the day is over."""

    resource = "daily_stats"
    export_name = "daily"
    serializer_class = DailyStatSerializer
    filterset_class = DailyStatFilterSet
    ordering_fields: Sequence[str] = ("day",)
    ordering: Sequence[str] = ("-day",)

    def get_queryset(self) -> QuerySet[DailyStat]:
        """The rows that the caller may see."""
        return visible_daily_stats(self.actor).select_related("project")

    def export_rows(self, rows: Any) -> Iterator[bytes]:
        """A column for each figure."""
        return export_daily_stats(actor=self.actor, rows=rows.select_related(None))
