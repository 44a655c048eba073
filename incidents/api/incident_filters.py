"""What a list of incidents may be narrowed by."""

from collections.abc import Sequence

from django.db.models import QuerySet, Subquery
from django_filters import rest_framework as filters

from incidents.api.history_filter import HistoryFilter
from incidents.choices import EnrichmentState, IncidentStatus, Recovery, Severity
from incidents.models import Incident, IncidentCategory
from incidents.services.carriers import sees_internals
from incidents.services.incident_nearby import MAX_METRES, incidents_near, read_circle
from incidents.services.incident_sets import in_cell, read_place
from incidents.services.past_sets import WORK, incidents_of
from tracker.api.authentication import actor_of
from tracker.api.filters import MOST_VALUES, ChoiceInFilter, FlagFilter, InFilter
from tracker.exceptions import InvalidInput
from tracker.models import Project, User
from tracker.models.users import normalise_email

NOBODY, MYSELF = "none", "me"
Incidents = QuerySet[Incident]


class IncidentFilterSet(filters.FilterSet):
    """Filters of the lists and exports of incidents.

    A single category, project or person is compared with a sub-select, never joined: its index is then read in the
    order of the list.
    """

    category = InFilter(method="filter_category", label="keys of categories, such as theft")
    status = ChoiceInFilter(field_name="status", lookup_expr="in", choices=IncidentStatus.choices)
    severity = ChoiceInFilter(field_name="severity", lookup_expr="in", choices=Severity.choices)
    enrichment = ChoiceInFilter(field_name="enrichment", lookup_expr="in", choices=EnrichmentState.choices)
    recovery = ChoiceInFilter(field_name="recovery", lookup_expr="in", choices=Recovery.choices)
    project = InFilter(method="filter_project", label="keys of projects, such as OPS")
    factory = InFilter(method="filter_factory", label="ids of factories")
    assignee = filters.CharFilter(method="filter_person", max_length=254, label="an e-mail address, me or none")
    reporter = filters.CharFilter(method="filter_person", max_length=254, label="an e-mail address, me or none")
    source = filters.CharFilter(field_name="source", max_length=100, label="what brought them in")
    is_open = FlagFilter(method="filter_open", label="not DONE")
    has_position = FlagFilter(field_name="latitude", lookup_expr="isnull", exclude=True, label="has coordinates")
    near = filters.CharFilter(
        method="filter_near", max_length=100, label=f"latitude,longitude,metres: up to {MAX_METRES:,} m from there"
    )
    cell = filters.CharFilter(
        method="filter_cell", max_length=59, label="latitude,longitude: the same square of the analysis as this place"
    )
    occurred_after = filters.IsoDateTimeFilter(field_name="occurred_at", lookup_expr="gte")
    occurred_before = filters.IsoDateTimeFilter(field_name="occurred_at", lookup_expr="lt")
    created_after = filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="gte")
    created_before = filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="lt")
    updated_after = filters.IsoDateTimeFilter(field_name="updated_at", lookup_expr="gte")
    updated_before = filters.IsoDateTimeFilter(field_name="updated_at", lookup_expr="lt")
    done_after = filters.IsoDateTimeFilter(field_name="done_at", lookup_expr="gte")
    done_before = filters.IsoDateTimeFilter(field_name="done_at", lookup_expr="lt")

    history = HistoryFilter(WORK, incidents_of)

    class Meta:
        model = Incident
        fields: Sequence[str] = ()

    def filter_category(self, queryset: Incidents, name: str, keys: list[str]) -> Incidents:
        """Incidents of these categories."""
        categories = IncidentCategory.objects.filter(key__in=_few(name, keys)).order_by().values("pk")
        if len(keys) == 1:
            return queryset.filter(category_id=Subquery(categories))
        return queryset.filter(category__in=categories)

    def filter_project(self, queryset: Incidents, name: str, keys: list[str]) -> Incidents:
        """Incidents of these projects."""
        projects = Project.objects.filter(key__in=[key.strip().upper() for key in _few(name, keys)]).order_by()
        return queryset.filter(project__in=projects.values("pk"))

    def filter_factory(self, queryset: Incidents, name: str, ids: list[str]) -> Incidents:
        """Incidents at these factories."""
        if not all(id.isascii() and id.isdecimal() and len(id) < 19 for id in _few(name, ids)):
            raise InvalidInput.of_field(name, "Send ids of factories, separated by commas.")
        return queryset.filter(factory__in=[int(id) for id in ids])

    def filter_near(self, queryset: Incidents, name: str, value: str) -> Incidents:
        """Incidents around a place."""
        try:
            circle = read_circle(value)
        except ValueError:
            text = f"Send latitude,longitude,metres, such as 48.37,10.9,500; up to {MAX_METRES:,} metres."
            raise InvalidInput.of_field(name, text) from None
        return incidents_near(queryset, circle)

    def filter_cell(self, queryset: Incidents, name: str, value: str) -> Incidents:
        """Incidents in the square of a place."""
        place = read_place(value)
        if place is None:
            raise InvalidInput.of_field(name, "Send latitude,longitude, such as 48.37,10.9.")
        return in_cell(queryset, *place)

    def filter_person(self, queryset: Incidents, name: str, value: str) -> Incidents:
        """Incidents of one person, of the caller, or of nobody; other people are for staff to ask for."""
        actor = actor_of(self.request)
        if value == NOBODY:
            return queryset.filter(**{f"{name}__isnull": True})
        if value == MYSELF:
            return queryset.filter(**{name: actor.user}) if actor.user else queryset.none()
        if not sees_internals(actor):
            raise InvalidInput.of_field(name, f"Send {MYSELF} or {NOBODY}.")
        person = User.objects.filter(email=normalise_email(value)).values("pk")
        return queryset.filter(**{f"{name}_id": Subquery(person)})

    def filter_open(self, queryset: Incidents, name: str, value: bool) -> Incidents:
        """Incidents that somebody still has to deal with, or the others."""
        return queryset.exclude(status=IncidentStatus.DONE) if value else queryset.filter(status=IncidentStatus.DONE)


def _few(name: str, values: list[str]) -> list[str]:
    if len(values) > MOST_VALUES:
        raise InvalidInput.of_field(name, f"Send up to {MOST_VALUES} values.")
    return values
