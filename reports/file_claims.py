"""Says which kept files belong to reports, so that the sweep of orphans leaves them alone."""

from collections.abc import Iterable, Sequence

from reports.models import Report
from tracker.files.claims import FileClaim, declare_claim

BATCH_ROWS = 1_000


def _find(keys: Sequence[str]) -> set[str]:
    return set(Report.objects.filter(file_key__in=keys).exclude(file_key="").values_list("file_key", flat=True))


def _keys() -> Iterable[str]:
    named = Report.objects.exclude(file_key="").order_by("file_key").values_list("file_key", flat=True)
    return named.iterator(chunk_size=BATCH_ROWS)


declare_claim("report", FileClaim(_find, _keys))
