"""What a list of issues may be narrowed by."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet, Subquery
from django_filters import rest_framework as filters

from incidents.api.history_filter import HistoryFilter
from incidents.choices import IssueStatus, Severity
from incidents.models import Issue
from incidents.services.past_sets import WORK, issues_of
from tracker.api.authentication import actor_of
from tracker.api.filters import MOST_VALUES, ChoiceInFilter, FlagFilter, InFilter
from tracker.exceptions import InvalidInput
from tracker.models import Project, User
from tracker.models.users import normalise_email

NOBODY, MYSELF = "none", "me"
PRIORITIES = [(str(number), str(number)) for number in (1, 2, 3)]
Issues = QuerySet[Issue]


class IssueFilterSet(filters.FilterSet):
    """Filters of the lists and exports of issues.

    A single project or person is compared with a sub-select, never joined: its index is then read in the order of the
    list, and the first page of a rare one costs no more than that of a common one.
    """

    status = ChoiceInFilter(field_name="status", lookup_expr="in", choices=IssueStatus.choices)
    severity = ChoiceInFilter(field_name="severity", lookup_expr="in", choices=Severity.choices)
    priority = ChoiceInFilter(field_name="priority", lookup_expr="in", choices=PRIORITIES)
    project = InFilter(method="filter_project", label="keys of projects, such as OPS")
    assignee = filters.CharFilter(method="filter_person", max_length=254, label="an e-mail address, me or none")
    reporter = filters.CharFilter(method="filter_person", max_length=254, label="an e-mail address, me or none")
    tag = InFilter(method="filter_tag", label="issues with any of these words")
    is_open = FlagFilter(method="filter_open", label="not DONE")
    watched = FlagFilter(method="filter_watched", label="whether the caller watches it")
    due_after = filters.DateFilter(field_name="due_on", lookup_expr="gte")
    due_before = filters.DateFilter(field_name="due_on", lookup_expr="lt")
    created_after = filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="gte")
    created_before = filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="lt")
    updated_after = filters.IsoDateTimeFilter(field_name="updated_at", lookup_expr="gte")
    updated_before = filters.IsoDateTimeFilter(field_name="updated_at", lookup_expr="lt")
    done_after = filters.IsoDateTimeFilter(field_name="done_at", lookup_expr="gte")
    done_before = filters.IsoDateTimeFilter(field_name="done_at", lookup_expr="lt")

    history = HistoryFilter(WORK, issues_of)

    class Meta:
        model = Issue
        fields: Sequence[str] = ()

    def filter_project(self, queryset: Issues, name: str, keys: list[str]) -> Issues:
        """Issues of these projects."""
        keys = [key.strip().upper() for key in keys]
        if len(keys) == 1:
            return queryset.filter(project_id=Subquery(Project.objects.filter(key=keys[0]).values("pk")))
        return queryset.filter(project__in=Project.objects.filter(key__in=_few(name, keys)).values("pk"))

    def filter_person(self, queryset: Issues, name: str, value: str) -> Issues:
        """Issues of one person, of the caller, or of nobody."""
        if value == NOBODY:
            return queryset.filter(**{f"{name}__isnull": True})
        if value == MYSELF:
            return queryset.filter(**{name: self._caller}) if self._caller else queryset.none()
        person = User.objects.filter(email=normalise_email(value)).values("pk")
        return queryset.filter(**{f"{name}_id": Subquery(person)})

    def filter_tag(self, queryset: Issues, name: str, words: list[str]) -> Issues:
        """Issues with any of the words."""
        words = [" ".join(word.lower().split()) for word in _few(name, words)]
        return queryset.filter(pk__in=Issue.tags.through.objects.filter(tag__name__in=words).values("issue"))

    def filter_open(self, queryset: Issues, name: str, value: bool) -> Issues:
        """Issues that somebody still has to deal with, or the others."""
        return queryset.exclude(status=IssueStatus.DONE) if value else queryset.filter(status=IssueStatus.DONE)

    def filter_watched(self, queryset: Issues, name: str, value: bool) -> Issues:
        """Issues that the caller watches, or the others."""
        watched = Issue.watchers.through.objects.filter(user=self._caller).values("issue")
        return queryset.filter(pk__in=watched) if value else queryset.exclude(pk__in=watched)

    @property
    def _caller(self) -> Any:
        return actor_of(self.request).user


def _few(name: str, values: list[str]) -> list[str]:
    if len(values) > MOST_VALUES:
        raise InvalidInput.of_field(name, f"Send up to {MOST_VALUES} values.")
    return values
