"""The incident list: what is not done, the newest change first, found by filters, words and keys."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from incidents.models import Incident
from incidents.testing.incident_factories import category_of, make_incident
from tracker import clock
from tracker.choices import Role
from tracker.models import Factory, User
from tracker.testing.factories import make_project, make_user

pytestmark = pytest.mark.django_db
LIST = "/admin/incidents/incident/"
# A Monday.
THEN = datetime(2026, 3, 2, 13, 30, tzinfo=UTC)


def shown(client: Client, query: str = "") -> list[str]:
    answer = client.get(LIST + query)
    assert answer.status_code == 200
    return [incident.title for incident in answer.context["cl"].result_list]


def figures(client: Client, filter_name: str, query: str = "") -> dict[str, str]:
    changelist = client.get(LIST + query).context["cl"]
    spec = next(spec for spec in changelist.filter_specs if spec.title == filter_name)
    return {choice["display"]: choice.get("count", "") for choice in spec.choices(changelist)}


def test_what_is_not_done_is_listed_with_the_newest_change_first(maintainer_client: Client):
    now = clock.now()
    for title, days in (("old", 3), ("done", 2), ("new", 1)):
        incident = make_incident(title=title)
        Incident.objects.filter(pk=incident.pk).update(updated_at=now - timedelta(days=days))
    Incident.objects.filter(title="done").update(status="DONE", done_at=now)
    assert shown(maintainer_client) == ["new", "old"]


@pytest.fixture
def some_incidents(maintainer: User) -> None:
    ops, factory = make_project(key="OPS", name="Operations"), Factory.objects.create(pk=77, name="North")
    make_incident(title="gone", category=category_of("theft"), occurred_at=THEN, latitude=43.6501, longitude=-79.3801,
                  recovery="missing", project=ops, place="Hall 3", description="A blue bicycle")  # fmt: skip
    make_incident(title="back", category=category_of("theft"), occurred_at=THEN, latitude=43.6502, longitude=-79.3802,
                  recovery="recovered", severity="critical")  # fmt: skip
    make_incident(title="paint", category=category_of("vandalism"), factory=factory, assignee=maintainer,
                  occurred_at=THEN + timedelta(days=2, hours=-4))  # fmt: skip
    make_incident(title="lamp", category=category_of("outage"), occurred_at=THEN + timedelta(days=1, hours=1))
    Incident.objects.filter(title="back").update(status="DONE", done_at=clock.now())
    Incident.objects.filter(title="lamp").update(enrichment="FAILED", reporter=maintainer)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {"gone", "paint", "lamp"}),
        ("?status=all", {"gone", "back", "paint", "lamp"}),
        ("?status=DONE", {"back"}),
        ("?category=theft", {"gone"}),
        ("?category=theft&status=all", {"gone", "back"}),
        ("?category=other", set()),
        ("?status=all&severity=critical", {"back"}),
        ("?enrichment=FAILED", {"lamp"}),
        ("?recovery=recovered&status=all", {"back"}),
        ("?recovery=recovered", set()),
        ("?project=OPS", {"gone"}),
        ("?factory=77", {"paint"}),
        ("?assignee=me", {"paint"}),
        ("?assignee=nobody", {"gone", "lamp"}),
        ("?reporter=me", {"lamp"}),
        ("?status=all&occurred_from=2026-03-02&occurred_to=2026-03-02", {"gone", "back"}),
        ("?occurred_from=2026-03-03&occurred_to=2026-03-03", {"lamp"}),
        ("?hour=13&status=all", {"gone", "back"}),
        ("?hour=14", {"lamp"}),
        ("?status=all&weekday=1&occurred_to=2026-03-31", {"gone", "back"}),
        ("?weekday=2&occurred_to=2026-03-31", {"lamp"}),
        ("?near=43.6501,-79.3801&status=all", {"gone", "back"}),
        ("?near=10,10", set()),
        ("?q=hall", {"gone"}),
        ("?q=bicyc", {"gone"}),
        ("?q=INC-99999", set()),
        ("?assignee=x&category=x&project=x&factory=x&enrichment=x&recovery=&hour=24&weekday=0&near=x,y",
         {"gone", "paint", "lamp"}),
        ("?near=91,0", {"gone", "paint", "lamp"}),
        ("?near=nan,nan", {"gone", "paint", "lamp"}),
        ("?factory=99999999999999999999&project=%00&category=%00", {"gone", "paint", "lamp"}),
    ],
)  # fmt: skip
def test_filters_and_search_find_what_they_say(maintainer_client: Client, some_incidents: None, query, expected):
    assert set(shown(maintainer_client, query)) == expected


def test_a_key_finds_its_incident_in_any_status(maintainer_client: Client, some_incidents: None):
    back = Incident.objects.get(title="back")
    assert shown(maintainer_client, f"?q={back.key.lower()}") == ["back"]


def test_each_choice_says_how_many_it_would_show(maintainer_client: Client, some_incidents: None):
    assert figures(maintainer_client, "category") | {"Theft": "1", "Vandalism": "1", "Outage": "1"} == figures(
        maintainer_client, "category"
    )
    assert figures(maintainer_client, "status")["Done"] == "1"
    assert figures(maintainer_client, "project")["OPS · Operations"] == "1"
    assert figures(maintainer_client, "enrichment")["Failed"] == "1"
    assert figures(maintainer_client, "recovery", "?recovery=recovered")["Missing"] == "1"
    assert figures(maintainer_client, "assigned to")["Me"] == "1"


def test_a_filter_that_an_analysis_set_is_named_and_can_be_taken_off(maintainer_client: Client, some_incidents: None):
    assert figures(maintainer_client, "hour", "?hour=13").keys() >= {"All", "13:00 – 13:59"}
    assert figures(maintainer_client, "near", "?near=43.6501,-79.3801").keys() == {"All", "43.6501, -79.3801"}
    titles = {spec.title for spec in maintainer_client.get(LIST).context["cl"].filter_specs}
    assert not titles & {"hour", "weekday", "near"}


def test_an_archived_category_is_found_and_not_offered(maintainer_client: Client, some_incidents: None):
    category = category_of("theft")
    category.archived_at = clock.now()
    category.save()
    assert "Theft" not in figures(maintainer_client, "category")
    assert shown(maintainer_client, "?category=theft") == ["gone"]


def test_hostile_titles_and_places_are_shown_as_text(maintainer_client: Client):
    make_incident(title="<script>alert(1)</script>", place="<img src=x onerror=alert(2)>")
    page = maintainer_client.get(LIST).content.decode()
    assert "<script>alert" not in page
    assert "<img src=x" not in page


def test_the_queries_do_not_grow_with_the_rows_and_read_no_text(maintainer_client: Client):
    def count_queries() -> list[str]:
        with CaptureQueriesContext(connection) as queries:
            assert maintainer_client.get(LIST).status_code == 200
        return [query["sql"] for query in queries]

    project, person = make_project(), make_user()
    make_incident(project=project, assignee=person)
    few = count_queries()
    for _ in range(30):
        make_incident(project=project, assignee=make_user())
    many = count_queries()
    assert len(many) == len(few) <= 18
    assert not re.search(r'"incidents_incident"\."(description|description_html|search|attributes)"', " ".join(many))
    assert not [sql for sql in many if sql.startswith("SELECT COUNT(") and "incidents_incident" in sql]


def test_the_list_is_exported_as_it_is_shown(maintainer_client: Client, some_incidents: None):
    page = maintainer_client.get(f"{LIST}?category=theft").content.decode()
    assert f'href="{LIST}export/?category=theft"' in page
    answer = maintainer_client.get(f"{LIST}export/?category=theft")
    lines = answer.getvalue().decode().splitlines()
    assert answer["Content-Disposition"] == 'attachment; filename="incidents.csv"'
    assert (len(lines), "gone" in lines[1]) == (2, True)


def test_the_list_listens_to_what_happens_to_incidents(maintainer_client: Client):
    page = maintainer_client.get(LIST).content.decode()
    assert 'data-types="incident"' in page
    assert 'data-noun="incident"' in page


@pytest.mark.parametrize("rest", ["", "export/", "add/"])
def test_a_reporter_and_nobody_do_not_get_in(client: Client, rest: str):
    for person in (None, make_user(Role.REPORTER)):
        if person is not None:
            client.force_login(person)
        answer = client.get(LIST + rest)
        assert answer.status_code == 302
        assert answer["Location"].startswith("/admin/login/")


def test_the_first_page_counts_what_is_not_done(maintainer_client: Client, some_incidents: None):
    page = maintainer_client.get("/admin/")
    panel = next(panel for panel in page.context["panels"] if panel.template.endswith("/incidents.html"))
    told = {words: (number, address) for words, _tone, number, address in panel.context["figures"]}
    assert {words: number for words, (number, _) in told.items()} == {
        "Not done": "3", "Critical": "0", "High": "0", "To triage": "3", "Not done and mine": "1",
        "Enrichment failed": "1",
    }  # fmt: skip
    kinds = next(panel for panel in page.context["panels"] if panel.template.endswith("/categories.html"))
    for number, address in [*told.values(), *((bar.figure, bar.href) for bar in kinds.context["bars"])]:
        assert len(shown(maintainer_client, address.removeprefix(LIST))) == int(number)
    assert [incident.title for incident, _, _ in panel.context["newest"]] == ["lamp", "paint", "gone"]
