"""People talk about incidents and hang files on them; what is internal never reaches the reporter."""

import pytest

from incidents.models import Attachment, Comment, Incident
from incidents.services import file_quotas
from incidents.services.attachments import (
    attach_file,
    delete_attachment,
    open_attachment,
    public_attachments,
    record_file,
    visible_attachments,
)
from incidents.services.comments import (
    comment_on_incident,
    comment_on_issue,
    delete_comment,
    edit_comment,
    public_comments,
    record_comment,
    visible_incident_comments,
)
from incidents.services.incidents import Origin, delete_incident
from incidents.services.reports_with_files import create_incident_with_files, record_incident_with_files
from incidents.testing.factories import make_issue
from incidents.testing.incident_factories import category_of, make_incident
from tracker.access import Actor
from tracker.admin.events import VERBS
from tracker.choices import Role
from tracker.exceptions import Conflict, InvalidInput, NotAuthenticated, NotFound, PermissionDenied, QuotaExceeded
from tracker.files.uploads import Upload
from tracker.models import Event, Notification
from tracker.realtime.log_reader import StreamEvent
from tracker.realtime.rights import Credential, Listener
from tracker.testing.factories import make_user

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("mail")
STRANGER = Actor(label="anonymous")


@pytest.fixture(autouse=True)
def _own_disk(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def reporter():
    return Actor.of_user(make_user(Role.REPORTER))


@pytest.fixture
def officer():
    return Actor.of_user(make_user(Role.MAINTAINER))


@pytest.fixture
def incident(reporter):
    return make_incident(actor=reporter, title="Bike gone")


def attach(actor, incident, comment=None, content=b"hello", **options):
    with Upload.of_chunks("note.txt", [content]) as upload:
        return attach_file(actor=actor, incident=incident, upload=upload, comment=comment, **options)


def hears(actor, line):
    """Whether a live stream of theirs tells it."""
    row = (1, line.pk, line.at, line.verb, line.actor_label, line.object_type, line.object_id, line.data)
    return Listener(actor=actor, credential=Credential("session", "x"), password_mark="").sees(StreamEvent(row))


def is_found(incident, word):
    return Incident.objects.filter(pk=incident.pk, search=word).exists()


def test_reporter_and_officer_talk_and_each_is_told(reporter, officer, incident):
    Incident.objects.filter(pk=incident.pk).update(assignee=officer.user)
    said = comment_on_incident(actor=reporter, incident=incident, body="It was **red**.")
    comment_on_incident(actor=officer, incident=incident, body="We look.")
    assert (said.author, said.author_label, said.is_internal) == (reporter.user, "", False)
    assert "<strong>red</strong>" in said.body_html
    assert visible_incident_comments(reporter, incident).count() == 2
    assert list(Notification.objects.values_list("recipient", "body")) == [
        (reporter.user.pk, "We look."),
        (officer.user.pk, "It was **red**."),
    ]
    assert is_found(incident, "red")
    incident.refresh_from_db()
    assert incident.updated_at > said.created_at
    edit_comment(actor=reporter, incident=incident, comment=said, body="It was blue.")
    assert is_found(incident, "blue")
    assert not is_found(incident, "red")
    delete_comment(actor=Actor.of_user(make_user(Role.ADMIN)), incident=incident, comment=said)
    verbs = ["incident.comment_deleted", "incident.comment_edited", "incident.commented", "incident.commented"]
    lines = Event.objects.filter(object_type="incident", object_id=str(incident.pk)).exclude(verb="incident.created")
    assert list(lines.values_list("verb", flat=True)) == verbs
    assert {line.data["reporter"] for line in lines} == {reporter.user.pk}
    assert all(hears(reporter, line) for line in lines)
    assert not hears(Actor.of_user(make_user(Role.REPORTER)), lines[0])


def test_what_is_internal_reaches_no_reporter(reporter, officer, incident):
    Incident.objects.filter(pk=incident.pk).update(assignee=make_user())
    mention = f"Suspect: the cook. @{reporter.user.email}"
    hidden = comment_on_incident(actor=officer, incident=incident, body=mention, is_internal=True)
    file = attach(officer, incident, hidden)
    edit_comment(actor=officer, incident=incident, comment=hidden, body=f"{mention} Surely.")
    assert file.is_internal
    assert not visible_incident_comments(reporter, incident).exists()
    assert not visible_attachments(reporter, incident).exists()
    assert visible_incident_comments(officer, incident).get() == hidden
    assert not public_comments(incident).exists()
    assert not public_attachments(incident).exists()
    assert not is_found(incident, "cook")
    assert not Notification.objects.filter(recipient=reporter.user).exists()
    with pytest.raises(NotFound):
        open_attachment(actor=reporter, attachment=file)
    with pytest.raises(NotFound):
        delete_attachment(actor=reporter, attachment=file)
    with pytest.raises(NotFound):
        edit_comment(actor=reporter, incident=incident, comment=hidden, body="x")
    with pytest.raises(InvalidInput, match="comment"):
        attach(reporter, incident, hidden)
    delete_comment(actor=Actor.of_user(make_user(Role.ADMIN)), incident=incident, comment=hidden)
    assert not visible_attachments(reporter, incident).exists()
    delete_attachment(actor=officer, attachment=file)
    lines = Event.objects.filter(object_type="incident").exclude(verb="incident.created")
    assert lines.count() == 5
    assert {line.verb.partition(".")[2] for line in lines} <= set(VERBS["incident"])
    assert {(line.data.get("reporter"), line.data["is_internal"]) for line in lines} == {(None, True)}
    assert not any(hears(reporter, line) for line in lines)
    assert all(hears(officer, line) for line in lines)


def test_who_loses_their_role_loses_what_they_wrote_internally(officer, incident):
    mine = make_incident(actor=officer)
    hidden = comment_on_incident(actor=officer, incident=mine, body="Between us.", is_internal=True)
    file = attach(officer, mine, hidden)
    officer.user.role = Role.REPORTER
    officer.user.save()
    demoted = Actor.of_user(officer.user)
    with pytest.raises(NotFound):
        edit_comment(actor=demoted, incident=mine, comment=hidden, body="x")
    with pytest.raises(NotFound):
        delete_attachment(actor=demoted, attachment=file)
    token = Actor(user=officer.user, token_id=1, scopes=frozenset({"read"}))
    assert not visible_incident_comments(token, mine).exists()


def test_reporters_write_nothing_internal_and_nothing_on_what_others_reported(reporter, officer, incident):
    with pytest.raises(InvalidInput) as refused:
        comment_on_incident(actor=reporter, incident=incident, body="x", is_internal=True)
    assert [detail.field for detail in refused.value.details] == ["is_internal"]
    other = make_incident(actor=officer)
    with pytest.raises(NotFound):
        comment_on_incident(actor=reporter, incident=other, body="x")
    with pytest.raises(NotFound):
        attach(reporter, other)
    said = comment_on_incident(actor=officer, incident=incident, body="Mine.")
    with pytest.raises(PermissionDenied):
        edit_comment(actor=reporter, incident=incident, comment=said, body="Yours.")
    with pytest.raises(NotFound):
        edit_comment(actor=officer, incident=other, comment=said, body="By another one's address.")
    with pytest.raises(PermissionDenied):
        delete_comment(actor=reporter, incident=incident, comment=said)
    assert not visible_incident_comments(reporter, other).exists()
    token = Actor(user=officer.user, token_id=1, scopes=frozenset({"read", "incidents"}))
    for actor, refusal in ((STRANGER, NotAuthenticated), (token, PermissionDenied)):
        with pytest.raises(refusal):
            comment_on_incident(actor=actor, incident=incident, body="x")
        with pytest.raises(refusal):
            attach(actor, incident)
    assert Comment.objects.count() == 1
    assert not Attachment.objects.exists()


def test_what_mail_and_hooks_bring_names_its_author(incident):
    letter = comment_on_incident(actor=SYSTEM, incident=incident, body="Found it.", author_label="ann@example.org")
    file = attach(SYSTEM, incident, letter, uploader_label="ann@example.org")
    assert (letter.author, letter.author_name) == (None, "ann@example.org")
    assert (file.uploaded_by, file.uploader_name) == (None, "ann@example.org")
    assert comment_on_issue(actor=SYSTEM, issue=make_issue(), body="Fires again.").author_name == "system:mail"
    for label, kept in (("Ann\0 \u202e\ud800Smith\n", "Ann Smith"), ("\0", "system:mail"), ("x" * 300, "x" * 254)):
        said = comment_on_incident(actor=SYSTEM, incident=incident, body="Hello.", author_label=label)
        assert said.author_label == kept


def test_whom_a_door_of_its_own_lets_in_speaks_publicly(incident):
    said = record_comment(actor=STRANGER, incident=incident, body="It is back.", author_label="reporter")
    with Upload.of_chunks("a.txt", [b"x"]) as upload:
        file = record_file(actor=STRANGER, incident=incident, upload=upload, uploader_label="reporter", comment=said)
    assert (public_comments(incident).get(), public_attachments(incident).get()) == (said, file)
    assert (said.author_name, said.is_internal, file.is_internal) == ("reporter", False, False)
    hidden = comment_on_incident(actor=SYSTEM, incident=incident, body="Careful.", is_internal=True)
    with Upload.of_chunks("a.txt", [b"x"]) as upload, pytest.raises(InvalidInput, match="comment"):
        record_file(actor=STRANGER, incident=incident, upload=upload, comment=hidden)
    delete_incident(actor=SYSTEM, incident=incident)
    with pytest.raises(NotFound):
        record_comment(actor=STRANGER, incident=incident, body="Hello?")


def test_an_incident_comes_with_its_files_or_not_at_all(reporter, settings):
    values = {"category": category_of(), "title": "Bike gone"}
    with Upload.of_chunks("a.txt", [b"one"]) as one, Upload.of_chunks("b.txt", [b"two"]) as two:
        incident = create_incident_with_files(actor=reporter, values=values, uploads=[one, two])
    assert set(incident.attachments.values_list("name", "uploaded_by")) == {
        ("a.txt", reporter.user.pk),
        ("b.txt", reporter.user.pk),
    }
    settings.ATTACHMENT_QUOTA_BYTES = 8
    with Upload.of_chunks("a.txt", [b"three"]) as three, pytest.raises(QuotaExceeded, match="2 are left"):
        create_incident_with_files(actor=reporter, values=values, uploads=[three])
    with pytest.raises(NotAuthenticated):
        create_incident_with_files(actor=STRANGER, values=values, uploads=[])
    assert Incident.objects.count() == 1


def test_nobodys_files_have_one_limit_together(incident, settings):
    settings.ATTACHMENT_QUOTA_BYTES = 8
    values, origin = {"category": category_of(), "title": "Lamp smashed"}, Origin(reporter_label="anonymous")
    with Upload.of_chunks("a.txt", [b"hello"]) as upload:
        made = record_incident_with_files(actor=STRANGER, values=values, uploads=[upload], origin=origin)
    assert made.attachments.get().uploader_name == "anonymous"
    with pytest.raises(QuotaExceeded, match="without an account together"):
        attach(SYSTEM, incident, content=b"more")
    assert attach(SYSTEM, incident, content=b"mor")


def test_an_incident_has_a_limited_number_of_files_and_comments(reporter, incident, monkeypatch):
    monkeypatch.setattr(file_quotas, "MAX_FILES", 1)
    monkeypatch.setattr("incidents.services.comments.MAX_COMMENTS", 1)
    attach(reporter, incident)
    with pytest.raises(Conflict, match="file: An incident has up to 1 files"):
        attach(reporter, incident)
    comment_on_incident(actor=reporter, incident=incident, body="One.")
    with pytest.raises(InvalidInput, match="An incident has up to 1 comments"):
        comment_on_incident(actor=reporter, incident=incident, body="Two.")
