"""Filters of the incident list. Other pages lead here by their parameters, so these are kept as they are."""

from collections.abc import Iterable
from functools import cached_property
from typing import Any, ClassVar

from django.contrib.admin.options import ModelAdmin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from incidents.admin.facets import ColumnFilter, FacetFilter, Sample
from incidents.admin.issue_filters import AssigneeFilter as PersonFilter
from incidents.choices import EnrichmentState, Recovery
from incidents.models import Incident, IncidentCategory
from incidents.services.incident_sets import in_cell, in_hour, on_weekday, read_place
from tracker.admin.filters import ChoiceFilter, DayRangeFilter
from tracker.models import Factory, Project
from tracker.row_ids import read_row_id

Choices = Iterable[tuple[str, str]]
Page = ModelAdmin[Incident]
Rows = QuerySet[Incident]
OFFERED = 200
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class TableFilter(FacetFilter):
    """By a row of a small table, named by its key in the address. What is archived is offered to nobody, but found."""

    model: ClassVar[type[Model]]
    key: ClassVar[str] = "key"
    conditions: ClassVar[dict[str, Any]] = {"archived_at": None}

    @cached_property
    def rows(self) -> list[tuple[int, str, str]]:
        """Id, key and name of each choice."""
        table = self.model._default_manager.values_list("pk", self.key, "name")
        offered = [(pk, str(key), name) for pk, key, name in table.filter(**self.conditions)[:OFFERED]]
        chosen = self.read_key(str(self.used_parameters.get(str(self.parameter_name)) or ""))
        if chosen and chosen not in {key for _, key, _ in offered}:
            offered += [(pk, str(key), name) for pk, key, name in table.filter(**{self.key: chosen})]
        return offered

    def read_key(self, text: str) -> str:
        """The key as the table spells it; empty where it can be none."""
        return text[:50] if text.isascii() and text.isprintable() else ""

    def lookups(self, request: HttpRequest, model_admin: Page) -> Choices:
        """The keys."""
        return [(key, self.describe(key, name)) for _, key, name in self.rows]

    def describe(self, key: str, name: str) -> str:
        """How a choice is shown."""
        return name

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        """The incidents of that row."""
        chosen = self.value()
        ids = [pk for pk, key, _ in self.rows if key == chosen]
        return queryset.filter(**{f"{self.column}__in": ids}) if chosen else queryset

    def count(self, sample: Sample) -> dict[str, int]:
        """By key."""
        counts = super().count(sample)
        return {key: counts.get(str(pk), 0) for pk, key, _ in self.rows}


class CategoryFilter(TableFilter):
    """What kind of thing happened."""

    title = parameter_name = "category"
    column, model = "category_id", IncidentCategory


class ProjectFilter(TableFilter):
    """By project."""

    title = parameter_name = "project"
    column, model = "project_id", Project

    def describe(self, key: str, name: str) -> str:
        """With the key, which people say."""
        return f"{key} · {name[:40]}"


class FactoryFilter(TableFilter):
    """By factory."""

    title = parameter_name = "factory"
    column, model, key = "factory_id", Factory, "pk"
    conditions: ClassVar[dict[str, Any]] = {}

    def read_key(self, text: str) -> str:
        """A number."""
        return str(read_row_id(text) or "")


class EnrichmentFilter(ColumnFilter):
    """How far Tracker is with finding out more."""

    title = parameter_name = column = "enrichment"
    options = EnrichmentState.choices


class RecoveryFilter(ColumnFilter):
    """What became of what went missing."""

    title = parameter_name = column = "recovery"
    options = Recovery.choices


class AssigneeFilter(PersonFilter):
    """Mine, nobody's, or one person's."""

    parameter_name = "assignee"


class OccurredFilter(DayRangeFilter):
    """From one day to another, both included, in the reader's time zone."""

    field_name, title = "occurred_at", "occurred"

    @classmethod
    def parameters(cls) -> list[str]:
        """As other pages say it."""
        return ["occurred_from", "occurred_to"]


class AskedFilter(ChoiceFilter):
    """A filter that other pages set; here it is only shown, and taken off."""

    def has_output(self) -> bool:
        """Where it is set."""
        return bool(self.value())


class HourFilter(AskedFilter):
    """The hour of the day, on the clocks of the place."""

    title = parameter_name = "hour"

    def lookups(self, request: HttpRequest, model_admin: Page) -> Choices:
        """0 to 23."""
        return [(str(hour), f"{hour:02}:00 – {hour:02}:59") for hour in range(24)]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        """What happened then."""
        return in_hour(queryset, int(self.value() or 0), timezone.get_current_timezone())


class WeekdayFilter(AskedFilter):
    """The day of the week, on the clocks of the place."""

    title = parameter_name = "weekday"

    def lookups(self, request: HttpRequest, model_admin: Page) -> Choices:
        """1 is Monday."""
        return [(str(number), name) for number, name in enumerate(WEEKDAYS, start=1)]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        """What happened then."""
        return on_weekday(queryset, int(self.value() or 1), timezone.get_current_timezone())


class NearFilter(AskedFilter):
    """The neighbourhood of a place: the cell of the map that it lies in."""

    title = parameter_name = "near"

    def lookups(self, request: HttpRequest, model_admin: Page) -> Choices:
        """The place that was asked for."""
        asked = str(self.used_parameters.get("near") or "")
        place = read_place(asked)
        return [(asked, f"{place[0]:.4f}, {place[1]:.4f}")] if place else []

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        """What happened there."""
        place = read_place(self.value() or "")
        return in_cell(queryset, *place) if place else queryset
