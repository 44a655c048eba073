"""The analysis page: charts and tables whose every figure leads to as many incidents as it says."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest

from incidents.models import Incident
from incidents.testing.incident_factories import category_of, make_incident
from tracker.choices import Role
from tracker.models import Factory
from tracker.testing.factories import make_project, make_user, session_client

pytestmark = pytest.mark.django_db
PAGE = "/admin/incidents/incidentanalysis/"
FIGURE = re.compile(r'<a (?:class="figure [^"]*" )?href="([^"]+)">(?:<strong>)?([\d,]+)<')


def read(query: str = "", *, timezone: str = "Europe/Berlin") -> str:
    client = session_client(make_user(Role.MAINTAINER, timezone=timezone))
    answer = client.get(f"{PAGE}{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def make_some() -> None:
    """A few incidents in two places, on both sides of midnight and of a change of the clocks."""
    project, depot = make_project(key="OPS"), Factory.objects.create(name="Depot", timezone="Asia/Tokyo")
    begin = datetime(2017, 10, 28, 21, 30, tzinfo=UTC)
    for number in range(7):
        row = make_incident(
            category=category_of("outage" if number % 4 == 0 else "theft"),
            occurred_at=begin + timedelta(hours=number * 7),
            recovery=("missing", "recovered", "unknown")[number % 3],
            loss_estimate=100_000 if number % 2 else None,
            project=project if number % 3 == 0 else None,
            factory=depot if number == 5 else None,
            place="Harbour" if number < 6 else "",
            **({"latitude": 43.65 + number % 2 * 0.01, "longitude": -79.38} if number < 6 else {}),
        )
        if number % 2:
            Incident.objects.filter(pk=row.pk).update(timezone="America/Toronto", status="DONE", done_at=begin)


@pytest.mark.parametrize("query", ["", "?from=2017-10-29&to=2017-10-31", "?category=theft&project=OPS"])
def test_every_figure_leads_to_as_many_incidents_as_it_says(query):
    make_some()
    page = read(query)
    client = session_client(make_user(Role.MAINTAINER, timezone="Europe/Berlin"))
    figures = {(unescape(href), int(text.replace(",", ""))) for href, text in FIGURE.findall(page)}
    counts = [(href, count) for href, count in figures if count < 100]
    assert len(counts) > 8
    for href, count in counts:
        answer = client.get(href)
        assert answer.status_code == 200, href
        assert answer.context["cl"].result_count == count, href


def test_the_charts_need_no_script_and_no_style_of_their_own():
    make_some()
    page = read()
    assert page.count('<svg xmlns="http://www.w3.org/2000/svg" class="chart"') == 3
    assert page.count('role="img"') >= 3
    assert " style=" not in page
    assert not re.search(r"<script(?![^>]*src=)", page)
    assert "By day, on the clocks of Europe/Berlin." in page


def test_names_that_people_gave_are_text():
    make_incident(place="<b>Depot</b>", latitude=1, longitude=1, category=category_of("theft"))
    assert "<b>Depot" not in read()


def test_nothing_to_show_says_what_to_do():
    assert "No incidents here." in read()
    make_incident()
    assert "Show everything" in read("?from=1990-01-01&to=1990-01-02")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("?from=soon", "from: A day"),
        ("?from=2017-01-01T00:00:00Z", "from: A day such as"),
        ("?from=2017-01-02&to=2017-01-01", "to: Must be after from"),
        ("?project=NONE", "project: There is no project"),
        ("?factory=%00", "factory: There is no factory"),
        ("?category=" + "x" * 500, "category: There is no category"),
    ],
)
def test_nonsense_is_told_in_the_page(query, words):
    make_incident()
    page = read(query)
    assert words in page
    assert 'class="chart"' not in page


def test_the_page_is_for_those_who_see_every_incident_and_only_to_be_read():
    make_incident()
    answer = session_client(make_user(Role.REPORTER)).get(PAGE)
    assert answer.status_code in (302, 403)
    client = session_client(make_user(Role.MAINTAINER))
    assert client.post(PAGE, {}).status_code == 403
    pk = Incident.objects.get().pk
    for part in (f"{pk}/change/", "add/", f"{pk}/delete/", f"{pk}/history/"):
        assert client.get(f"{PAGE}{part}").status_code == 403
