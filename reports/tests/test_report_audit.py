"""F40: the auditor finds reports that are stuck, and nothing where all is well; the sweep then repairs them."""

from datetime import timedelta

import pytest
from django.core.management import call_command

from incidents.choices import FindingState
from incidents.models import AuditFinding
from incidents.services.audit_passes import audit_lately
from incidents.services.audits import audit
from reports.audit_rules import RULES
from reports.choices import DailyMeasure, ReportState
from reports.kinds import KINDS
from reports.models import DailyStat, Report
from reports.monitoring import _collect
from reports.services.report_runs import run_due_reports
from reports.testing.factories import make_report
from reports.testing.kinds import make_kind
from tracker import clock
from tracker.site_time import site_today

pytestmark = pytest.mark.django_db
FIGURES = "the daily figures go up to yesterday"
PLANTS = {
    "a report that runs is looked after": {"state": ReportState.RUNNING, "attempts": 1},
    "a report waits only while another one runs": {"state": ReportState.PENDING},
}


def test_every_rule_has_something_planted_against_it():
    assert PLANTS.keys() | {FIGURES} == RULES


@pytest.mark.parametrize("rule", PLANTS)
def test_a_stuck_report_is_found_and_comes_to_its_end(rule, monkeypatch):
    monkeypatch.setitem(KINDS, "tiny", make_kind())
    long_ago = clock.now() - timedelta(hours=1)
    make_report()
    report = make_report(created_at=long_ago, leased_until=long_ago, **PLANTS[rule])
    assert [(finding.rule, finding.examples) for finding in audit()] == [(rule, [str(report.pk)])]
    audit_lately()
    run_due_reports()
    assert audit() == []
    assert Report.objects.get(pk=report.pk).state == ReportState.READY


def test_a_report_that_has_no_lease_at_all_is_made_all_the_same(monkeypatch):
    monkeypatch.setitem(KINDS, "tiny", make_kind())
    report = make_report(state=ReportState.RUNNING, attempts=1)
    audit_lately()
    assert AuditFinding.objects.get().state == FindingState.REPAIRED
    run_due_reports()
    assert Report.objects.get(pk=report.pk).state == ReportState.READY


def test_daily_figures_that_fell_behind_are_made():
    day = site_today() - timedelta(days=5)
    for measure in DailyMeasure:
        DailyStat.objects.create(day=day, measure=measure, figures={}, refreshed_at=clock.now())
    assert [finding.rule for finding in audit()] == [FIGURES]
    call_command("verify", repair=True)
    assert AuditFinding.objects.filter(state=FindingState.REPAIRED).count() == len(DailyMeasure)


def test_metrics_tell_how_many_there_are_and_how_long_the_oldest_waits():
    make_report()
    make_report(state=ReportState.PENDING, created_at=clock.now() - timedelta(minutes=5))
    figures = {
        (sample.name, sample.labels.get("state", "")): sample.value
        for metric in _collect()
        for sample in metric.samples
    }
    assert (figures["tracker_reports", "ready"], figures["tracker_reports", "pending"]) == (1, 1)
    assert 299 < figures["tracker_report_wait_seconds", ""] < 400
