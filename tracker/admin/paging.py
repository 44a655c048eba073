"""Pages over tables of any size: nothing is counted beyond a cap, and no page lies beyond it."""

from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.utils.functional import cached_property

COUNT_CAP = 10_000


class CappedPaginator(Paginator[Any]):
    """Counts exactly up to 10,000 rows and says "10,000+" beyond; who looks further narrows by filter or search."""

    cap = COUNT_CAP

    @cached_property
    def _counted(self) -> int:
        rows = self.object_list
        if not isinstance(rows, QuerySet):
            return len(rows)
        return rows.order_by().values("pk")[: self.cap + 1].count()

    @property
    def count(self) -> int:
        """The number of rows, at most the cap."""
        return min(self._counted, self.cap)

    @property
    def is_capped(self) -> bool:
        """Whether there are more rows than `count` says."""
        return self._counted > self.cap
