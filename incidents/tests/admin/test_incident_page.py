"""One incident's page: what it says, and what people do there."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from incidents.models import Attachment, Comment, EnrichmentRun, Incident, IncidentLink, Issue
from incidents.services.comments import comment_on_incident
from incidents.services.incident_links import link_incident
from incidents.services.incidents import Origin
from incidents.testing.factories import make_issue, make_ticket
from incidents.testing.incident_factories import category_of, make_incident
from tracker import clock
from tracker.access import Actor
from tracker.models import Event, User
from tracker.testing.factories import make_project, make_user

pytestmark = pytest.mark.django_db
ADD = "/admin/incidents/incident/add/"


def page_of(incident: Incident, rest: str = "change/") -> str:
    return f"/admin/incidents/incident/{incident.pk}/{rest}"


def read(client: Client, incident: Incident) -> str:
    answer = client.get(page_of(incident))
    assert answer.status_code == 200
    return answer.content.decode()


def form_of(client: Client, incident: Incident, **typed: object) -> dict[str, object]:
    """The edit form as the browser sends it back, with what somebody typed."""
    sent: dict[str, object] = {}
    for field in client.get(page_of(incident)).context["edit_form"]:
        shown = field.field.widget.format_value(field.value()) if field.value() is not None else ""
        shown = shown[0] if isinstance(shown, list) and shown else shown or ""
        sent[field.html_name] = sent[field.html_initial_name] = shown
    return sent | {f"edit-{name}": value for name, value in typed.items()}


def test_an_incident_told_on_the_phone_is_taken_down_and_shown(maintainer_client: Client, maintainer: User):
    typed = {
        "category": category_of("theft").pk, "title": "Bicycle gone", "description": "From the **rack**.\r\n<b>x</b>",
        "severity": "high", "occurred_at": "2026-01-02T03:04:00", "place": "Gate 4", "latitude": "43.65",
        "longitude": "-79.38", "loss_estimate": "1250.50", "recovery": "missing", "assignee": maintainer.pk,
        "reporter_label": "Ms Noor, night shift",
    }  # fmt: skip
    answer = maintainer_client.post(ADD, typed)
    incident = Incident.objects.get()
    assert answer["Location"] == page_of(incident)
    page = read(maintainer_client, incident)
    for words in (incident.key, "<strong>rack</strong>", "&lt;b&gt;x", "Gate 4", "43.65, -79.38", "1,250.50", "Missing",
                  "Ms Noor, night shift", "02 Jan 2026, 03:04:00", "Theft"):  # fmt: skip
        assert words in page
    assert (incident.reporter, incident.assignee, incident.ip) == (maintainer, maintainer, None)


def test_what_the_service_refuses_is_shown_beside_the_field(maintainer_client: Client):
    typed = {"category": category_of().pk, "severity": "low", "recovery": "unknown", "title": "x", "latitude": "4"}
    later = (clock.now() + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M:%S")
    for values, words in (
        ({**typed, "occurred_at": "2026-01-02T03:04:00"}, "Send latitude and longitude together"),
        ({**typed, "longitude": "4", "occurred_at": later}, "until now"),
    ):
        answer = maintainer_client.post(ADD, values)
        assert (answer.status_code, Incident.objects.count()) == (200, 0)
        assert words in answer.content.decode()


def test_only_what_was_changed_on_the_page_is_written(maintainer_client: Client):
    incident = make_incident(title="Old", severity="low", latitude=1.5, longitude=-2.25, loss_estimate="10")
    sent = form_of(maintainer_client, incident, title="New", place="Hall 3")
    Incident.objects.filter(pk=incident.pk).update(severity="critical")
    answer = maintainer_client.post(page_of(incident, "edit/"), sent)
    assert answer.status_code == 302, answer.context["edit_form"].errors
    incident.refresh_from_db()
    assert (incident.title, incident.place, incident.severity) == ("New", "Hall 3", "critical")
    assert Event.objects.get(verb="incident.updated").after == {"title": "New", "place": "Hall 3"}


def test_nobody_overwrites_what_another_wrote_meanwhile(maintainer_client: Client):
    incident = make_incident(title="Old")
    sent = form_of(maintainer_client, incident, title="Mine", occurred_at="2026-01-01T00:00:00")
    Incident.objects.filter(pk=incident.pk).update(title="Theirs", occurred_at=clock.now() - timedelta(days=9))
    page = maintainer_client.post(page_of(incident, "edit/"), sent).content.decode()
    assert page.count("Somebody changed this meanwhile") == 2
    assert 'value="Mine"' in page
    incident.refresh_from_db()
    assert incident.title == "Theirs"


def test_it_moves_along_the_table_and_nowhere_else(maintainer_client: Client):
    incident = make_incident()
    assert "Triaged</button>" in read(maintainer_client, incident)
    for status in ("TRIAGED", "IN_PROGRESS", "DONE"):
        maintainer_client.post(page_of(incident, "move/"), {"status": status})
    incident.refresh_from_db()
    assert incident.status == "DONE"
    refused = maintainer_client.post(page_of(incident, "move/"), {"status": "TRIAGED"}, follow=True)
    assert "from there it goes to OPEN" in refused.content.decode()
    refused = maintainer_client.post(page_of(incident, "move/"), {"status": "x"}, follow=True)
    assert "One of OPEN" in refused.content.decode()


def test_it_is_assigned_to_staff_alone(maintainer_client: Client, maintainer: User):
    incident = make_incident()
    maintainer_client.post(page_of(incident, "assign/"), {"assignee": maintainer.pk})
    maintainer_client.post(page_of(incident, "assign/"), {"assignee": make_user("reporter").pk})
    incident.refresh_from_db()
    assert incident.assignee == maintainer


def test_an_internal_comment_is_marked_and_kept_from_the_reporter(maintainer_client: Client):
    incident = make_incident()
    maintainer_client.post(page_of(incident, "comment/"), {"body": "We know who.", "is_internal": "on"})
    maintainer_client.post(page_of(incident, "comment/"), {"body": "Thank you."})
    said = dict(Comment.objects.values_list("body", "is_internal"))
    assert said == {"We know who.": True, "Thank you.": False}
    page = read(maintainer_client, incident)
    assert page.count("Internal comment") == page.count("is-internal") == 1
    refused = maintainer_client.post(page_of(incident, "comment/"), {"body": "x" * 65_537, "is_internal": "on"})
    assert (refused.status_code, Comment.objects.count()) == (200, 2)


def test_comments_are_changed_by_their_author_and_deleted_by_an_admin(maintainer_client: Client, admin_client: Client):
    incident = make_incident()
    maintainer_client.post(page_of(incident, "comment/"), {"body": "First."})
    comment = Comment.objects.get()
    admin_client.post(page_of(incident, "edit-comment/"), {"id": comment.pk, "body": "Not mine."})
    maintainer_client.post(page_of(incident, "edit-comment/"), {"id": comment.pk, "body": "Better."})
    comment.refresh_from_db()
    assert comment.body == "Better."
    assert maintainer_client.post(page_of(incident, "delete-comment/"), {"id": comment.pk}).status_code == 403
    admin_client.post(page_of(make_incident(), "delete-comment/"), {"id": comment.pk})
    assert Comment.objects.exists()
    admin_client.post(page_of(incident, "delete-comment/"), {"id": comment.pk})
    assert not Comment.objects.exists()


def test_files_are_added_and_taken_away_by_whoever_sent_them(maintainer_client: Client):
    incident = make_incident()
    files = [SimpleUploadedFile("a.txt", b"one"), SimpleUploadedFile("b.txt", b"")]
    page = maintainer_client.post(page_of(incident, "attach/"), {"files": files}, follow=True).content.decode()
    assert "1 file added." in page
    assert "Not taken: b.txt" in page
    file = Attachment.objects.get()
    assert f'href="{file.address}"' in page
    stranger = Client()
    stranger.force_login(make_user())
    stranger.post(page_of(incident, "detach/"), {"id": file.pk})
    assert Attachment.objects.exists()
    maintainer_client.post(page_of(incident, "detach/"), {"id": file.pk})
    assert not Attachment.objects.exists()


def test_it_is_linked_with_issues_tickets_and_incidents_and_parted_again(maintainer_client: Client):
    incident, issue, ticket = make_incident(), make_issue(title="New lock"), make_ticket()
    other = make_incident(title="The first of them")
    named = {issue.key: "relates", f"ticket:{ticket.external_id}": "caused_by", other.key.lower(): "duplicates"}
    for key, kind in named.items():
        maintainer_client.post(page_of(incident, "link/"), {"kind": kind, "key": key})
    page = read(maintainer_client, incident)
    for words in ("New lock", "was caused by", ticket.external_id, "The first of them"):
        assert words in page
    assert "is duplicated by" in read(maintainer_client, other)
    for key in ("NO-1", "", incident.key, "ticket:none", "x" * 300, "\0"):
        maintainer_client.post(page_of(incident, "link/"), {"kind": "relates", "key": key})
    assert IncidentLink.objects.count() == 3
    for link in IncidentLink.objects.all():
        maintainer_client.post(page_of(make_incident(), "unlink/"), {"id": link.pk})
        maintainer_client.post(page_of(incident, "unlink/"), {"id": link.pk})
    assert not IncidentLink.objects.exists()


def test_an_issue_is_made_of_it_and_both_lead_to_each_other(maintainer_client: Client):
    project, incident = make_project(key="OPS"), make_incident(description="The lock is broken.", severity="high")
    answer = maintainer_client.post(page_of(incident, "issue/"), {"project": project.pk})
    issue = Issue.objects.get()
    assert answer["Location"] == f"/admin/incidents/issue/{issue.pk}/change/"
    assert (issue.key, issue.title, issue.severity) == ("OPS-1", incident.title, "high")
    assert "The lock is broken." in issue.description
    assert f"From {incident.key}." in issue.description
    assert "OPS-1" in read(maintainer_client, incident)
    assert page_of(incident) in maintainer_client.get(answer["Location"]).content.decode()


def test_a_likely_duplicate_is_linked_by_one_button(maintainer_client: Client):
    incident, first = make_incident(), make_incident(title="The same, told before")
    found = {"similar": [{"id": first.pk, "score": 0.8, "reasons": ["the same place"]}]}
    EnrichmentRun.objects.filter(incident=incident, provider="similar").update(state="done", answer=found)
    assert "Link as duplicate" in read(maintainer_client, incident)
    maintainer_client.post(page_of(incident, "link/"), {"kind": "duplicates", "key": first.key})
    page = read(maintainer_client, incident)
    assert "Link as duplicate" not in page
    assert page.count("The same, told before") == 2


def test_staff_see_where_a_report_came_from_and_that_it_was_enriched(maintainer_client: Client):
    incident = make_incident(origin=Origin(ip="203.0.113.9", reporter_label="anonymous"))
    Incident.objects.filter(pk=incident.pk).update(timezone="America/Toronto", enrichment="ENRICHED")
    page = read(maintainer_client, incident)
    for words in ("203.0.113.9", "anonymous", "Enriched", " there</span>"):
        assert words in page


def test_the_page_costs_the_same_however_long_the_story(maintainer_client: Client, maintainer: User):
    incident, actor = make_incident(), Actor.of_user(maintainer)
    comment_on_incident(actor=actor, incident=incident, body="One.")
    link_incident(actor=actor, incident=incident, target=make_issue(), kind="relates")
    with CaptureQueriesContext(connection) as short:
        read(maintainer_client, incident)
    for number in range(60):
        comment_on_incident(actor=actor, incident=incident, body=f"Comment {number}.", is_internal=bool(number % 2))
    for _ in range(5):
        link_incident(actor=actor, incident=incident, target=make_issue(), kind="caused_by")
    with CaptureQueriesContext(connection) as long:
        page = read(maintainer_client, incident)
    assert ">Older<" in page
    assert len(long.captured_queries) == len(short.captured_queries) <= 32


def test_only_an_admin_deletes(maintainer_client: Client, admin_client: Client):
    incident = make_incident()
    assert page_of(incident, "delete/") not in read(maintainer_client, incident)
    assert maintainer_client.post(page_of(incident, "delete/")).status_code == 403
    assert admin_client.get(page_of(incident, "delete/")).status_code == 200
    assert page_of(incident, "history/") in read(admin_client, incident)
    admin_client.post(page_of(incident, "delete/"))
    assert not Incident.objects.exists()


RESTS = ("edit/", "move/", "assign/", "comment/", "attach/", "link/", "unlink/", "issue/", "quick/", "enrich/")


def test_reading_never_writes_and_a_reporter_stays_outside(client: Client, maintainer_client: Client):
    reporter = make_user("reporter")
    incident = make_incident(actor=Actor.of_user(reporter))
    assert {maintainer_client.get(page_of(incident, rest)).status_code for rest in RESTS} == {403}
    assert maintainer_client.post(page_of(incident), {"title": "x"}).status_code == 403
    client.force_login(reporter)
    before = Event.objects.filter(object_type="incident").count()
    for rest in ("change/", *RESTS):
        answer = client.post(page_of(incident, rest), {"status": "TRIAGED", "body": "x", "do": "move"})
        assert answer["Location"].startswith("/admin/login/")
    assert Event.objects.filter(object_type="incident").count() == before


@pytest.mark.parametrize("key", ["A\0-1", "INC-99999999999", "9" * 20, "inc-\u0661", "x" * 5_000, "INC-1'; --"])
def test_what_is_no_key_finds_nothing_and_breaks_nothing(maintainer_client: Client, key: str):
    incident = make_incident()
    for rest in ("link/", "unlink/", "detach/", "edit-comment/", "assign/", "move/", "issue/"):
        typed = {"key": key, "kind": "relates", "id": key, "assignee": key, "status": key, "project": key}
        assert maintainer_client.post(page_of(incident, rest), typed).status_code == 302
    fields = ("category", "title", "severity", "occurred_at", "latitude", "longitude", "loss_estimate", "recovery")
    edited = maintainer_client.post(page_of(incident, "edit/"), {f"edit-{name}": key for name in fields})
    assert edited.status_code == 200
    assert not IncidentLink.objects.exists()
