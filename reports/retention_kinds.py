"""How long reports are kept."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from reports.choices import UNFINISHED_STATES
from reports.models import Report
from tracker.files.keeping import forget_files
from tracker.retention import RetentionKind, declare
from tracker.services.batches import count_up_to, delete_in_batches

# Results are large.
REPORTS_AT_ONCE = 200


def _finished(before: datetime) -> QuerySet[Any]:
    return Report.objects.exclude(state__in=UNFINISHED_STATES).filter(finished_at__lt=before)


@transaction.atomic
def _delete(ids: Sequence[Any]) -> int:
    rows = Report.objects.filter(pk__in=ids)
    keys = list(rows.exclude(file_key="").values_list("file_key", flat=True))
    transaction.on_commit(lambda: forget_files(keys), robust=True)
    return rows.delete()[1].get(Report._meta.label, 0)


declare(
    RetentionKind(
        "reports",
        "Reports",
        "Finished ones, with their files.",
        default_days=365,
        least_days=30,
        count=lambda before, most: count_up_to(_finished(before), most),
        prune=lambda before, stop_at: delete_in_batches(
            _finished(before), stop_at=stop_at, batch_rows=REPORTS_AT_ONCE, delete=_delete
        ),
    )
)
