"""Planning a report in the back office: what runs, which kind, then fields; nobody writes JSON."""

import json
import re

import pytest
from django.test import Client
from django_celery_beat.models import PeriodicTask

from reports.kinds import KINDS
from reports.services.report_schedules import GENERATE_REPORT
from reports.testing.factories import make_report
from reports.testing.kinds import make_kind
from tracker.choices import Role
from tracker.schedule_times import Monthly, Weekly, read_when
from tracker.testing.factories import make_user

pytestmark = pytest.mark.django_db
LIST = "/admin/django_celery_beat/periodictask/"
ADD = f"{LIST}add/?task={GENERATE_REPORT}&kind=tiny"
WEEKLY = {"repeat": "weekly", "weekday": "2", "daily_at": "08:30", "every": "5", "unit": "60", "day": "1"}


@pytest.fixture(autouse=True)
def _tiny(monkeypatch):
    monkeypatch.setitem(KINDS, "tiny", make_kind())


@pytest.fixture
def admin():
    return make_user(Role.ADMIN)


def browser_of(person):
    client = Client()
    client.force_login(person, backend="tracker.backends.CountedPasswordBackend")
    return client


def values(*people, **more):
    recipients = "\n".join(person.email for person in people)
    return {
        "name": "Weekly figures", "enabled": "on", "parameters.size": "7", "parameters.word": "", "format": "xlsx",
        "recipients": recipients, **WEEKLY, **more,
    }  # fmt: skip


def test_an_admin_is_led_from_the_task_over_the_kind_to_fields(admin):
    client = browser_of(admin)
    first = client.get(f"{LIST}add/").content.decode()
    assert f"?task={GENERATE_REPORT}" in first
    second = client.get(f"{LIST}add/?task={GENERATE_REPORT}").content.decode()
    assert f"?task={GENERATE_REPORT}&amp;kind=tiny" in second
    form = client.get(ADD).content.decode()
    assert re.search(r'<input type="number" name="parameters.size" value="3"', form)
    assert 'name="kwargs"' not in form
    assert admin.email in form


def test_what_was_filled_in_is_planned_shown_again_and_changed(admin, settings):
    settings.SITE_TIMEZONE = "Europe/Zurich"
    client, other = browser_of(admin), make_user()
    assert client.post(ADD, values(admin, other)).status_code == 302
    row = PeriodicTask.objects.get(name="Weekly figures")
    assert json.loads(row.kwargs) == {
        "kind": "tiny", "parameters": {"size": "7"}, "recipients": [admin.email, other.email], "format": "xlsx",
    }  # fmt: skip
    assert read_when(row) == Weekly(2, 8, 30, "Europe/Zurich")
    page = client.get(f"{LIST}{row.pk}/change/").content.decode()
    assert re.search(r'name="parameters.size" value="7"', page)
    assert f"Tiny, by e-mail to {admin.email} and 1 more" in client.get(LIST).content.decode()
    monthly = values(other, repeat="monthly", day="28", **{"parameters.word": "row"})
    assert client.post(f"{LIST}{row.pk}/change/", monthly).status_code == 302
    row.refresh_from_db()
    assert json.loads(row.kwargs)["parameters"] == {"size": "7", "word": "row"}
    assert read_when(row) == Monthly(28, 8, 30, "Europe/Zurich")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"parameters.size": "0"}, "greater than or equal to 1"),
        ({"recipients": "nobody@example.com"}, "Nobody active has the address nobody@example.com"),
        ({"recipients": "no address"}, "This is no e-mail address"),
        ({"weekday": "9"}, "not one of the available choices"),
        ({"daily_at": ""}, "Say at what time"),
        ({"repeat": "monthly", "day": "31"}, "less than or equal to 28"),
        ({"format": "exe"}, "not one of the available choices"),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field(admin, wrong, words):
    answer = browser_of(admin).post(ADD, values(admin, **wrong))
    assert answer.status_code == 200
    assert words in answer.content.decode()
    assert not PeriodicTask.objects.filter(task=GENERATE_REPORT).exists()


def test_who_may_not_see_such_a_report_cannot_be_put_down_for_it(admin, monkeypatch):
    monkeypatch.setitem(KINDS, "tiny", make_kind(resources=("tickets",)))
    answer = browser_of(admin).post(ADD, values(make_user(Role.REPORTER)))
    assert "may not see such a report" in answer.content.decode()


def test_a_maintainer_looks_and_does_not_plan(admin):
    browser_of(admin).post(ADD, values(admin))
    row, client = PeriodicTask.objects.get(name="Weekly figures"), browser_of(make_user())
    assert client.get(f"{LIST}{row.pk}/change/").status_code == 200
    for address in (f"{LIST}add/", ADD, f"{LIST}{row.pk}/change/"):
        assert client.post(address, values(admin)).status_code == 403
    assert client.get(ADD).status_code == 403


def test_a_reports_page_offers_its_files(admin):
    report = make_report(admin)
    page = browser_of(admin).get(f"/admin/reports/report/{report.pk}/change/").content.decode()
    for word in ("csv", "xlsx", "json"):
        assert f"/v1/reports/{report.pk}/export?format={word}" in page
