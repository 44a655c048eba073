"""What must always hold of reports and daily figures: the auditor asks it with the rest."""

import uuid
from collections.abc import Sequence
from datetime import timedelta

from django.db.models import Max
from django.db.models.functions import Coalesce

from incidents.services.audit_registry import Broken, Rule, Scope, by_statement, declare
from reports.choices import ReportState
from reports.models import DailyStat, Report
from reports.services.daily_stats import advance_daily_stats
from reports.services.leases import take_back_lost
from reports.tasks import RUN_REPORTS, ring
from tracker import clock
from tracker.site_time import site_today

# The sweep runs each half hour; a night may take it longer.
FIGURES_ARE_LATE_AFTER = timedelta(days=2)


def take_back(keys: Sequence[str]) -> None:
    """Takes reports from workers that are gone; one without a term has had it."""
    lost = Report.objects.filter(pk__in=keys, state=ReportState.RUNNING)
    without_term = lost.filter(leased_until=None) | lost.filter(lease=None)
    without_term.update(leased_until=clock.now(), lease=Coalesce("lease", uuid.uuid4()))
    take_back_lost()
    ring(RUN_REPORTS)


def wake_runner(keys: Sequence[str]) -> None:
    """Rings for whoever makes reports."""
    ring(RUN_REPORTS)


def find_late_measures(scope: Scope) -> list[Broken]:
    """The measures whose figures have fallen behind; one of which there never were any is not late."""
    last = DailyStat.objects.order_by().values_list("measure").annotate(last=Max("day"))
    late = [name for name, day in last if day < site_today() - FIGURES_ARE_LATE_AFTER]
    return [Broken(name) for name in late if scope.keys is None or name in scope.keys]


def bring_up_to_now(keys: Sequence[str]) -> None:
    """Makes the figures that are missing, as the sweep would."""
    advance_daily_stats()


_rules = (
    Rule(
        "a report that runs is looked after", "report",
        by_statement("""
        SELECT id::text FROM reports_report
         WHERE state = 'running' AND (lease IS NULL OR leased_until IS NULL
                                      OR leased_until < %(now)s - interval '5 minutes')"""),
        repair=take_back,
    ),
    Rule(
        "a report waits only while another one runs", "report",
        by_statement("""
        SELECT id::text FROM reports_report
         WHERE state = 'pending' AND created_at < %(now)s - interval '10 minutes'
           AND NOT EXISTS (SELECT 1 FROM reports_report WHERE state = 'running')"""),
        repair=wake_runner,
    ),
    Rule(
        "the daily figures go up to yesterday", "dailystat", find_late_measures, is_nightly=True,
        repair=bring_up_to_now,
    ),
)  # fmt: skip
RULES = frozenset(rule.name for rule in _rules)
declare(*_rules)
