"""`?history=`: rows by what was known of them at a moment. Figures of reports lead here by it."""

from collections.abc import Callable
from typing import Any

from django_filters import rest_framework as filters

from incidents.services.carriers import sees_internals
from incidents.services.past_sets import A_SET, LONGEST, NONE, PastSet, read_past_set
from tracker.api.authentication import actor_of
from tracker.exceptions import InvalidInput


class HistoryFilter(filters.CharFilter):
    """By a set such as `was:DONE from:2026-10-01T00:00:00Z to:2026-11-01T00:00:00Z as_of:2026-11-01T08:00:00Z`."""

    def __init__(self, things: str, narrow: Callable[[Any, PastSet], Any]) -> None:
        super().__init__(label=f"what was known at a moment: {A_SET}", max_length=LONGEST)
        self.things, self.narrow = things, narrow

    def filter(self, qs: Any, value: str) -> Any:
        """The rows of the set.

        Raises:
            InvalidInput: the text says no set, or names somebody whom the caller may not ask for.
        """
        if not value:
            return qs
        wanted = read_past_set(value, things=self.things)
        if wanted.assignee not in ("", NONE) and not sees_internals(actor_of(self.parent.request)):
            raise InvalidInput.of_field("history", "Only staff ask for other people.")
        return self.narrow(qs, wanted)
