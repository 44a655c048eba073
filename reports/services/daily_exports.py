"""Daily figures as a table, and as series for charts."""

from collections.abc import Iterator, Sequence
from datetime import date

from django.db.models import F, IntegerField, QuerySet, Sum
from django.db.models.fields.json import KT
from django.db.models.functions import Cast

from incidents.services.table_exports import stream_table
from reports.models import DailyStat
from reports.services.daily_changes import OPEN_CATEGORIES, OPEN_STATUSES, SEVERITIES, VERDICTS, WAY
from tracker import access
from tracker.access import Actor

PLAIN = (*WAY, "open", "alerts", "breaches", *VERDICTS)
PARTS = {"open_by_status": (*OPEN_STATUSES, *OPEN_CATEGORIES), "open_by_severity": SEVERITIES}
IN_PARTS = {f"open_{name.lower()}": f"figures__{part}__{name}" for part, names in PARTS.items() for name in names}
HEADER = ("day", "project", "measure", *PLAIN, *IN_PARTS, "open_by_priority", "refreshed_at")
COLUMNS = {
    "project": F("project__key"),
    **{name: KT(f"figures__{name}") for name in (*PLAIN, "open_by_priority")},
    **{name: KT(path) for name, path in IN_PARTS.items()},
}


def export_daily_stats(*, actor: Actor, rows: "QuerySet[DailyStat]") -> Iterator[bytes]:
    """These rows as CSV, a column for each figure; one that a measure does not have is empty.

    Raises:
        PermissionDenied, NotAuthenticated: see access.yaml, daily_stats.export.
    """
    access.require(actor, "daily_stats", "export")
    return stream_table(rows, HEADER, COLUMNS)


def sum_by_day(rows: "QuerySet[DailyStat]", names: Sequence[str], most_days: int) -> list[tuple[date, list[int]]]:
    """These plain figures of all projects together, of the last so many days that there are, in order."""
    sums = {f"sum_{name}": Sum(Cast(KT(f"figures__{name}"), IntegerField())) for name in names}
    days = rows.order_by().values("day").annotate(**sums).order_by("-day")
    told = days.values_list("day", *sums)[:most_days]
    return [(day, [figure or 0 for figure in figures]) for day, *figures in told][::-1]
