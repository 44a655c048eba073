"""Rows by what was known of them at a moment: figures of reports lead to lists by it. There it is only taken off."""

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from django.contrib.admin.options import ModelAdmin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from incidents.services.past_sets import PastSet, read_past_set
from tracker.admin.filters import ChoiceFilter
from tracker.exceptions import InvalidInput


class HistoryFilter(ChoiceFilter):
    """Only shown where it is set. Subclasses say of what things, and how the set is found."""

    title = parameter_name = "history"
    things: ClassVar[str]
    narrow: ClassVar[Callable[[Any, PastSet], QuerySet[Any]]]

    def has_output(self) -> bool:
        """Where it is set."""
        return bool(self.value())

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> Iterable[tuple[str, str]]:
        """What was asked for."""
        asked = str(self.used_parameters.get("history") or "")
        wanted = self._read(asked)
        return [(asked, _describe(wanted))] if wanted else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The rows of the set; what says no set narrows nothing."""
        wanted = self._read(self.value() or "")
        return type(self).narrow(queryset, wanted) if wanted else queryset

    def _read(self, text: str) -> PastSet | None:
        try:
            return read_past_set(text, things=self.things) if text else None
        except InvalidInput:
            return None


def history_of(things: str, narrow: Callable[[Any, PastSet], QuerySet[Any]]) -> type[HistoryFilter]:
    """The filter for a list."""
    return type("HistoryFilter", (HistoryFilter,), {"things": things, "narrow": staticmethod(narrow)})


def _describe(wanted: PastSet) -> str:
    zone = timezone.get_current_timezone()
    words = f"first {wanted.first}" if wanted.first else wanted.was or wanted.got
    told = [words.replace("_", " ").capitalize()]
    told += [f"from {wanted.start.astimezone(zone):%d %b %Y %H:%M}"] if wanted.start else []
    told += [f"to {wanted.end.astimezone(zone):%d %b %Y %H:%M}"] if wanted.end else []
    told += [word for word in (wanted.project, wanted.severity) if word]
    return f"{' '.join(told)}, as of {wanted.as_of.astimezone(zone):%d %b %Y %H:%M}"
