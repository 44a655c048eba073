"""Filters of the ticket list. Their choices come from small tables only, whatever the tickets hold."""

from collections.abc import Iterable

from django.contrib.admin.options import ModelAdmin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from incidents.admin.ticket_forms import read_policy_words
from incidents.choices import Category
from incidents.models import Ticket
from tracker import clock
from tracker.admin.filters import ChoiceFilter, day_range
from tracker.models import Project

Choices = Iterable[tuple[str, str]]
PROJECT_LIMIT = 200
Page = ModelAdmin[Ticket]


class ScopeFilter(ChoiceFilter):
    """Open tickets come first, by urgency; the others are a look back."""

    title, parameter_name, default = "show", "show", "open"

    def lookups(self, request: HttpRequest, model_admin: Page) -> Choices:
        """Open, closed or both."""
        return [("open", "Open"), ("closed", "Closed"), ("all", "Open and closed")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Ticket]) -> QuerySet[Ticket]:
        """The tickets of that kind."""
        return queryset if self.value() == "all" else queryset.filter(is_open=self.value() == "open")


class SLAStateFilter(ChoiceFilter):
    """Where the nearest deadline stands at this moment."""

    title, parameter_name = "SLA", "sla"

    def lookups(self, request: HttpRequest, model_admin: Page) -> Choices:
        """The states, and those without a promise."""
        return [("breach", "Breach"), ("alert", "Alert"), ("ok", "OK"), ("none", "No SLA")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Ticket]) -> QuerySet[Ticket]:
        """The tickets in that state; here "alert" means not yet breached."""
        now = clock.now()
        match self.value():
            case "breach":
                return queryset.filter(breach_at__lte=now)
            case "alert":
                return queryset.filter(Q(breach_at__gt=now) | Q(breach_at=None), alert_at__lte=now)
            case "ok":
                return queryset.filter(
                    Q(alert_at__gt=now) | Q(alert_at=None), Q(breach_at__gt=now) | Q(breach_at=None), has_sla=True
                )
            case "none":
                return queryset.filter(has_sla=False)
        return queryset


class _PolicyWordFilter(ChoiceFilter):
    column = ""
    field = ""

    def lookups(self, request: HttpRequest, model_admin: Page) -> Choices:
        """The words that the policies know."""
        return [(word, word) for word in read_policy_words(self.column)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Ticket]) -> QuerySet[Ticket]:
        """The tickets with that word."""
        return queryset.filter(**{self.field: self.value()}) if self.value() else queryset


class PriorityFilter(_PolicyWordFilter):
    """By priority."""

    title = parameter_name = "priority"
    column = field = "priority"


class TierFilter(_PolicyWordFilter):
    """By the customer's tier."""

    title = parameter_name = "tier"
    column, field = "tier", "customer_tier"


class CategoryFilter(ChoiceFilter):
    """By what the sender's status means."""

    title = parameter_name = "category"

    def lookups(self, request: HttpRequest, model_admin: Page) -> Choices:
        """The categories."""
        return [(str(value), str(label)) for value, label in Category.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Ticket]) -> QuerySet[Ticket]:
        """The tickets of that category."""
        return queryset.filter(category=self.value()) if self.value() else queryset


class ProjectFilter(ChoiceFilter):
    """By project."""

    title = parameter_name = "project"

    def lookups(self, request: HttpRequest, model_admin: Page) -> Choices:
        """The first projects by key."""
        projects = Project.objects.filter(archived_at=None).order_by("key").values_list("pk", "key")[:PROJECT_LIMIT]
        return [(str(pk), key) for pk, key in projects]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Ticket]) -> QuerySet[Ticket]:
        """The tickets of that project."""
        return queryset.filter(project_id=int(self.value() or 0)) if self.value() else queryset


class AssigneeFilter(ChoiceFilter):
    """Mine, or nobody's."""

    title, parameter_name = "assigned to", "assigned"

    def lookups(self, request: HttpRequest, model_admin: Page) -> Choices:
        """No list of people: there may be many."""
        return [("me", "Me"), ("nobody", "Nobody"), ("somebody", "Somebody")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Ticket]) -> QuerySet[Ticket]:
        """The tickets of those people."""
        match self.value():
            case "me":
                return queryset.filter(assignee=request.user.pk)
            case "nobody":
                return queryset.filter(assignee=None)
            case "somebody":
                return queryset.exclude(assignee=None)
        return queryset


CreatedFilter = day_range("created_at", "created")
UpdatedFilter = day_range("updated_at", "updated")
