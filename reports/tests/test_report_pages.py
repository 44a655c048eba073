"""The back office's pages of reports: choosing a kind, its form, following one, reading it, letting go of it."""

from urllib.parse import urlencode

import pytest

from reports.admin.report_views import show_tables
from reports.choices import ReportState
from reports.kinds import KINDS
from reports.kinds.contract import Drill, Heading, Presentation, Row, Table
from reports.models import Report
from reports.services.report_runs import run_due_reports
from reports.testing.factories import make_report
from reports.testing.kinds import make_kind
from tracker.choices import Role
from tracker.testing.factories import make_user, session_client

pytestmark = pytest.mark.django_db
LIST = "/admin/reports/report/"
NEW = f"{LIST}add/"


@pytest.fixture(autouse=True)
def _kinds(monkeypatch):
    monkeypatch.setitem(KINDS, "tiny", make_kind())


@pytest.fixture
def owner():
    return make_user()


@pytest.fixture
def client(owner):
    return session_client(owner)


def page_of(client, report):
    answer = client.get(f"{LIST}{report.pk}/change/")
    assert answer.status_code == 200
    return answer.content.decode()


def send(client, address, **fields):
    return client.post(address, urlencode(fields), "application/x-www-form-urlencoded")


def test_a_report_is_asked_for_in_the_form_of_its_kind(client, owner):
    assert 'href="?kind=tiny"' in client.get(NEW).content.decode()
    form = client.get(f"{NEW}?kind=tiny").content.decode()
    assert 'type="number" name="parameters.size" value="3" min="1" max="100"' in form
    assert "how many lines" in form
    answer = send(
        client, f"{NEW}?kind=tiny", **{"parameters.size": 2, "parameters.word": "", "as_of": "2026-01-02T03:04"}
    )
    report = Report.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"{LIST}{report.pk}/change/")
    assert (report.owner, report.parameters) == (owner, {"size": 2, "word": "line"})
    assert report.as_of.isoformat() == "2026-01-02T03:04:00+00:00"


def test_what_the_serializer_refuses_stands_beside_its_field(client):
    answer = send(client, f"{NEW}?kind=tiny", **{"parameters.size": 101})
    assert answer.status_code == 200
    assert answer.context["form"].errors == {"parameters.size": ["Ensure this value is less than or equal to 100."]}
    assert not Report.objects.exists()


def test_a_waiting_report_is_followed_and_cancelled(client, owner):
    report = make_report(owner, state=ReportState.PENDING)
    page = page_of(client, report)
    assert 'data-state="pending"' in page
    assert "tracker/report.js" in page
    send(client, f"{LIST}{report.pk}/cancel/")
    assert "It was cancelled" in page_of(client, report)


def test_a_finished_report_is_read_with_chart_table_and_ways_on(client, owner, monkeypatch):
    def present(result, parameters):
        drill = Drill("/admin/incidents/issue/?status=all", "/v1/issues")
        rows = [Row(("<b>OPS</b>", 1234.5, None), drill)]
        headings = (Heading("project", "Project"), Heading("days", "Time", "days"), Heading("n", "n"))
        return Presentation(tables=[Table("t", "By project", headings, rows)], notes=["Mind the gap."])

    monkeypatch.setitem(KINDS, "tiny", make_kind(present=present))
    report = make_report(owner)
    page = page_of(client, report)
    for part in (
        '<a href="/admin/incidents/issue/?status=all">&lt;b&gt;OPS&lt;/b&gt;</a>',
        '<th scope="col" class="figure-cell">Time (days)</th>',
        '<td class="figure-cell">1,234.5</td>',
        "<td>–</td>",
        "Mind the gap.",
        report.content_hash,
        "Size: 2",
    ):
        assert part in page
    assert "report.js" not in page


def test_asking_again_leads_to_the_new_report(client, owner):
    report = make_report(owner)
    answer = send(client, f"{LIST}{report.pk}/again/", same=1)
    again = Report.objects.exclude(pk=report.pk).get()
    assert (answer["Location"], again.as_of) == (f"{LIST}{again.pk}/change/", report.as_of)
    run_due_reports()
    send(client, f"{LIST}{report.pk}/again/")
    assert Report.objects.filter(as_of=None).count() == 1


def test_a_report_that_cannot_be_shown_any_more_says_so(client, owner, monkeypatch):
    monkeypatch.setitem(KINDS, "tiny", make_kind(present=lambda result, parameters: result["gone"]))
    assert "cannot show this report" in page_of(client, make_report(owner))
    assert "gone (" in page_of(client, make_report(owner, kind="gone"))


def test_a_list_holds_ones_own_and_is_narrowed(client, owner):
    mine, others = make_report(owner), make_report()
    make_report(owner, state=ReportState.FAILED, error="It broke.")
    page = client.get(LIST).content.decode()
    assert f"{LIST}{mine.pk}/change/" in page
    assert f"{LIST}{others.pk}/change/" not in page
    assert "1 report" in client.get(f"{LIST}?state=failed&kind=tiny&by=me").content.decode()
    everything = session_client(make_user(Role.ADMIN)).get(LIST).content.decode()
    assert f"{LIST}{others.pk}/change/" in everything


def test_nobody_reads_or_ends_anothers_report(client):
    report = make_report(state=ReportState.PENDING)
    assert client.get(f"{LIST}{report.pk}/change/").status_code == 302
    for name in ("cancel", "again", "delete"):
        assert send(client, f"{LIST}{report.pk}/{name}/").status_code in (302, 403)
    report.refresh_from_db()
    assert (report.state, Report.objects.count()) == (ReportState.PENDING, 1)


def test_reports_are_deleted_one_by_one_or_ticked(client, owner):
    first, second, third = (make_report(owner) for _ in range(3))
    send(client, f"{LIST}{first.pk}/delete/", post="yes")
    send(client, LIST, action="delete_reports", _selected_action=second.pk)
    assert list(Report.objects.all()) == [third]


def test_coordinates_keep_the_decimals_that_tell_squares_apart():
    headings = [Heading("place", "Place"), Heading("latitude", "Latitude", places=4), Heading("loss", "Loss")]
    (shown,) = show_tables(
        Presentation(tables=[Table("spots", "Spots", headings, [Row(["Depot", 48.386712, 6820.504])])])
    )
    assert [cell.text for cell in shown.rows[0].cells] == ["48.3867", "6,820.5"]
