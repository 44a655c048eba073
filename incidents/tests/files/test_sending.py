"""A file comes in over the API: by browser or machine, once however often it is sent, and refused in words."""

import pytest
from django.middleware.csrf import _get_new_csrf_string

from incidents.models import Attachment
from incidents.testing.factories import make_issue
from tracker.choices import Role
from tracker.files.keeping import list_keys
from tracker.files.names import storage_shards
from tracker.files.uploads import incoming_directory
from tracker.testing.factories import ApiClient, jwt_client, make_user, session_client, token_client
from tracker.testing.hostile_files import MISSING, draw_picture, encode_form, hostile_names, hostile_uploads

pytestmark = pytest.mark.django_db
MIB = 1024 * 1024
HARMLESS = {"application/octet-stream", "application/zip", "image/png", "image/jpeg", "image/gif"}


@pytest.fixture(autouse=True)
def _own_disk(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    yield
    assert not any(incoming_directory().glob("*"))


def kept():
    return [key for shard in storage_shards() for key in list_keys(shard)]


def send(client, issue, content=b"hello", name="note.txt", boundary="b0undary", **headers):
    body, content_type = encode_form(("file", name, content), boundary=boundary)
    return client.post(f"/v1/issues/{issue.pk}/attachments", body, content_type=content_type, headers=headers)


def test_a_reporter_sends_a_file_and_gets_it_back():
    reporter = make_user(Role.REPORTER)
    client, issue = jwt_client(reporter), make_issue(reporter=reporter)
    answer = send(client, issue, draw_picture(), "../screen.png")
    assert answer.status_code == 201, answer.content
    told = answer.json()
    assert (told["name"], told["content_type"]) == ("screen.png", "image/png")
    assert b"".join(client.get(told["url"]).streaming_content) == draw_picture()
    assert client.get(told["preview_url"])["Content-Type"] == "image/webp"
    assert client.delete(answer["Location"]).status_code == 204
    assert client.get(told["url"]).status_code == 404


def test_a_browser_sends_its_csrf_token_in_a_header_and_the_form_stays_unread_before():
    user, issue = make_user(), make_issue()
    client, token = session_client(user, enforce_csrf_checks=True), _get_new_csrf_string()
    client.cookies["csrftoken"] = token
    assert send(client, issue).status_code == 403
    assert not incoming_directory().exists()
    assert send(client, issue, **{"X-CSRFToken": token}).status_code == 201


def test_nobody_else_sends_anything():
    issue = make_issue(reporter=make_user(Role.REPORTER))
    for client, status in [
        (ApiClient(), 401),
        (token_client("read", "issues"), 403),
        (jwt_client(make_user(Role.REPORTER)), 404),
    ]:
        assert send(client, issue).status_code == status
    assert not Attachment.objects.exists()
    assert not incoming_directory().exists()


def test_a_repeated_form_is_one_file_whatever_its_boundary():
    client, issue = jwt_client(make_user()), make_issue()
    first = send(client, issue, **{"Idempotency-Key": "k"})
    again = send(client, issue, boundary="another", **{"Idempotency-Key": "k"})
    assert (first.status_code, again.status_code) == (201, 201)
    assert again["Idempotency-Replayed"] == "true"
    assert send(client, issue, b"other", **{"Idempotency-Key": "k"}).status_code == 422
    assert Attachment.objects.count() == len(kept()) == 1


@pytest.mark.parametrize(
    ("changes", "content", "status", "kind"),
    [
        ({}, b"x" * (20 * MIB + 1), 413, "too_large"),
        ({}, b"", 400, "invalid_input"),
        ({"ATTACHMENT_QUOTA_BYTES": 4}, b"hello", 413, "quota_exceeded"),
        ({"MEDIA_RESERVE_BYTES": 10**15}, b"hello", 507, "insufficient_storage"),
    ],
)
def test_a_refusal_says_why_and_leaves_nothing(settings, changes, content, status, kind):
    for name, value in changes.items():
        setattr(settings, name, value)
    answer = send(jwt_client(make_user()), make_issue(), content)
    error = answer.json()["error"]
    assert (answer.status_code, error["type"]) == (status, kind)
    assert status == 507 or error["details"][0]["field"] == "file"
    assert not Attachment.objects.exists()
    assert kept() == []


def test_no_file_and_a_file_that_is_text_are_named():
    client, path = jwt_client(make_user()), f"/v1/issues/{make_issue().pk}/attachments"
    for body, content_type in [encode_form(), encode_form(file="hello"), (b'{"file": "x"}', "application/json")]:
        answer = client.post(path, body, content_type=content_type)
        assert (answer.status_code, answer.json()["error"]["details"][0]["field"]) == (400, "file"), answer.content


@pytest.mark.attack
@pytest.mark.skipif(not hostile_names(), reason=MISSING)
def test_hostile_names_come_back_harmless():
    client, issue = jwt_client(make_user()), make_issue()
    for name in hostile_names():
        answer = send(client, issue, name=name)
        assert answer.status_code == 201, name
        disposition = client.get(answer.json()["url"])["Content-Disposition"]
        assert disposition.startswith("attachment; filename")
        assert not set(disposition) & set("\r\n\0\u202e/\\<")


@pytest.mark.attack
@pytest.mark.skipif(not hostile_uploads(), reason=MISSING)
def test_hostile_files_are_downloads_or_refusals():
    client, issue = jwt_client(make_user()), make_issue()
    refused = set()
    for file in hostile_uploads():
        answer = send(client, issue, file.read_bytes(), file.name)
        if answer.status_code != 201:
            assert answer.status_code in (400, 413), file.name
            refused.add(file.name)
            continue
        content = client.get(answer.json()["url"])
        assert content["Content-Type"] in HARMLESS, file.name
        assert content["Content-Disposition"].startswith("attachment")
        assert content["Content-Security-Policy"] == "sandbox; default-src 'none'"
        assert content["X-Content-Type-Options"] == "nosniff"
    assert refused == {"made_empty_file.jpg", "pillow_decompression_bomb.gif"}
