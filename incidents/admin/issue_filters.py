"""Filters of the issue list. Their choices come from small tables and from the few issues that were counted."""

import re
from collections.abc import Iterable
from datetime import date, timedelta

from django.contrib.admin.options import ModelAdmin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import cached_property

from incidents.admin.facets import ColumnFilter, FacetFilter, Sample
from incidents.admin.issue_facets import WEEK_DAYS
from incidents.admin.ticket_forms import staff
from incidents.choices import IssueStatus, Severity
from incidents.models import Issue, Tag
from tracker.admin.filters import ChoiceFilter, day_range
from tracker.models import Project, User
from tracker.row_ids import read_row_id

Choices = Iterable[tuple[str, str]]
Page = ModelAdmin[Issue]
Rows = QuerySet[Issue]
PROJECT_LIMIT = 200
PEOPLE_LIMIT = 50
NOT_DONE, ALL = "not_done", "all"
KEY = re.compile(r"([A-Za-z][A-Za-z0-9]{1,11})-([0-9]{1,9})")


class StatusFilter(FacetFilter):
    """What is not done comes first; whoever names an issue by its key finds it in any status."""

    title = parameter_name = column = "status"
    default = NOT_DONE

    def lookups(self, request: HttpRequest, model_admin: Page) -> Choices:
        """The statuses, and the two ways to look at several."""
        return [(NOT_DONE, "Not done"), *((str(key), str(words)) for key, words in IssueStatus.choices), (ALL, "All")]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        """The issues in that status."""
        chosen = self.value()
        is_free = self.parameter_name not in self.used_parameters and KEY.fullmatch(request.GET.get("q", "").strip())
        if chosen == ALL or is_free:
            return queryset
        return queryset.exclude(status=IssueStatus.DONE) if chosen == NOT_DONE else queryset.filter(status=chosen)

    def count(self, sample: Sample) -> dict[str, int]:
        """With the sums."""
        counts = super().count(sample)
        total = sum(counts.values())
        return {**counts, NOT_DONE: total - counts.get(IssueStatus.DONE, 0), ALL: total}


class SeverityFilter(ColumnFilter):
    """By severity, the worst first."""

    title = parameter_name = column = "severity"
    options = Severity.choices[::-1]


class PriorityFilter(ColumnFilter):
    """By priority."""

    title = parameter_name = column = "priority"
    options = (("1", "1 – first"), ("2", "2"), ("3", "3 – last"))


class ProjectFilter(FacetFilter):
    """By project."""

    title = parameter_name = "project"
    column = "project_id"

    def lookups(self, request: HttpRequest, model_admin: Page) -> Choices:
        """The first projects by key."""
        projects = Project.objects.filter(archived_at=None).order_by("key").values_list("pk", "key", "name")
        return [(str(pk), f"{key} · {name[:40]}") for pk, key, name in projects[:PROJECT_LIMIT]]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        """The issues of that project."""
        return queryset.filter(project_id=int(self.value() or 0)) if self.value() else queryset


class AssigneeFilter(FacetFilter):
    """Mine, nobody's, or one person's."""

    title, parameter_name = "assigned to", "assigned"
    column = "assignee_id"

    def lookups(self, request: HttpRequest, model_admin: Page) -> Choices:
        """The usual three, then the first people by name."""
        people = staff().exclude(pk=request.user.pk).order_by("full_name", "email")[:PEOPLE_LIMIT]
        named = [(str(person.pk), person.full_name or person.email) for person in people]
        return [("me", "Me"), ("nobody", "Nobody"), ("somebody", "Somebody"), *named]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        """The issues of those people."""
        match self.value():
            case None:
                return queryset
            case "me":
                return queryset.filter(assignee=request.user.pk)
            case "nobody":
                return queryset.filter(assignee=None)
            case "somebody":
                return queryset.exclude(assignee=None)
            case person:
                return queryset.filter(assignee=int(person))

    def count(self, sample: Sample) -> dict[str, int]:
        """With the usual three."""
        counts = super().count(sample)
        nobody = sample.counters[self.column][None]
        me = counts.get(str(self.request.user.pk), 0)
        return {**counts, "me": me, "nobody": nobody, "somebody": sum(counts.values())}


class ReporterFilter(FacetFilter):
    """Who reported it: me, or one of those who reported most of what is counted."""

    title, parameter_name = "reporter", "reporter"
    column = "reporter_id"

    def value(self) -> str | None:
        """A person's id, or "me"."""
        chosen = str(self.used_parameters.get(self.parameter_name) or "")
        return chosen if chosen == "me" or read_row_id(chosen) is not None else None

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        """What that person reported."""
        chosen = self.value()
        if chosen is None:
            return queryset
        return queryset.filter(reporter=request.user.pk if chosen == "me" else int(chosen))

    def count(self, sample: Sample) -> dict[str, int]:
        """With "me"."""
        counts = super().count(sample)
        return {**counts, "me": counts.get(str(self.request.user.pk), 0)}

    def listed(self) -> list[tuple[str, str]]:
        """Me, whoever is chosen, and those who reported most."""
        ids = {int(pk) for pk in self.most_frequent() if pk != "me"}
        if (chosen := self.value() or "me") != "me":
            ids.add(int(chosen))
        people = User.objects.filter(pk__in=ids).exclude(pk=self.request.user.pk or 0).order_by("full_name", "email")
        named = [(str(pk), name or email) for pk, name, email in people.values_list("pk", "full_name", "email")]
        return [("me", "Me"), *named]


class TagFilter(FacetFilter):
    """By tag; the most frequent ones are offered, any other can be asked for in the address."""

    title = parameter_name = column = "tag"

    def value(self) -> str | None:
        """A word."""
        return str(self.used_parameters.get(self.parameter_name) or "").replace("\0", "")[:50] or None

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        """The issues with that tag."""
        if not self.value():
            return queryset
        return queryset.filter(pk__in=Issue.tags.through.objects.filter(tag_id=self._tag_id).values("issue_id"))

    @cached_property
    def _tag_id(self) -> int:
        # By its id PostgreSQL knows how frequent a tag is, and reads rare and frequent ones in different ways.
        return Tag.objects.filter(name=self.value()).values_list("pk", flat=True).first() or 0

    def listed(self) -> list[tuple[str, str]]:
        """The most frequent tags, and the chosen one."""
        words, chosen = self.most_frequent(), self.value()
        return [(word, word) for word in (words if not chosen or chosen in words else [chosen, *words])]


class DueFilter(FacetFilter):
    """How near the due day is."""

    title = parameter_name = column = "due"

    def lookups(self, request: HttpRequest, model_admin: Page) -> Choices:
        """Over, soon, at all, never."""
        return [("overdue", "Overdue"), ("week", "In 7 days"), ("set", "Has a due day"), ("none", "No due day")]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        """The issues due then."""
        today = timezone.localdate()
        match self.value():
            case "overdue":
                return queryset.filter(due_on__lt=today).exclude(status=IssueStatus.DONE)
            case "week":
                return queryset.filter(due_on__gte=today, due_on__lt=today + timedelta(days=WEEK_DAYS))
            case "set":
                return queryset.filter(due_on__isnull=False)
            case "none":
                return queryset.filter(due_on=None)
        return queryset

    def count(self, sample: Sample) -> dict[str, int]:
        """By how near it is."""
        counts = super().count(sample)
        return {**counts, "set": sum(counts.values()) - counts.get("none", 0)}


class WatchedFilter(ChoiceFilter):
    """What one wants to be told of."""

    title, parameter_name = "watched", "watched"

    def lookups(self, request: HttpRequest, model_admin: Page) -> Choices:
        """By oneself."""
        return [("me", "By me")]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        """The issues that one watches."""
        if not self.value():
            return queryset
        watched = Issue.watchers.through.objects.filter(user=request.user.pk).values("issue_id")
        return queryset.filter(pk__in=watched)


def is_overdue(due_on: date | None, status: str, today: date) -> bool:
    """Whether an issue should have been done before `today`."""
    return due_on is not None and due_on < today and status != IssueStatus.DONE


CreatedFilter = day_range("created_at", "created")
