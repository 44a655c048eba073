"""Whoever sent a file takes it away again, and so may an admin; its bytes go with it."""

import pytest

from incidents.models import Attachment
from incidents.services.attachments import delete_attachment
from incidents.testing.factories import make_attachment, make_issue
from tracker.access import Actor
from tracker.choices import Role
from tracker.exceptions import NotFound, PermissionDenied
from tracker.files.keeping import open_file
from tracker.models import Event
from tracker.testing.factories import make_user

pytestmark = pytest.mark.django_db


def delete(user, row):
    delete_attachment(actor=Actor.of_user(user), attachment=row)


def is_kept(row):
    try:
        open_file(row.storage_key).close()
    except FileNotFoundError:
        return False
    return True


def test_the_uploader_deletes_row_and_bytes(django_capture_on_commit_callbacks):
    reporter = make_user(Role.REPORTER)
    row = make_attachment(make_issue(reporter=reporter))
    pk = row.pk
    with django_capture_on_commit_callbacks() as later:
        delete(reporter, row)
    assert is_kept(row)
    for callback in later:
        callback()
    assert not is_kept(row)
    event = Event.objects.get(verb="issue.file_removed")
    assert (event.data["attachment"], event.data["reporter"]) == (pk, reporter.pk)
    with pytest.raises(NotFound):
        delete(reporter, Attachment(pk=pk, issue=row.issue))


def test_an_admin_deletes_anybodys():
    delete(make_user(Role.ADMIN), make_attachment(make_issue()))
    assert not Attachment.objects.exists()


def test_nobody_else_does():
    reporter = make_user(Role.REPORTER)
    row = make_attachment(make_issue(reporter=reporter))
    by_maintainer = make_attachment(row.issue, uploaded_by=make_user())
    for user, refusal in [(make_user(), PermissionDenied), (make_user(Role.REPORTER), NotFound)]:
        with pytest.raises(refusal):
            delete(user, row)
    with pytest.raises(PermissionDenied):
        delete(reporter, by_maintainer)
    assert is_kept(row)
    assert is_kept(by_maintainer)
