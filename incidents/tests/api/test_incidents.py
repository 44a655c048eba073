"""/v1/incidents: what people and scripts report, read and change, and what they do not get to see."""

from datetime import UTC, datetime, timedelta

import pytest

from incidents.choices import EnrichmentState
from incidents.models import Incident, IncidentCategory
from incidents.services.incidents import Origin
from incidents.testing.incident_factories import (
    category_of,
    make_incident,
    make_incident_comment,
    make_incident_file,
)
from tracker import clock
from tracker.access import Actor
from tracker.choices import Role
from tracker.models import Event, Factory
from tracker.testing.factories import ApiClient, jwt_client, make_project, make_user, session_client, token_client
from tracker.testing.hostile_files import encode_form

pytestmark = pytest.mark.django_db
URL = "/v1/incidents"
LISTED = {
    "id", "key", "category", "title", "description", "severity", "status", "enrichment", "recovery", "place",
    "latitude", "longitude", "nearest_place", "timezone", "factory", "project", "reporter", "reporter_label",
    "assignee_name", "loss_estimate", "occurred_at", "reported_at", "created_at", "updated_at", "triaged_at", "done_at",
    "enriched_at", "source", "source_id",
}  # fmt: skip
STAFF = {"assignee", "ip", "city", "region", "country", "attributes"}
WHOLE = {"description_html", "comment_count", "attachment_count"}
SECRET_IP = "203.0.113.77"


@pytest.fixture
def maintainer():
    return make_user(Role.MAINTAINER)


@pytest.fixture
def client(maintainer) -> ApiClient:
    return jwt_client(maintainer)


@pytest.fixture
def reporter():
    return make_user(Role.REPORTER)


def incident_of(person, **values) -> Incident:
    return make_incident(actor=Actor.of_user(person), origin=Origin(ip=SECRET_IP), **values)


def titles(answer) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [incident["title"] for incident in answer.json()["results"]]


def fields_refused(answer) -> set[str]:
    assert answer.status_code == 400, answer.content
    return {detail["field"] for detail in answer.json()["error"]["details"]}


# Reporting.


def test_a_reporter_reports_and_finds_it_again_by_id_and_key(reporter):
    client = jwt_client(reporter)
    body = {
        "category": "theft", "description": "A **bicycle** is gone\n<script>x</script>", "place": "Gate 4",
        "latitude": 48.37, "longitude": "10.9", "occurred_at": "2026-05-01T12:00:00+02:00", "loss_estimate": "450.50",
    }  # fmt: skip
    answer = client.post(URL, body)
    assert answer.status_code == 201, answer.content
    told = answer.json()
    assert told.keys() == LISTED | WHOLE
    assert (told["key"], told["title"], told["status"]) == (f"INC-{told['id']}", "A bicycle is gone", "OPEN")
    assert (told["reporter"], told["enrichment"]) == (reporter.email, "NEW")
    assert (told["latitude"], told["longitude"], told["loss_estimate"]) == (48.37, 10.9, 450.5)
    assert told["occurred_at"] == "2026-05-01T10:00:00Z"
    assert told["reported_at"] == told["created_at"]
    assert "<strong>bicycle</strong>" in told["description_html"]
    assert "<script" not in told["description_html"]
    assert answer["Location"] == f"{URL}/{told['id']}"
    for name in (told["id"], told["key"], told["key"].lower()):
        found = client.get(f"{URL}/{name}")
        assert found.json() == told
        assert found["ETag"] == answer["ETag"]


@pytest.mark.parametrize(
    "field", ["severity", "project", "assignee", "recovery", "status", "reporter", "ip", "enrichment", "city", "source"]
)
def test_a_reporter_writes_what_a_reporter_knows(reporter, field):
    client, own = jwt_client(reporter), incident_of(reporter)
    assert fields_refused(client.post(URL, {"category": "theft", "title": "x", field: "high"})) == {field}
    assert fields_refused(client.patch(f"{URL}/{own.pk}", {field: "high"})) == {field}
    assert fields_refused(client.patch(f"{URL}/{own.pk}", {"title": "x"})) == {"title"}
    assert Incident.objects.count() == 1


def test_a_maintainer_says_everything_at_once(client):
    make_project(key="OPS")
    factory, colleague = Factory.objects.create(name="Augsburg"), make_user()
    body = {
        "category": "safety", "title": "Ladder slipped", "severity": "high", "project": "ops", "factory": factory.pk,
        "assignee": colleague.email.upper(), "recovery": "missing", "loss_estimate": 0.1,
    }  # fmt: skip
    answer = client.post(URL, body)
    assert answer.status_code == 201, answer.content
    told = answer.json()
    assert told.keys() == LISTED | WHOLE | STAFF
    assert (told["assignee"], told["assignee_name"]) == (colleague.email, colleague.full_name)
    assert (told["factory"], told["project"], told["loss_estimate"]) == (factory.pk, "OPS", 0.1)
    assert (told["attributes"], told["latitude"], told["comment_count"]) == ({}, None, 0)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"category": None}, "category"),
        ({"category": "nosuch"}, "category"),
        ({"category": "old"}, "category"),
        ({"category": 5}, "category"),
        ({"title": " "}, "description"),
        ({"title": "x" * 301}, "title"),
        ({"description": "x" * 262_145}, "description"),
        ({"place": "x" * 301}, "place"),
        ({"latitude": 48.1}, "longitude"),
        ({"latitude": 90.1, "longitude": 0}, "latitude"),
        ({"latitude": True, "longitude": 0}, "latitude"),
        ({"latitude": "nan", "longitude": 0}, "latitude"),
        ({"latitude": "1e999", "longitude": 0}, "latitude"),
        ({"latitude": 0, "longitude": -181}, "longitude"),
        ({"loss_estimate": -1}, "loss_estimate"),
        ({"loss_estimate": "1e400"}, "loss_estimate"),
        ({"loss_estimate": 10**12}, "loss_estimate"),
        ({"loss_estimate": "much"}, "loss_estimate"),
        ({"occurred_at": "2026-05-01T12:00:00"}, "occurred_at"),
        ({"occurred_at": "1969-12-31T00:00:00Z"}, "occurred_at"),
        ({"occurred_at": "2999-01-01T00:00:00Z"}, "occurred_at"),
        ({"occurred_at": "0001-01-01T00:00:00+14:00"}, "occurred_at"),
        ({"factory": 2**60}, "factory"),
        ({"factory": 1.5}, "factory"),
        ({"factory": True}, "factory"),
        ({"project": "NOSUCH"}, "project"),
        ({"severity": "awful"}, "severity"),
        ({"assignee": "nobody@example.com"}, "assignee"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_bad_report_names_the_field_and_leaves_nothing(client, body, field):
    IncidentCategory.objects.create(key="old", name="Old", archived_at=clock.now())
    assert fields_refused(client.post(URL, {"category": "theft", "title": "x", **body})) == {field}
    assert not Incident.objects.exists()
    assert not Event.objects.filter(object_type="incident").exists()


def test_a_token_reports_in_its_owners_name_and_reads_nothing(maintainer):
    sender = token_client("incidents", owner=maintainer)
    answer = sender.post(URL, {"category": "outage", "title": "From the alarm", "severity": "low"})
    assert (answer.status_code, answer.json()["reporter"]) == (201, maintainer.email)
    assert not STAFF & answer.json().keys()
    assert Incident.objects.get().ip is None
    assert sender.get(URL).status_code == 403
    assert token_client("issues").post(URL, {"category": "outage", "title": "x"}).status_code == 403
    assert token_client("read").patch(f"{URL}/{answer.json()['id']}", {"title": "x"}).status_code == 403


@pytest.mark.parametrize("query", ["near=-60,-60,10", "search=-", "near=1,2,3&search=x"])
def test_an_export_of_nothing_is_a_table_without_rows(client, query):
    make_incident()
    answer = client.get(f"{URL}/export?{query}")
    assert answer.status_code == 200, answer.content
    assert b"".join(answer.streaming_content).count(b"\n") == 1


def test_a_repeated_report_with_one_key_is_one_incident(reporter):
    client, headers = jwt_client(reporter), {"Idempotency-Key": "k1"}
    first, again = (client.post(URL, {"category": "theft", "title": "Once"}, headers=headers) for _ in range(2))
    assert first.json() == again.json()
    assert Incident.objects.count() == 1


def test_the_address_of_a_person_is_kept_and_told_to_staff_alone(reporter, client):
    own = session_client(reporter)
    pk = own.post(URL, {"category": "theft", "title": "x"}, REMOTE_ADDR=SECRET_IP).json()["id"]
    assert Incident.objects.get().ip == SECRET_IP
    for address in (f"{URL}/{pk}", URL, f"{URL}/export"):
        assert SECRET_IP not in b"".join(own.get(address)).decode()
    assert client.get(f"{URL}/{pk}").json()["ip"] == SECRET_IP


def test_a_form_brings_photos_and_is_kept_whole_or_not_at_all(reporter):
    files = [("file", "rack.txt", b"where it was"), ("file", "lock.txt", b"what is left")]
    texts = {"category": "theft", "description": "Bicycle gone", "latitude": "48.37", "longitude": "10.9"}
    client = jwt_client(reporter)
    told = client.post(URL, *encode_form(*files, **texts)).json()
    assert (told["attachment_count"], told["latitude"], told["reporter"]) == (2, 48.37, reporter.email)
    assert client.post(URL, *encode_form(("file", "empty.txt", b""), **texts)).status_code == 400
    assert fields_refused(client.post(URL, *encode_form(*files, **{**texts, "latitude": "north"}))) == {"latitude"}
    assert token_client("incidents").post(URL, *encode_form(*files, **texts)).status_code == 403
    assert Incident.objects.count() == 1


# Listing.


def test_a_reporter_lists_what_they_reported_and_nothing_else(reporter, maintainer):
    incident_of(reporter, title="Own lamp")
    Incident.objects.update(assignee=maintainer, city="Augsburg")
    make_incident(title="Foreign lamp")
    client = jwt_client(reporter)
    for query in ("", "?search=lamp", "?category=theft&cursor=", "?reporter=me", "?ordering=-occurred_at"):
        answer = client.get(f"{URL}{query}")
        assert titles(answer) == ["Own lamp"]
    assert maintainer.email not in answer.content.decode()
    assert answer.json()["results"][0]["assignee_name"] == maintainer.full_name
    assert fields_refused(client.get(f"{URL}?assignee={maintainer.email}")) == {"assignee"}


@pytest.fixture
def _four(maintainer, reporter):
    """Four incidents of which each filter finds some."""
    ops, now = make_project(key="OPS"), clock.now()
    incident_of(reporter, title="1", place="Gate", occurred_at=now - timedelta(days=9))
    Incident.objects.update(enrichment=EnrichmentState.ENRICHED)
    make_incident(title="2", category=category_of("safety"), assignee=maintainer, project=ops, severity="high")
    make_incident(title="3", latitude=48.37, longitude=10.9, recovery="missing", occurred_at=now - timedelta(days=2))
    Incident.objects.filter(title="3").update(status="DONE", done_at=now)
    make_incident(title="4", origin=Origin(source="alarms", source_id="7"), description="A gate was open")


@pytest.mark.usefixtures("_four")
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", "4321"),
        ("ordering=id", "1234"),
        ("ordering=occurred_at", "1324"),
        ("ordering=-occurred_at&cursor=", "4231"),
        ("ordering=-updated_at", "4321"),
        ("category=safety", "2"),
        ("category=safety,theft", "4321"),
        ("category=nosuch", ""),
        ("status=OPEN", "421"),
        ("status=DONE,TRIAGED", "3"),
        ("severity=high,critical", "2"),
        ("enrichment=ENRICHED", "1"),
        ("recovery=missing", "3"),
        ("project=ops", "2"),
        ("factory=1,2", ""),
        ("assignee=me", "2"),
        ("assignee=none", "431"),
        ("reporter=none", "432"),
        ("reporter=nobody@example.com", ""),
        ("source=alarms", "4"),
        ("is_open=true", "421"),
        ("is_open=false", "3"),
        ("has_position=true", "3"),
        ("has_position=false", "421"),
        ("created_after=2020-01-01T00:00:00Z&updated_before=2020-01-01T00:00:00Z", ""),
        ("done_after=2020-01-01T00:00:00Z", "3"),
        ("search=gat", "41"),
        ("search=gat -open", "1"),
        ("limit=2&offset=1", "32"),
    ],
)
def test_the_list_is_narrowed_and_ordered_by_what_is_asked(client, query, found):
    assert "".join(titles(client.get(f"{URL}?{query}"))) == found


@pytest.mark.usefixtures("_four")
def test_days_narrow_by_when_it_happened(client):
    week_ago = (clock.now() - timedelta(days=7)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert titles(client.get(f"{URL}?occurred_before={week_ago}")) == ["1"]
    assert titles(client.get(f"{URL}?occurred_after={week_ago}")) == ["4", "3", "2"]


@pytest.mark.parametrize(
    ("near", "found"),
    [
        ("48.37,10.9,1000", "ab"),
        ("48.37,10.9,500", "a"),
        ("48.37,10.9,50000", "ab"),
        ("0,-179.999,1000", "c"),
        ("0,179.999,400", "c"),
        ("90,0,50000", "d"),
        ("-90,0,50000", ""),
    ],
)
def test_what_happened_near_a_place_is_found_over_ground(client, near, found):
    # 0.005 degrees are 556 m to the north and 369 m to the east, here; over the date line it is not far, nor at a pole.
    places = {"a": (48.37, 10.905), "b": (48.375, 10.9), "c": (0, -179.9985), "d": (89.9, 120)}
    for title, (latitude, longitude) in places.items():
        make_incident(title=title, latitude=latitude, longitude=longitude)
    make_incident(title="nowhere")
    assert titles(client.get(f"{URL}?near={near}&ordering=id")) == list(found)


def test_a_row_of_the_list_says_what_an_incident_is(client):
    incident = make_incident(description="*x*", origin=Origin(reporter_label="a passer-by"))
    Incident.objects.update(attributes={"bike": {"cost": 450}})
    (row,) = client.get(URL).json()["results"]
    assert row.keys() == LISTED | STAFF
    assert (row["reporter_label"], row["attributes"]) == ("a passer-by", {"bike": {"cost": 450}})
    (row,) = client.get(f"{URL}?include=html").json()["results"]
    assert "<em>x</em>" in row["description_html"]
    assert client.get(f"{URL}/{incident.pk}").json().keys() == LISTED | STAFF | WHOLE


def test_people_who_are_logged_in_leaf_through_it_in_a_browser(maintainer):
    incident, browser = make_incident(), session_client(maintainer)
    for address in (URL, f"{URL}/{incident.key}", "/v1/incident-categories/theft"):
        answer = browser.get(address, headers={"Accept": "text/html"})
        assert (answer.status_code, b"prettyprint" in answer.content) == (200, True)


@pytest.mark.parametrize(
    "query",
    [
        "status=open", "severity=bad", "enrichment=new", "has_position=perhaps", "occurred_after=soon",
        "ordering=title", "ordering=reporter__password", "reporter__password__startswith=p", "include=secrets",
        "limit=1001", "cursor=forged", "format=csv", "category=" + ",".join(["a"] * 21), "search=" + "x" * 201,
        "factory=x", "factory=" + "9" * 40, "factory=²", "ip=203.0.113.77", "near=48,10",
        "near=48,10,50001", "near=48,10,0", "near=91,10,5", "near=nan,10,5", "near=48,10,inf", "near=a,b,c",
        "assignee=" + "x" * 255,
    ],
)  # fmt: skip
def test_a_question_that_means_nothing_is_refused(client, query):
    assert client.get(f"{URL}?{query}").status_code == 400


def test_a_page_costs_five_queries_at_most_whatever_its_size(client, django_assert_max_num_queries):
    for number in range(12):
        incident_of(make_user() if number < 3 else make_user(Role.REPORTER), description="broken")
    for query in ("limit=2", "limit=1000", "limit=3&category=theft&assignee=none&search=brok", "include=html"):
        with django_assert_max_num_queries(5):
            client.get(f"{URL}?{query}")


def test_cursors_meet_every_incident_once(client):
    for day in (1, 1, 3, 1, 2):
        make_incident(occurred_at=datetime(2026, 1, day, tzinfo=UTC))
    seen, url = [], f"{URL}?limit=2&ordering=-occurred_at&cursor="
    while url:
        page = client.get(url).json()
        seen += [incident["id"] for incident in page["results"]]
        url = page["next"]
    assert len(seen) == len(set(seen)) == 5


def test_what_is_internal_is_not_even_counted_for_reporters(client, reporter, maintainer):
    incident = incident_of(reporter)
    make_incident_comment(incident, maintainer, is_internal=True)
    make_incident_comment(incident, maintainer)
    make_incident_file(incident, maintainer, is_internal=True)
    for reader, counts in ((jwt_client(reporter), (1, 0)), (client, (2, 1))):
        told = reader.get(f"{URL}/{incident.pk}").json()
        assert (told["comment_count"], told["attachment_count"]) == counts


def test_no_token_of_a_reporter_reads_what_is_for_staff(reporter, maintainer):
    incident_of(reporter)
    token = token_client("read", owner=reporter)
    (row,) = token.get(URL).json()["results"]
    assert row.keys() == LISTED
    assert SECRET_IP not in b"".join(token.get(f"{URL}/export")).decode()
    assert token.get(f"{URL}?assignee={maintainer.email}").status_code == 400


# Changing.


def test_a_change_needs_the_version_that_was_read(client):
    incident = make_incident()
    address = f"{URL}/{incident.key}"
    etag = client.get(address)["ETag"]
    assert client.get(address, headers={"If-None-Match": etag}).status_code == 304
    headers = {"If-Match": etag}
    assert client.patch(address, {"severity": "high", "category": "safety"}, headers=headers).status_code == 200
    assert client.patch(address, {"severity": "low"}, headers=headers).status_code == 412
    assert client.post(f"{address}/transition", {"status": "TRIAGED"}, headers=headers).status_code == 412
    told = client.get(address).json()
    assert (told["severity"], told["category"], told["status"]) == ("high", "safety", "OPEN")


def test_a_reporter_changes_their_own_until_tracker_works_on_it(reporter):
    client, own = jwt_client(reporter), incident_of(reporter)
    body = {"category": "suspicious", "description": "It was not stolen."}
    assert client.patch(f"{URL}/{own.pk}", body).json()["category"] == "suspicious"
    Incident.objects.update(enrichment=EnrichmentState.ENRICHING)
    assert client.patch(f"{URL}/{own.pk}", {"description": "x"}).status_code == 409
    assert client.post(f"{URL}/{own.pk}/transition", {"status": "TRIAGED"}).status_code == 403
    assert client.patch(f"{URL}/{make_incident().pk}", {"description": "x"}).status_code == 404


def test_an_empty_change_is_refused_and_the_same_again_is_no_event(client):
    incident = make_incident(title="Same", loss_estimate="5.00")
    assert client.patch(f"{URL}/{incident.pk}", {}).status_code == 400
    assert client.patch(f"{URL}/{incident.pk}", {"title": "Same", "loss_estimate": 5}).status_code == 200
    assert not Event.objects.filter(verb="incident.updated").exists()


def test_moves_go_along_the_table_and_others_name_those_there_are(client):
    incident = make_incident()
    answer = client.post(f"{URL}/{incident.pk}/transition", {"status": "DONE"})
    assert (answer.status_code, answer.json()["error"]["details"][0]["field"]) == (409, "status")
    for status in ("TRIAGED", "IN_PROGRESS", "DONE", "OPEN"):
        told = client.post(f"{URL}/{incident.key}/transition", {"status": status}).json()
        assert (told["status"], told["done_at"] is not None) == (status, status == "DONE")
    assert client.post(f"{URL}/{incident.pk}/transition", {"status": "open"}).status_code == 400


def test_an_admin_alone_deletes(client):
    incident = make_incident()
    assert client.delete(f"{URL}/{incident.pk}").status_code == 403
    assert jwt_client(make_user(Role.ADMIN)).delete(f"{URL}/{incident.key}").status_code == 204
    assert not Incident.objects.exists()


# Names that cannot be, and others' incidents.


@pytest.mark.parametrize("name", ["0", "-1", "9" * 30, "INC-", "INC-x", "INC-1-2", "OPS-1", "%00", "²", "INC-²"])
def test_what_cannot_be_an_incident_is_not_found(client, name):
    make_incident()
    assert client.get(f"{URL}/{name}").status_code == 404


def test_an_incident_of_others_looks_like_one_that_never_was(reporter):
    client, foreign = jwt_client(reporter), make_incident()
    answers = [client.get(f"{URL}/{name}") for name in (foreign.pk, foreign.key, 999_999)]
    bodies = [{**answer.json()["error"], "request_id": ""} for answer in answers]
    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert bodies[0] == bodies[1] == bodies[2]
