"""Files over the API: with the report or later, found through their issue alone, all or nothing."""

from pathlib import Path

import pytest
from django.core.files.storage import storages

from incidents.models import Attachment, Issue
from incidents.testing.factories import make_attachment, make_issue
from tracker.choices import Role
from tracker.testing.factories import jwt_client, make_user, token_client
from tracker.testing.hostile_files import encode_form

pytestmark = pytest.mark.django_db


@pytest.fixture
def reporter():
    return make_user(Role.REPORTER)


def test_a_report_brings_its_files(reporter):
    client = jwt_client(reporter)
    files = [("file", "log.txt", b"it broke"), ("file", "=1+1.html", b"<script>x</script>")]
    answer = client.post("/v1/issues", *encode_form(*files, title="Lamp broken", description="See *log*"))
    assert answer.status_code == 201, answer.content
    issue = answer.json()
    assert (issue["attachment_count"], "<em>log</em>" in issue["description_html"]) == (2, True)
    page = client.get(f"/v1/issues/{issue['key']}/attachments").json()
    first = page["results"][0]
    assert (first["name"], first["size_bytes"], first["uploaded_by"]) == ("log.txt", 8, reporter.email)
    assert b"".join(client.get(first["url"]).streaming_content) == b"it broke"


def test_a_form_holds_what_json_holds():
    client = jwt_client(make_user(Role.MAINTAINER))
    form = encode_form(title="Lamp", severity="high", priority="1", tags=["a", "b"], due_on="2026-12-24")
    issue = client.post("/v1/issues", *form).json()
    assert (issue["severity"], issue["priority"], issue["tags"], issue["due_on"]) == (
        "high",
        1,
        ["a", "b"],
        "2026-12-24",
    )


def test_where_the_report_is_refused_no_file_stays(reporter, settings):
    client, storage = jwt_client(reporter), storages["attachments"]
    before = stored_names(storage)
    for fields in ({}, {"title": " "}, {"title": "x", "severity": "high"}):
        assert client.post("/v1/issues", *encode_form(("file", "a.txt", b"x"), **fields)).status_code == 400
    settings.ATTACHMENT_QUOTA_BYTES = 1
    form = encode_form(("file", "a.txt", b"x"), ("file", "b.txt", b"x"), title="x")
    assert client.post("/v1/issues", *form).status_code in (409, 413, 429)
    assert client.post("/v1/issues", *encode_form(("file", "a.txt", b""), title="x")).status_code == 400
    eleven = [("file", f"{number}.txt", b"x") for number in range(11)]
    assert client.post("/v1/issues", *encode_form(*eleven, title="x")).status_code == 400
    assert client.post("/v1/issues", {"title": "x", "file": "a.txt"}).status_code == 400
    assert not Issue.objects.exists()
    assert not Attachment.objects.exists()
    assert stored_names(storage) == before


def stored_names(storage) -> set[Path]:
    return {path for path in Path(storage.location).rglob("*") if path.is_file()}


def test_a_token_reports_without_files():
    form = encode_form(("file", "a.txt", b"x"), title="x")
    assert token_client("issues").post("/v1/issues", *form).status_code == 403
    assert not Issue.objects.exists()


def test_a_file_is_added_to_a_comment_of_the_same_issue_only(reporter):
    issue, client = make_issue(reporter=reporter), jwt_client(reporter)
    comment = client.post(f"/v1/issues/{issue.pk}/comments", {"body": "See file."}).json()["id"]
    path = f"/v1/issues/{issue.pk}/attachments"
    answer = client.post(path, *encode_form(("file", "a.txt", b"x"), comment=str(comment)))
    assert (answer.status_code, answer.json()["comment"]) == (201, comment)
    other = make_issue(reporter=reporter)
    wrong = client.post(f"/v1/issues/{other.pk}/attachments", *encode_form(("file", "a", b"x"), comment=str(comment)))
    assert wrong.status_code == 400
    assert client.post(path, {"file": "a.txt"}).status_code == 400


@pytest.mark.parametrize("role", [Role.REPORTER, Role.MAINTAINER, Role.ADMIN])
def test_a_file_of_another_issue_looks_like_one_that_never_was(role):
    person = make_user(role)
    own, row = make_issue(reporter=person), make_attachment(make_issue(), uploaded_by=person)
    client = jwt_client(person)
    for method in ("get", "delete"):
        answers = [getattr(client, method)(f"/v1/issues/{own.pk}/attachments/{pk}") for pk in (row.pk, 999_999)]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert len({str({**answer.json()["error"], "request_id": ""}) for answer in answers}) == 1
    assert Attachment.objects.get() == row
