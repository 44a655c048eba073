"""/v1/incidents/{id}/comments, attachments, links and events: what is internal is kept from whoever reported it."""

import pytest

from incidents.models import Attachment, Comment, Incident
from incidents.services.comments import comment_on_incident
from incidents.services.incident_links import link_incident
from incidents.services.incidents import update_incident
from incidents.testing.factories import make_issue, make_issue_comment, make_ticket
from incidents.testing.incident_factories import make_incident, make_incident_comment, make_incident_file
from tracker.access import Actor
from tracker.choices import Role
from tracker.testing.factories import jwt_client, make_user, token_client
from tracker.testing.hostile_files import draw_picture, encode_form

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_disk(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def reporter():
    return make_user(Role.REPORTER)


@pytest.fixture
def officer():
    return make_user(Role.MAINTAINER)


@pytest.fixture
def incident(reporter):
    return make_incident(actor=Actor.of_user(reporter), title="Bike gone")


def refusal(answer):
    return answer.status_code, str(answer.json()["error"] | {"request_id": ""})


def test_people_talk_under_an_incident_by_its_id_or_key(reporter, officer, incident):
    first = jwt_client(reporter).post(f"/v1/incidents/{incident.key}/comments", {"body": "*Red* <img src=x>"})
    assert first.status_code == 201, first.content
    assert first["Location"] == f"/v1/incidents/{incident.pk}/comments/{first.json()['id']}"
    assert ("<em>Red</em>" in first.json()["body_html"], first.json()["is_internal"]) == (True, False)
    path, client = first["Location"], jwt_client(reporter)
    headers = {"If-Match": client.get(path)["ETag"]}
    assert client.patch(path, {"body": "Blue"}, headers=headers).json()["edited_at"] is not None
    assert client.patch(path, {"body": "Green"}, headers=headers).status_code == 412
    assert jwt_client(officer).patch(path, {"body": "Mine"}).status_code == 403
    assert client.delete(path).status_code == 403
    assert jwt_client(make_user(Role.ADMIN)).delete(path).status_code == 204


@pytest.mark.parametrize("body", [{}, {"body": " "}, {"body": "x" * 65_537}, {"body": "x", "author": 1}])
def test_a_bad_comment_is_refused(officer, incident, body):
    assert jwt_client(officer).post(f"/v1/incidents/{incident.pk}/comments", body).status_code == 400
    assert not Comment.objects.exists()


def test_what_is_internal_looks_to_the_reporter_like_what_never_was(reporter, officer, incident):
    path, staff, client = f"/v1/incidents/{incident.pk}", jwt_client(officer), jwt_client(reporter)
    hidden = staff.post(f"{path}/comments", {"body": "The cook?", "is_internal": True}).json()
    assert hidden["is_internal"]
    sent = staff.post(f"{path}/attachments", *encode_form(("file", "cook.txt", b"x"), comment=str(hidden["id"]))).json()
    assert (sent["is_internal"], sent["comment"]) == (True, hidden["id"])
    for part, pk in (("comments", hidden["id"]), ("attachments", sent["id"])):
        assert client.get(f"{path}/{part}").json()["count"] == 0
        assert staff.get(f"{path}/{part}").json()["count"] == 1
        assert refusal(client.get(f"{path}/{part}/{pk}")) == refusal(client.get(f"{path}/{part}/999999"))
    assert refusal(client.get(sent["url"])) == refusal(client.get(f"{path}/attachments/999999/content"))
    assert refusal(client.patch(f"{path}/comments/{hidden['id']}", {"body": "x"}))[0] == 404
    assert client.delete(f"{path}/attachments/{sent['id']}").status_code == 404
    under_it = encode_form(("file", "a.txt", b"x"), comment=str(hidden["id"]))
    assert client.post(f"{path}/attachments", *under_it).status_code == 400
    whole = client.get(path).json()
    assert (whole["comment_count"], whole["attachment_count"]) == (0, 0)
    assert client.get("/v1/incidents?search=cook").json()["count"] == 0
    assert {row["verb"] for row in client.get(f"{path}/events").json()["results"]} == {"incident.created"}
    assert client.get("/v1/notifications").json()["count"] == 0
    assert jwt_client(make_user(Role.ADMIN)).delete(f"{path}/comments/{hidden['id']}").status_code == 204
    assert (client.get(path).json()["attachment_count"], staff.get(path).json()["attachment_count"]) == (0, 1)


def test_reporters_do_not_say_what_is_internal(reporter, incident):
    for value in (True, False):
        answer = jwt_client(reporter).post(f"/v1/incidents/{incident.pk}/comments", {"body": "x", "is_internal": value})
        assert answer.status_code == 400
        assert [detail["field"] for detail in answer.json()["error"]["details"]] == ["is_internal"]
    assert not Comment.objects.exists()


def test_a_file_is_taken_shown_and_taken_away(reporter, incident):
    client, path = jwt_client(reporter), f"/v1/incidents/{incident.key}/attachments"
    sent = client.post(path, *encode_form(("file", "gate.png", draw_picture())))
    assert sent.status_code == 201, sent.content
    told = sent.json()
    assert (told["content_type"], told["uploaded_by"]) == ("image/png", reporter.email)
    download = client.get(told["url"])
    assert b"".join(download.streaming_content) == draw_picture()
    assert download["Content-Disposition"] == 'attachment; filename="gate.png"'
    preview = client.get(told["preview_url"])
    assert (preview["Content-Type"], preview["Content-Security-Policy"]) == (
        "image/webp",
        "sandbox; default-src 'none'",
    )
    assert client.delete(sent["Location"]).status_code == 204
    assert not Attachment.objects.exists()


@pytest.mark.parametrize("role", [Role.REPORTER, Role.MAINTAINER, Role.ADMIN])
def test_a_part_of_something_else_looks_like_one_that_never_was(role):
    person = make_user(role)
    own, foreign = make_incident(actor=Actor.of_user(person)), make_incident()
    issue = make_issue(reporter=person)
    rows = {
        "comments": [make_incident_comment(foreign, person).pk, make_issue_comment(issue, person).pk],
        "attachments": [make_incident_file(foreign, person).pk],
        "links": [],
    }
    if role != Role.REPORTER:
        link = link_incident(actor=Actor.of_user(person), incident=foreign, target=issue, kind="relates")
        rows["links"].append(link.pk)
    client = jwt_client(person)
    for part, pks in rows.items():
        methods = {"comments": ("get", "patch"), "attachments": ("get", "delete"), "links": ("delete",)}[part]
        for method in methods:
            body = [{"body": "x"}] if method == "patch" else []
            answers = {
                refusal(getattr(client, method)(f"/v1/incidents/{own.pk}/{part}/{pk}", *body))
                for pk in (*pks, 999_999, "x")
            }
            assert len(answers) == 1
            assert answers.pop()[0] == (403 if part == "links" and role == Role.REPORTER else 404)
    assert Attachment.objects.count() == 1


def test_links_name_their_other_end(officer, reporter, incident):
    issue, other = make_issue(title="Fence"), make_incident(title="Same")
    make_ticket(external_id="T/1")
    client, path = jwt_client(officer), f"/v1/incidents/{incident.pk}/links"
    for target, kind in ((issue.key, "caused_by"), ("ticket:T/1", "relates"), (other.key, "duplicates")):
        sent = client.post(path, {"target": target, "kind": kind})
        assert sent.status_code == 201, sent.content
        assert client.post(path, {"target": target, "kind": kind}).json()["id"] == sent.json()["id"]
    told = [(row["kind"], row["direction"], row["target"]["key"]) for row in client.get(path).json()["results"]]
    assert told == [
        ("caused_by", "out", issue.key),
        ("relates", "both", "ticket:T/1"),
        ("duplicates", "out", other.key),
    ]
    urls = [row["target"]["url"] for row in client.get(path).json()["results"]]
    assert urls == [f"/v1/issues/{issue.pk}", "/v1/tickets/T%2F1", f"/v1/incidents/{other.pk}"]
    (back,) = client.get(f"/v1/incidents/{other.key}/links").json()["results"]
    assert (back["direction"], back["target"]["key"]) == ("in", incident.key)
    assert jwt_client(reporter).get(path).json()["results"] == []
    assert client.delete(f"{path}/{back['id']}").status_code == 204
    for body in ({"target": "NO-1", "kind": "relates"}, {"target": incident.key, "kind": "relates"}):
        assert client.post(path, body).json()["error"]["details"][0]["field"] == "target"
    assert client.post(path, {"target": issue.key, "kind": "eats"}).json()["error"]["details"][0]["field"] == "kind"


def test_the_timeline_tells_what_each_line_is_about(officer, reporter, incident):
    issue, actor = make_issue(), Actor.of_user(officer)
    link_incident(actor=actor, incident=incident, target=issue, kind="relates")
    jwt_client(officer).post(f"/v1/issues/{issue.pk}/comments", {"body": "Fixed."})
    update_incident(actor=actor, incident=incident, changes={"severity": "high", "assignee": officer})
    comment_on_incident(actor=actor, incident=incident, body="Hm.", is_internal=True)
    path = f"/v1/incidents/{incident.key}/events"
    told = [(row["verb"], row["object"]) for row in jwt_client(officer).get(path).json()["results"]]
    own = {"type": "incident", "key": incident.key}
    assert told == [
        ("incident.commented", own),
        ("incident.updated", own),
        ("issue.commented", {"type": "issue", "key": issue.key}),
        ("incident.linked", own),
        ("incident.created", own),
    ]
    public = jwt_client(reporter).get(path).json()["results"]
    assert [(row["verb"], row["actor"]) for row in public] == [
        ("incident.updated", officer.full_name),
        ("incident.created", reporter.full_name),
    ]
    assert public[0]["after"] == {"severity": "high"}
    assert officer.email not in str(public)


def test_a_token_reads_and_writes_nothing_here(officer, incident):
    comment_on_incident(actor=Actor.of_user(officer), incident=incident, body="Hm.", is_internal=True)
    client, path = token_client("read", "incidents"), f"/v1/incidents/{incident.pk}"
    assert client.get(f"{path}/comments").json()["count"] == 1
    assert client.post(f"{path}/comments", {"body": "x"}).status_code == 403
    assert client.post(f"{path}/attachments", *encode_form(("file", "a.txt", b"x"))).status_code == 403
    assert client.post(f"{path}/links", {"target": "INC-1", "kind": "relates"}).status_code == 403
    own = token_client("read", owner=Incident.objects.get().reporter)
    assert own.get(f"{path}/comments").json()["count"] == 0
