"""F40: the auditor finds reports that are stuck, and nothing where all is well; the sweep then repairs them."""

from datetime import timedelta

import pytest

from incidents.services.audits import audit
from reports.audit_rules import RULES
from reports.choices import ReportState
from reports.kinds import KINDS
from reports.models import Report
from reports.monitoring import _collect
from reports.services.report_runs import run_due_reports
from reports.testing.factories import make_report
from reports.testing.kinds import make_kind
from tracker import clock

pytestmark = pytest.mark.django_db
PLANTS = {
    "a report that runs is looked after": {"state": ReportState.RUNNING, "attempts": 1},
    "a report waits only while another one runs": {"state": ReportState.PENDING},
}


def test_every_rule_has_something_planted_against_it():
    assert PLANTS.keys() == RULES.keys()


@pytest.mark.parametrize("rule", PLANTS)
def test_a_stuck_report_is_found_and_comes_to_its_end(rule, monkeypatch):
    monkeypatch.setitem(KINDS, "tiny", make_kind())
    long_ago = clock.now() - timedelta(hours=1)
    make_report()
    report = make_report(created_at=long_ago, leased_until=long_ago, **PLANTS[rule])
    assert [(finding.rule, finding.examples) for finding in audit()] == [(rule, [str(report.pk)])]
    run_due_reports()
    assert audit() == []
    assert Report.objects.get(pk=report.pk).state == ReportState.READY


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
