"""List filters that ask nothing of the table they filter."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import ModelAdmin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_date


class ChoiceFilter(admin.SimpleListFilter):
    """A filter with given choices, of which one may be the default instead of "All"."""

    default: str = ""

    def value(self) -> str | None:
        """What was chosen of the choices; the default where nothing was."""
        chosen = super().value()
        return chosen if chosen in {str(key) for key, _ in self.lookup_choices} else self.default or None

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """The links. With a default, "All" is one of the look-ups and not the absence of a choice."""
        if not self.default:
            yield from super().choices(changelist)
            return
        for key, title in self.lookup_choices:
            yield {
                "selected": self.value() == key,
                "query_string": changelist.get_query_string({str(self.parameter_name): key}),
                "display": title,
                "is_default": key == self.default,
            }


class DayRangeFilter(admin.ListFilter):
    """From one day to another, both included, in the reader's time zone. Subclasses name the field."""

    template = "admin/day_range_filter.html"
    field_name: str
    title: str

    def __init__(
        self, request: HttpRequest, params: dict[str, Any], model: type[Model], model_admin: ModelAdmin[Any]
    ) -> None:
        super().__init__(request, params, model, model_admin)
        self.values: dict[str, str] = {}
        for name in self.parameters():
            if name in params:
                self.values[name] = str(params.pop(name)[-1])

    @classmethod
    def parameters(cls) -> list[str]:
        """The names in the query string."""
        return [f"{cls.field_name}_from", f"{cls.field_name}_to"]

    def expected_parameters(self) -> list[str | None]:
        """What belongs to this filter."""
        return [*self.parameters()]

    def has_output(self) -> bool:
        """Always shown."""
        return True

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """One entry: what the form needs."""
        first, last = self.parameters()
        others = {name: value for name, value in changelist.params.items() if name not in (first, last)}
        yield {
            "first_name": first,
            "last_name": last,
            "first": self.values.get(first, ""),
            "last": self.values.get(last, ""),
            "others": [(name, value[-1] if isinstance(value, list) else value) for name, value in others.items()],
            "clear": changelist.get_query_string(remove=[first, last]),
            "selected": not self.values,
        }

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The rows of those days; a date that is none is ignored."""
        first, last = (_parse(self.values.get(name, "")) for name in self.parameters())
        if first:
            queryset = queryset.filter(**{f"{self.field_name}__gte": first})
        if last:
            queryset = queryset.filter(**{f"{self.field_name}__lt": last + timedelta(days=1)})
        return queryset


def _parse(text: str) -> datetime | None:
    try:
        day = parse_date(text)
    except ValueError:
        return None
    if day is None or not 1970 <= day.year <= 9000:
        return None
    return timezone.make_aware(datetime.combine(day, time.min))


def day_range(field_name: str, title: str) -> type[DayRangeFilter]:
    """A filter on the days of one field."""
    return type(f"{field_name.title()}Filter", (DayRangeFilter,), {"field_name": field_name, "title": title})
