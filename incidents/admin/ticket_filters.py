"""Filters of the ticket list. Their choices come from small tables only, whatever the tickets hold."""

from collections.abc import Iterable
from typing import cast

from django.contrib.admin.options import ModelAdmin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from incidents.admin.ticket_forms import read_policy_words
from incidents.choices import Category
from incidents.models import Ticket
from incidents.querysets import TicketQuerySet
from incidents.services.settled_promises import ANY, Settled, read_settled, settled_tickets
from tracker import clock
from tracker.admin.filters import ChoiceFilter, day_range
from tracker.models import Project, User
from tracker.row_ids import read_row_id

Choices = Iterable[tuple[str, str]]
PROJECT_LIMIT = 200
LONGEST_WORD = 40
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
        return [("breach", "Breach"), ("alert", "Alert"), ("ok", "OK"), ("next", "Due next"), ("none", "No SLA")]

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
            case "next":
                return queryset.filter(due_at__gt=now)
            case "none":
                return queryset.filter(has_sla=False)
        return queryset


class _PolicyWordFilter(ChoiceFilter):
    column = ""
    field = ""

    def lookups(self, request: HttpRequest, model_admin: Page) -> Choices:
        """The words that the policies know, and the one that an address asks for."""
        words = read_policy_words(self.column)
        asked = str(self.used_parameters.get(str(self.parameter_name)) or "")[:LONGEST_WORD]
        if asked and asked.isprintable() and asked not in words:
            words.append(asked)
        return [(word, word) for word in words]

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
        """The first projects by key, and the one that an address asks for."""
        projects = Project.objects.order_by("key").values_list("pk", "key")
        offered = dict(projects.filter(archived_at=None)[:PROJECT_LIMIT])
        asked = read_row_id(str(self.used_parameters.get("project") or ""))
        if asked and asked not in offered:
            offered |= dict(projects.filter(pk=asked))
        return [(str(pk), key) for pk, key in offered.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Ticket]) -> QuerySet[Ticket]:
        """The tickets of that project."""
        return queryset.filter(project_id=int(self.value() or 0)) if self.value() else queryset


class AssigneeFilter(ChoiceFilter):
    """Mine, nobody's, or those of the person whom an address asks for."""

    title, parameter_name = "assigned to", "assigned"

    def lookups(self, request: HttpRequest, model_admin: Page) -> Choices:
        """No list of people: there may be many."""
        asked = read_row_id(str(self.used_parameters.get("assigned") or ""))
        person = User.objects.filter(pk=asked).only("full_name", "email").first() if asked else None
        named = [(str(person.pk), person.full_name or person.email)] if person else []
        return [("me", "Me"), ("nobody", "Nobody"), ("somebody", "Somebody"), *named]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Ticket]) -> QuerySet[Ticket]:
        """The tickets of those people."""
        match self.value():
            case "me":
                return queryset.filter(assignee=request.user.pk)
            case "nobody":
                return queryset.filter(assignee=None)
            case "somebody":
                return queryset.exclude(assignee=None)
            case None:
                return queryset
            case person:
                return queryset.filter(assignee=int(person))


class SettledFilter(ChoiceFilter):
    """By how a promise ended, and when. Figures lead here by it; the list itself only shows it, and takes it off."""

    title = parameter_name = "settled"

    def has_output(self) -> bool:
        """Where it is set."""
        return bool(self.value())

    def lookups(self, request: HttpRequest, model_admin: Page) -> Choices:
        """What was asked for."""
        asked = str(self.used_parameters.get("settled") or "")
        settled = _read_settled(asked)
        if settled is None:
            return []
        promise = "promise" if settled.promise == ANY else settled.promise
        verdict = "settled" if settled.verdict == ANY else settled.verdict
        return [(asked, f"{promise} {verdict} {settled.start:%Y-%m-%d} – {settled.end:%Y-%m-%d}")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Ticket]) -> QuerySet[Ticket]:
        """The tickets with such a promise."""
        settled = _read_settled(self.value() or "")
        return settled_tickets(cast(TicketQuerySet, queryset), settled) if settled else queryset


def _read_settled(text: str) -> Settled | None:
    try:
        return read_settled(text)
    except ValueError:
        return None


CreatedFilter = day_range("created_at", "created")
UpdatedFilter = day_range("updated_at", "updated")
