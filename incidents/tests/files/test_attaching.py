"""Somebody hangs a file on an issue: who may, what is taken, what it becomes, and how much of it."""

import hashlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError, connection

from incidents.models import Attachment, Issue
from incidents.services import attachments, file_quotas
from incidents.services.attachments import attach_file
from incidents.services.reports_with_files import create_issue_with_files
from incidents.testing.factories import make_attachment, make_issue, make_issue_comment
from tracker.access import Actor
from tracker.choices import Role
from tracker.exceptions import Conflict, InvalidInput, NotAuthenticated, NotFound, PermissionDenied, QuotaExceeded
from tracker.files.keeping import list_keys, open_file
from tracker.files.names import storage_shards
from tracker.files.uploads import Upload, incoming_directory
from tracker.models import Event
from tracker.testing.factories import make_user
from tracker.testing.hostile_files import MISSING, UPLOADS, draw_picture

pytestmark = pytest.mark.django_db
PNG = draw_picture()


@pytest.fixture(autouse=True)
def _own_disk(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    yield
    assert not any(incoming_directory().glob("*"))


def kept():
    return [key for shard in storage_shards() for key in list_keys(shard)]


def attach(user, issue, content=b"hello", name="note.txt", **options):
    with Upload.of_chunks(name, [content]) as upload:
        return attach_file(actor=Actor.of_user(user), issue=issue, upload=upload, **options)


def test_a_file_is_kept_and_the_log_tells_of_it():
    reporter = make_user(Role.REPORTER)
    issue = make_issue(reporter=reporter)
    row = attach(reporter, issue, name="../../etc/notes.txt")
    assert (row.name, row.content_type, row.size_bytes) == ("notes.txt", "text/plain", 5)
    assert row.sha256 == hashlib.sha256(b"hello").hexdigest()
    assert open_file(row.storage_key).read() == b"hello"
    assert "notes" not in row.storage_key
    event = Event.objects.get(verb="issue.file_added")
    assert (event.object_type, event.object_id) == ("issue", str(issue.pk))
    wanted = {"reporter": reporter.pk, "attachment": row.pk, "name": "notes.txt"}
    assert event.data | wanted == event.data


def test_a_file_of_a_form_of_the_back_office_is_taken_too():
    row = attach_file(
        actor=Actor.of_user(make_user()), issue=make_issue(), upload=SimpleUploadedFile("a.txt", b"hello")
    )
    assert row.size_bytes == 5


def test_a_picture_gets_a_preview_of_its_own():
    row = attach(make_user(), make_issue(), PNG, "screen.png")
    assert row.content_type == "image/png"
    assert sorted(kept()) == sorted([row.storage_key, row.preview_key])
    assert open_file(row.preview_key).read()[8:12] == b"WEBP"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("page.html", b"<html><script>alert(1)</script>"),
        ("picture.svg", b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'),
        ("fake.png", b"<html><script>alert(1)</script>"),
        ("note.txt", b"<!DOCTYPE html><script>alert(1)</script>"),
        ("polyglot.gif", b"GIF89a/*\x00\x00*/=1;alert(1)"),
        ("broken.png", PNG[:40]),
        ("setup.exe", b"MZ\x90\x00"),
        ("screen.txt", PNG),
    ],
)
def test_what_is_not_what_it_says_is_just_bytes(name, content):
    row = attach(make_user(), make_issue(), content, name)
    assert (row.content_type, row.preview_key) == ("application/octet-stream", "")


def test_a_file_may_belong_to_a_comment_of_the_same_issue_only():
    user, issue = make_user(), make_issue()
    comment = make_issue_comment(issue, user)
    assert attach(user, issue, comment=comment).comment == comment
    with pytest.raises(InvalidInput, match="comment"):
        attach(user, make_issue(), comment=comment)


def test_who_may_not_see_the_issue_leaves_nothing_there():
    issue = make_issue(reporter=make_user(Role.REPORTER))
    with pytest.raises(NotFound):
        attach(make_user(Role.REPORTER), issue)
    with Upload.of_chunks("a", [b"x"]) as upload:
        for actor, refusal in [
            (Actor(), NotAuthenticated),
            (Actor(user=make_user(Role.ADMIN), token_id=1, scopes=frozenset({"read", "issues"})), PermissionDenied),
        ]:
            with pytest.raises(refusal):
                attach_file(actor=actor, issue=issue, upload=upload)
    assert not Attachment.objects.exists()
    assert kept() == []


def test_an_empty_file_is_none():
    with pytest.raises(InvalidInput, match="file: The file is empty"):
        attach(make_user(), make_issue(), b"")


def test_an_issue_has_a_limited_number_of_files(monkeypatch):
    monkeypatch.setattr(file_quotas, "MAX_FILES", 2)
    user, issue = make_user(), make_issue()
    make_attachment(issue)
    attach(user, issue)
    with pytest.raises(Conflict, match="file: An issue has up to 2 files"):
        attach(user, issue)
    assert attach(user, make_issue())


def test_a_persons_files_together_are_limited(settings):
    settings.ATTACHMENT_QUOTA_BYTES = 12
    user = make_user(Role.REPORTER)
    row = attach(user, make_issue(reporter=user))
    attach(user, make_issue(reporter=user))
    with pytest.raises(QuotaExceeded, match=r"file: .* 12 bytes; 2 are left"):
        attach(user, make_issue(reporter=user))
    assert attach(make_user(), make_issue())
    attachments.delete_attachment(actor=Actor.of_user(user), attachment=row)
    assert attach(user, make_issue(reporter=user))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_nobody", [False, True])
def test_many_files_at_once_do_not_slip_past_the_quota(settings, is_nobody):
    settings.ATTACHMENT_QUOTA_BYTES = 12
    actor = Actor.system("mail") if is_nobody else Actor.of_user(make_user())
    issues = [make_issue() for _ in range(6)]

    def send(issue):
        try:
            with Upload.of_chunks("note.txt", [b"hello"]) as upload:
                return attach_file(actor=actor, issue=issue, upload=upload)
        except QuotaExceeded:
            return None
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        done = list(pool.map(send, issues))
    assert sum(1 for row in done if row) == 2
    assert len(kept()) == 2


def test_where_the_row_cannot_be_written_the_file_goes(monkeypatch):
    monkeypatch.setattr(attachments, "touch", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        attach(make_user(), make_issue(), PNG, "a.png")
    assert kept() == []


def report(user, *contents, **values):
    uploads = [Upload.of_chunks(f"{number}.txt", [content]) for number, content in enumerate(contents)]
    try:
        values = {"title": "Broken", **values}
        return create_issue_with_files(actor=Actor.of_user(user), values=values, uploads=uploads)
    finally:
        for upload in uploads:
            upload.close()


def test_an_issue_comes_with_its_files_or_not_at_all(settings):
    reporter = make_user(Role.REPORTER)
    issue = report(reporter, b"one", b"two")
    assert [row.name for row in issue.attachments.all()] == ["0.txt", "1.txt"]
    assert len(kept()) == 2
    settings.ATTACHMENT_QUOTA_BYTES = 11
    for contents, values, refusal in [
        ((b"one", b"two"), {}, QuotaExceeded),
        ((b"one", b""), {}, InvalidInput),
        ((b"one",), {"title": ""}, InvalidInput),
        ((b"one",), {"severity": "high"}, InvalidInput),
        ((b"x",) * 51, {}, Conflict),
    ]:
        with pytest.raises(refusal):
            report(reporter, *contents, **values)
    with pytest.raises(NotAuthenticated):
        create_issue_with_files(actor=Actor(), values={"title": "x"}, uploads=[SimpleUploadedFile("a", b"x")])
    assert Issue.objects.get() == issue
    assert len(kept()) == 2


def test_where_the_database_is_lost_the_file_stays_as_the_row_may_be_there(monkeypatch):
    def lose(_):
        raise OperationalError("server closed the connection")

    monkeypatch.setattr(attachments, "touch", lose)
    with pytest.raises(OperationalError):
        attach(make_user(), make_issue())
    assert len(kept()) == 1


@pytest.mark.skipif(not UPLOADS.is_dir(), reason=MISSING)
def test_a_picture_that_claims_to_be_a_bomb_is_a_413():
    with pytest.raises(Exception, match="500 megapixels") as refusal:
        attach(make_user(), make_issue(), (UPLOADS / "pillow_decompression_bomb.gif").read_bytes(), "bomb.gif")
    assert refusal.value.status == 413
    assert kept() == []
