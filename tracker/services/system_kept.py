"""What the System page tells of what is kept: the months of the big tables, and for how long things stay."""

from tracker import clock
from tracker.models import RetentionPolicy
from tracker.partitions import MONTHLY_TABLES, MonthlyTable, count_months_ahead, list_partitions
from tracker.retention import all_kinds
from tracker.services.system import Cell, Content, Fact, Section, Tone, Unit, register_section

RETENTION_PAGE = "admin:tracker_retentionpolicy_changelist"
# The planner's guess of a partition that nothing lies in is nothing as well.
DEFAULT_HOLDS_MUCH = 100_000
LATE_AFTER_DAYS = 2


def read_partitions() -> Content:
    """For how many months there is room ahead, and what the tables that lie in months hold."""
    ahead = count_months_ahead()
    tone = Tone.BREACH if ahead < 0 else Tone.ALERT if ahead < 1 else Tone.PLAIN
    note = "The sweep create_partitions, or manage.py prepare, makes more." if ahead < 1 else ""
    return Content(
        facts=[Fact("Months made ahead", ahead, tone=tone, note=note)],
        columns=("Table", "Months", "Size", "Rows, about", "Outside of months"),
        rows=[_tell_table(table) for table in MONTHLY_TABLES],
    )


def _tell_table(table: MonthlyTable) -> list[Cell]:
    parts = list_partitions(table)
    outside = sum(part.rows for part in parts if part.month is None)
    return [
        Cell(table.name),
        Cell(sum(part.month is not None for part in parts)),
        Cell(sum(part.size_bytes for part in parts), Unit.BYTES),
        Cell(sum(part.rows for part in parts)),
        Cell(outside, tone=Tone.ALERT if outside > DEFAULT_HOLDS_MUCH else Tone.PLAIN),
    ]


def read_retention() -> Content:
    """Each kind, for how long it is kept, and whether what is older has gone."""
    policies = RetentionPolicy.objects.filter(kind__in=all_kinds()).order_by("pk")
    return Content(
        facts=[Fact("Policies", len(policies), page=RETENTION_PAGE)],
        columns=("Kind", "Kept for", "Last run", "Deleted so far"),
        rows=[_tell_policy(policy) for policy in policies],
        empty="The first nightly run makes them.",
    )


def _tell_policy(policy: RetentionPolicy) -> list[Cell]:
    is_kept = not policy.is_enabled or policy.keep_days is None
    run = policy.pruned_at
    is_late = run is not None and not is_kept and (clock.now() - run).days >= LATE_AFTER_DAYS
    return [
        Cell(all_kinds()[policy.kind].label),
        Cell("ever" if is_kept else f"{policy.keep_days:,} days"),
        Cell(run if run is not None else "not yet", tone=Tone.ALERT if is_late else Tone.PLAIN),
        Cell(policy.pruned_total),
    ]


register_section(
    Section("partitions", "Months", read_partitions, position=58, is_wide=True),
    Section("retention", "What is kept", read_retention, position=62, is_wide=True),
)
