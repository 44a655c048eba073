"""A file comes to whoever may see its issue, as a download that no browser runs, and to nobody else."""

import pytest

from incidents.services.attachments import attach_file
from incidents.testing.factories import make_attachment, make_issue
from tracker.access import Actor
from tracker.choices import Role
from tracker.files.keeping import forget_files
from tracker.files.uploads import Upload
from tracker.testing.factories import ApiClient, jwt_client, make_user, session_client, token_client
from tracker.testing.hostile_files import draw_picture

pytestmark = pytest.mark.django_db
PNG = draw_picture()
PICTURE = {"Accept": "image/avif,image/webp,image/png"}


def address(row, inline=False):
    return f"/v1/issues/{row.issue_id}/attachments/{row.pk}/content{'?inline=1' if inline else ''}"


@pytest.fixture
def picture():
    reporter = make_user(Role.REPORTER)
    with Upload.of_chunks("screen.png", [PNG]) as upload:
        return attach_file(actor=Actor.of_user(reporter), issue=make_issue(reporter=reporter), upload=upload)


def read(answer):
    return b"".join(answer.streaming_content)


def test_a_file_is_a_download_that_may_do_nothing(picture):
    for client in (session_client(picture.uploaded_by), jwt_client(make_user()), token_client("read")):
        answer = client.get(address(picture))
        assert (answer.status_code, read(answer)) == (200, PNG)
        assert answer["Content-Disposition"] == 'attachment; filename="screen.png"'
        assert answer["Content-Type"] == "image/png"
        assert answer["Content-Length"] == str(len(PNG))
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
        assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
        assert answer["Cache-Control"] == "no-store, private"


def test_only_the_redrawn_picture_is_shown_in_a_page(picture):
    answer = session_client(picture.uploaded_by).get(address(picture, inline=True), headers=PICTURE)
    assert answer["Content-Disposition"] == 'inline; filename="screen.png.webp"'
    assert answer["Content-Type"] == "image/webp"
    assert read(answer)[8:12] == b"WEBP"
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    note = make_attachment(picture.issue)
    assert jwt_client(make_user()).get(address(note, inline=True)).status_code == 404
    assert jwt_client(make_user()).get(address(note) + "?inline=yes").status_code == 400


def test_an_issue_may_be_named_by_its_key(picture):
    path = address(picture).replace(f"/{picture.issue_id}/", f"/{picture.issue.key}/")
    assert jwt_client(picture.uploaded_by).get(path).status_code == 200


def test_nobody_else_learns_that_there_is_a_file(picture):
    stranger = jwt_client(make_user(Role.REPORTER))
    assert ApiClient().get(address(picture)).status_code == 401
    assert token_client("ingest").get(address(picture)).status_code == 403
    assert stranger.get(address(picture)).status_code == 404
    # Nor is it reached through an issue of one's own.
    own = make_issue(reporter=make_user(Role.REPORTER))
    path = address(picture).replace(f"/issues/{picture.issue_id}/", f"/issues/{own.pk}/")
    assert jwt_client(own.reporter).get(path).status_code == 404
    for odd in ("x", "9" * 30, "%00", "-1", "٣"):
        assert stranger.get(f"/v1/issues/{own.pk}/attachments/{odd}/content").status_code == 404
    odd_digits = str(picture.pk).translate({48 + digit: 0x660 + digit for digit in range(10)})
    path = f"/v1/issues/{picture.issue_id}/attachments/{odd_digits}/content"
    assert jwt_client(picture.uploaded_by).get(path).status_code == 404


@pytest.mark.parametrize(
    ("name", "disposition"),
    [
        ("naïve “file”.txt", "attachment; filename*=utf-8''na%C3%AFve%20%E2%80%9Cfile%E2%80%9D.txt"),
        ("semi;colon.txt", 'attachment; filename="semi;colon.txt"'),
    ],
)
def test_any_name_survives_the_header(name, disposition):
    row = make_attachment(make_issue(), name=name)
    assert jwt_client(make_user()).get(address(row))["Content-Disposition"] == disposition


def test_head_and_a_known_version_carry_no_bytes(picture):
    client = jwt_client(make_user())
    head = client.head(address(picture))
    assert (head.status_code, head["Content-Length"], head.content) == (200, str(len(PNG)), b"")
    again = client.get(address(picture), headers={"If-None-Match": head["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get(address(picture, inline=True), headers={"If-None-Match": head["ETag"]}).status_code == 200


def test_bytes_that_are_lost_are_no_500(picture):
    forget_files([picture.storage_key])
    assert jwt_client(make_user()).get(address(picture)).status_code == 503


@pytest.mark.parametrize("path", ["/media/", "/media/x", "/attachments/x", "/incoming/x"])
def test_the_folder_itself_has_no_address(picture, path):
    for client in (ApiClient(), session_client(make_user(Role.ADMIN))):
        assert client.get(f"{path}/{picture.storage_key}").status_code == 404
