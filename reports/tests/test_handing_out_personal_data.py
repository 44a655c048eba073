"""Everybody gets what is known of them, an admin that of anybody, and nobody else anybody's."""

import io
import json
import tempfile
import zipfile

import pytest
from django.core.management import CommandError, call_command

from incidents.models import Incident
from incidents.testing.factories import make_attachment, make_issue, make_issue_comment, make_ticket
from incidents.testing.incident_factories import make_incident
from reports.testing.factories import make_report
from tracker.access import Actor
from tracker.choices import Role
from tracker.exceptions import NotFound, PermissionDenied
from tracker.models import Event, User
from tracker.services import personal_exports
from tracker.services.personal_exports import ExportLimits, export_person
from tracker.services.users import change_role
from tracker.testing.factories import make_project, make_token, make_user, session_client

pytestmark = pytest.mark.django_db
FORM = "application/x-www-form-urlencoded"
# Whoever adds a table that names people says here that people_data.py hands it out, or why not.
HANDED_OUT = {
    "account.emailaddress", "incidents.alert", "incidents.attachment", "incidents.comment", "incidents.incident",
    "incidents.issue", "incidents.issue_watchers", "incidents.policytrial", "incidents.policyversion",
    "incidents.ticket", "mfa.authenticator", "reports.report", "reports.reportmailing",
    "socialaccount.socialaccount", "tracker.apitoken", "tracker.event", "tracker.loginsession",
    "tracker.notification", "tracker.notificationpreference", "tracker.project", "tracker.project_members",
    "tracker.savedview",
}  # fmt: skip
KEPT_BACK = {
    "admin.logentry": "Tracker writes none; the log is its own.",
    "incidents.auditfinding": "Who resolved one is told by the log.",
    "incidents.issuespan": "Who was assigned is told with the issue.",
    "incidents.incidentspan": "Who was assigned is told with the incident.",
}


@pytest.fixture
def person():
    user = make_user(Role.REPORTER, email="mine@example.com", full_name="Mine")
    issue = make_issue(reporter=user, title="Broken door", project=make_project(members=[user]))
    make_issue_comment(issue, user, "My words")
    make_issue_comment(issue, make_user(), "Words of somebody else")
    make_attachment(issue, uploaded_by=user, content=b"my file", name="../door.txt")
    make_incident(actor=Actor.of_user(user), title="A theft")
    make_token(user, ["read"])
    make_report(owner=user)
    return user


def open_archive(content):
    return zipfile.ZipFile(io.BytesIO(content))


def read(archive, name):
    return json.loads(archive.read(f"{name}.json"))


def test_everybody_downloads_their_own_data(person):
    client = session_client(person)
    assert "/account/data" in client.get("/account/profile").content.decode()
    assert "Download it" in client.get("/account/data").content.decode()
    answer = client.post("/account/data", "", FORM)
    assert answer.status_code == 200
    assert "attachment" in answer["Content-Disposition"]
    assert "no-store" in answer["Cache-Control"]
    archive = open_archive(b"".join(answer.streaming_content))
    assert read(archive, "account")[0]["email"] == "mine@example.com"
    assert [row["title"] for row in read(archive, "issues_reported")] == ["Broken door"]
    assert [row["title"] for row in read(archive, "incidents_reported")] == ["A theft"]
    assert [row["body"] for row in read(archive, "comments")] == ["My words"]
    assert len(read(archive, "projects")) == len(read(archive, "tokens")) == len(read(archive, "reports")) == 1
    assert archive.read("files/00001-.._door.txt") == b"my file"
    assert "comments.json (1): What you wrote." in archive.read("README.txt").decode()
    assert "incident.created" in [row["verb"] for row in read(archive, "log")]
    whole = b"".join(archive.read(name) for name in archive.namelist())
    for secret in (person.password.encode(), b"digest", b"somebody else"):
        assert secret not in whole
    line = Event.objects.get(verb="user.exported")
    assert (line.actor, line.object_id, line.data["files"]) == (person, str(person.pk), 1)


def test_of_what_they_may_not_see_any_more_people_get_no_more_than_its_name(person):
    """Whoever was a maintainer once does not read on what became of the tickets that they left behind."""
    other = make_user()
    issue = make_issue(reporter=other, assignee=person, watchers=[person], title="Secret door")
    Incident.objects.filter(pk=make_incident(title="Secret theft").pk).update(assignee=person)
    ticket = make_ticket(title="Secret ticket")
    type(ticket).objects.filter(pk=ticket.pk).update(assignee=person)

    def titles():
        target = io.BytesIO()
        export_person(actor=Actor.system("test"), user=person, target=target)
        archive = open_archive(target.getvalue())
        rows = [
            read(archive, name) for name in ("issues_assigned_or_watched", "incidents_assigned", "tickets_assigned")
        ]
        assert [len(found) for found in rows] == [1, 1, 1]
        assert rows[0][0]["key"] == issue.key
        return {row[column] for found in rows for row in found for column in ("title", "status", "updated_at")}

    assert titles() == {None}
    change_role(actor=Actor.system("test"), user=person, role=Role.MAINTAINER)
    person.refresh_from_db()
    assert titles() > {"Secret door", "Secret theft", "Secret ticket"}


def test_an_admin_hands_out_anybodys_data(person):
    client = session_client(make_user(Role.ADMIN))
    page = f"/admin/tracker/user/{person.pk}/"
    assert f"{page}data/" in client.get(f"{page}change/").content.decode()
    answer = client.post(f"{page}data/", "", FORM)
    assert read(open_archive(b"".join(answer.streaming_content)), "account")[0]["full_name"] == "Mine"
    assert client.get(f"{page}data/").status_code == 403


@pytest.mark.parametrize(("role", "refusal"), [(Role.REPORTER, NotFound), (Role.MAINTAINER, PermissionDenied)])
def test_nobody_else_gets_anybodys_data(person, role, refusal):
    other = make_user(role)
    assert session_client(other).post(f"/admin/tracker/user/{person.pk}/data/", "", FORM).status_code in (302, 403)
    for actor in (Actor.of_user(other), Actor(user=other, token_id=1, scopes=frozenset({"read"}))):
        with pytest.raises((refusal, NotFound)):
            export_person(actor=actor, user=person, target=io.BytesIO())
    with pytest.raises(NotFound):
        export_person(
            actor=Actor(user=person, token_id=1, scopes=frozenset({"read"})), user=person, target=io.BytesIO()
        )
    assert not Event.objects.filter(verb="user.exported").exists()


def test_who_is_not_logged_in_is_sent_to_the_login(client):
    assert client.post("/account/data").status_code == 302


def test_archives_are_made_so_often_and_no_oftener(person, monkeypatch):
    monkeypatch.setattr(personal_exports, "PER_QUARTER_HOUR", 1)
    client = session_client(person)
    assert client.post("/account/data", "", FORM).status_code == 200
    answer = client.post("/account/data", "", FORM)
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0


def test_large_archives_lie_where_files_are_taken_in_and_leave_room_there(person, monkeypatch, settings):
    """The folder for what is small and passes is memory in production, and the process dies when it is full."""
    monkeypatch.setattr(personal_exports, "IN_MEMORY_BYTES", 16)
    monkeypatch.setattr(tempfile, "tempdir", "/proc")
    client = session_client(person)
    answer = client.post("/account/data")
    assert b"PK" in b"".join(answer.streaming_content)
    settings.MEDIA_RESERVE_BYTES = 2**60
    answer = client.post("/account/data")
    assert "no room" in answer.content.decode()


def test_what_does_not_fit_is_named(person):
    target = io.BytesIO()
    summary = export_person(
        actor=Actor.of_user(person), user=person, target=target, limits=ExportLimits(rows=1, file_bytes=3)
    )
    readme = open_archive(target.getvalue()).read("README.txt").decode()
    assert summary.files == 0
    assert "files/00001-.._door.txt does not fit in" in readme
    assert "account.json ends with the newest 1" in readme


def test_the_command_writes_all_into_a_file_for_its_owner_alone(person, tmp_path):
    path, out = tmp_path / "mine.zip", io.StringIO()
    call_command("export_person", "Mine@example.com", "--to", str(path), stdout=out)
    assert path.stat().st_mode & 0o777 == 0o600
    assert read(open_archive(path.read_bytes()), "account")[0]["email"] == "mine@example.com"
    assert "1 files" in out.getvalue()
    with pytest.raises(CommandError, match="is there already"):
        call_command("export_person", "mine@example.com", "--to", str(path))
    with pytest.raises(CommandError, match="nobody"):
        call_command("export_person", "other@example.com", "--to", str(tmp_path / "x"))


def test_every_table_that_names_people_is_handed_out_or_said_why_not():
    relations = [one for one in User._meta.get_fields(include_hidden=True) if one.auto_created and not one.concrete]
    models = {(one.through if one.many_to_many else one.related_model)._meta.label_lower for one in relations}
    # The group and the rights of Django follow from the role.
    models -= {"tracker.user_groups", "tracker.user_user_permissions"}
    assert models == HANDED_OUT | set(KEPT_BACK)
