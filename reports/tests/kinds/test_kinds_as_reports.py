"""Every kind as a report: asked for with its defaults, made, made again with the same hash, and shown."""

import pytest

from reports.kinds import KINDS
from reports.services.report_runs import run_due_reports
from reports.services.reports import request_report, rerun_report
from reports.tests.daily.worlds import World
from tracker import clock
from tracker.access import Actor
from tracker.choices import Role
from tracker.site_time import DAY
from tracker.testing.factories import make_factory, make_user, session_client

pytestmark = pytest.mark.django_db


@pytest.fixture
def asker():
    """An admin, in a small company with a past of three days."""
    World(21).live(clock.now() - 3 * DAY, clock.now(), 40)
    make_factory([(8, 10), (11, 10)])
    return make_user(Role.ADMIN)


def test_each_kind_is_made_shown_and_made_again_alike(asker):
    client = session_client(asker)
    first = {}
    for key in KINDS:
        parameters = {"dataset": "issues"} if key == "raw_rows" else {}
        first[key] = request_report(actor=Actor.of_user(asker), kind=key, parameters=parameters)
    run_due_reports()
    for key, report in first.items():
        report.refresh_from_db()
        assert (key, report.state, report.error) == (key, "ready", "")
        answer = client.get(f"/admin/reports/report/{report.pk}/change/")
        assert answer.status_code == 200, key
        assert client.get(f"/v1/reports/{report.pk}").status_code == 200, key
    again = {key: rerun_report(actor=Actor.of_user(asker), report=report) for key, report in first.items()}
    run_due_reports()
    for key, report in again.items():
        report.refresh_from_db()
        if key != "raw_rows":
            assert (key, report.content_hash) == (key, first[key].content_hash)
