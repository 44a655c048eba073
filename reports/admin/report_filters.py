"""What the list of reports may be narrowed by."""

from collections.abc import Iterable

from django.contrib.admin.options import ModelAdmin
from django.db.models import QuerySet
from django.http import HttpRequest

from reports.choices import ReportState
from reports.kinds import KINDS
from reports.models import Report
from tracker.admin.filters import ChoiceFilter

Choices = Iterable[tuple[str, str]]


class KindFilter(ChoiceFilter):
    """What it is about."""

    title = parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Report]) -> Choices:
        """Every kind that there is."""
        return [(kind.key, kind.label) for kind in KINDS.values()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Report]) -> QuerySet[Report]:
        """The reports of that kind."""
        return queryset.filter(kind=self.value()) if self.value() else queryset


class StateFilter(ChoiceFilter):
    """How far it is."""

    title = parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Report]) -> Choices:
        """Every state."""
        return [(state.value, str(state.label)) for state in ReportState]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Report]) -> QuerySet[Report]:
        """The reports in that state."""
        return queryset.filter(state=self.value()) if self.value() else queryset


class OriginFilter(ChoiceFilter):
    """Who asked."""

    title, parameter_name = "asked by", "by"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Report]) -> Choices:
        """Oneself, a schedule, or somebody."""
        return [("me", "Me"), ("schedule", "A schedule"), ("people", "Somebody by hand")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Report]) -> QuerySet[Report]:
        """The reports that they asked for."""
        match self.value():
            case "me":
                return queryset.filter(owner_id=request.user.pk)
            case "schedule":
                return queryset.exclude(schedule="")
            case "people":
                return queryset.filter(schedule="")
        return queryset
