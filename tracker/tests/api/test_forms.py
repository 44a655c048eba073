"""Forms with files are read as strictly as JSON, in little memory, and leave nothing behind."""

import resource
import time
from pathlib import Path

import pytest
from django.test import RequestFactory
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from rest_framework.response import Response

from tracker.api import form_places
from tracker.api.form_places import FormPlace
from tracker.api.multipart import UploadField, UploadRules
from tracker.api.serializers import StrictSerializer
from tracker.api.viewsets import ApiView
from tracker.exceptions import Throttled
from tracker.files.uploads import incoming_directory
from tracker.testing.hostile_files import MISSING, encode_form, hostile_names

MIB = 1024 * 1024
seen: list = []


class FormSerializer(StrictSerializer):
    file = UploadField(required=False)


class FormView(ApiView):
    """Takes one file, or in PUT up to two with tags; answers what it understood."""

    is_public = True
    uploads = {"post": UploadRules(), "put": UploadRules(max_files=2, lists=("tags",))}

    def post(self, request):
        files = self.request.data.get("file", [])
        files = files if isinstance(files, list) else [files]
        seen[:] = [Path(file.temporary_file_path()) for file in files]
        texts = {name: value for name, value in self.request.data.items() if name != "file"}
        return Response({"files": [[file.name, file.size, file.sha256] for file in files], **texts})

    put = post

    def patch(self, request):
        return Response(self.request.data)


@pytest.fixture(autouse=True)
def _own_disk(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    yield
    assert not any(incoming_directory().glob("*"))


def send(body, content_type="multipart/form-data; boundary=b0undary", method="post", **headers):
    request = getattr(RequestFactory(headers=headers), method)("/x", body, content_type=content_type)
    return FormView.as_view()(request)


@pytest.mark.parametrize("method", ["post", "put"])
@pytest.mark.parametrize("files", [(), (("file", "a.txt", b"x"),)])
def test_a_text_is_no_file(method, files):
    answer = send(*encode_form(*files, file="a text"), method=method)
    assert answer.status_code == 400
    assert answer.data["error"]["details"][0] == {"field": "file", "message": "Takes a file; this is a text."}


def test_a_form_arrives_as_it_was_sent():
    body, content_type = encode_form(("file", "../ü.txt", b"\r\n--b0und\r\n"), title="Ä", tags=["a", "b"])
    answer = send(body, content_type, method="put")
    assert answer.data["title"] == "Ä"
    assert answer.data["tags"] == ["a", "b"]
    assert answer.data["files"][0][:2] == ["../ü.txt", 11]
    assert not seen[0].exists()


NEARLY_BOUNDARIES = [b"\r", b"\n", b"-", b"--b0undar", b"\r\n--b0undar", b"x" * 65_530, b"\0"]


@hypothesis_settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(NEARLY_BOUNDARIES), max_size=9))
def test_no_content_is_taken_for_a_boundary(pieces):
    content = b"".join(pieces)
    answer = send(encode_form(("file", "a", content))[0])
    assert answer.data["files"][0][1] == len(content)


@pytest.mark.skipif(not hostile_names(), reason=MISSING)
@pytest.mark.parametrize("name", hostile_names())
def test_a_name_is_handed_on_as_it_is(name):
    assert send(encode_form(("file", name, b"x"))[0]).data["files"][0][0] == name


def test_older_clients_spell_names_in_their_own_way():
    head = b"--b0undary\r\nContent-Disposition: form-data; name=file; filename*=utf-8''%C3%BC.txt\r\n\r\nx"
    assert send(head + b"\r\n--b0undary--").data["files"][0][0] == "ü.txt"


def test_a_file_field_that_was_left_empty_is_not_there():
    assert send(encode_form(("file", "", b""))[0]).data == {"files": []}


GOOD = encode_form(("file", "a.txt", b"hello"))[0]
DISPOSITION = b'Content-Disposition: form-data; name="file"; filename="a"'
BAD = {
    "cut off": GOOD[:-20],
    "next to nothing": b"x",
    "no last boundary": GOOD[:-4],
    "text before": b"hello" + GOOD,
    "another boundary": GOOD.replace(b"b0undary", b"other"),
    "no headers": b"--b0undary\r\n\r\nx\r\n--b0undary--",
    "no name": b"--b0undary\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b0undary--",
    "an attachment": GOOD.replace(b"form-data", b"attachment"),
    "an open quote": GOOD.replace(b'a.txt"', b"a.txt"),
    "a name twice": GOOD.replace(b"; filename", b'; name="x"; filename'),
    "a header twice": GOOD.replace(b"\r\nContent-Type", b"\r\n" + DISPOSITION + b"\r\nContent-Type"),
    "base64": GOOD.replace(b"Content-Type: x/y", b"Content-Transfer-Encoding: base64"),
    "an unknown header": GOOD.replace(b"Content-Type", b"X-Evil"),
    "not UTF-8 in a header": GOOD.replace(b"a.txt", b"\xff"),
    "not UTF-8 in a text": encode_form(title="x")[0].replace(b"\r\nx\r\n", b"\r\n\xff\r\n"),
    "NUL in a text": encode_form(title="a\0b")[0],
    "a text twice": encode_form(title=["a", "b"])[0],
    "two files": encode_form(("file", "a", b"x"), ("file", "b", b"y"))[0],
    "a file in another field": encode_form(("title", "a", b"x"))[0],
    "an odd field": encode_form(("a b", "a", b"x"))[0],
    "garbage after a boundary": GOOD.replace(b"--b0undary\r\n", b"--b0undary garbage\r\n", 1),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_good_form_is_a_400_and_leaves_nothing(name):
    answer = send(BAD[name])
    assert answer.status_code == 400, answer.data
    assert answer.data["error"]["message"]


TOO_MUCH = {
    "a file": encode_form(("file", "a", b"x" * (20 * MIB + 1)))[0],
    "a text": encode_form(title="x" * (MIB + 1))[0],
    "texts together": encode_form(a="x" * 600_000, b="y" * 600_000)[0],
    "parts": encode_form(**{f"f{number}": "x" for number in range(101)})[0],
    "headers": b"--b0undary\r\nContent-Type: " + b"x" * 20_000 + b"\r\n\r\n\r\n--b0undary--",
    "a body": b"x" * (32 * MIB + 1),
}


@pytest.mark.parametrize("name", TOO_MUCH)
def test_too_much_is_a_413_within_a_second(name):
    started = time.monotonic()
    assert send(TOO_MUCH[name]).status_code == 413
    assert time.monotonic() - started <= 1


@pytest.mark.parametrize("boundary", ["", "x" * 71, "ü", '"a b "', "a;b=c;b=d"])
def test_a_boundary_must_be_one(boundary):
    assert send(GOOD, f"multipart/form-data; boundary={boundary}").status_code == 400


def test_a_compressed_form_is_not_unfolded():
    assert send(GOOD, **{"Content-Encoding": "gzip"}).status_code == 415


def test_an_action_that_takes_no_files_takes_no_form():
    assert send(GOOD, method="patch").status_code == 415


def test_twenty_megabytes_stay_out_of_memory():
    body = encode_form(("file", "a", b"x" * (20 * MIB)))[0]
    send(GOOD)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert send(body).status_code == 200
    # The body itself is the test's.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before <= 8 * 1024


def test_only_an_upload_is_a_file():
    assert not FormSerializer(data={"file": "hello"}).is_valid()
    assert FormSerializer(data={}).is_valid()


def test_one_person_s_uploads_leave_places_for_others(settings):
    settings.WEB_THREADS = 8
    places = [FormPlace("a"), FormPlace("a")]
    with pytest.raises(Throttled, match="2 uploads at once"):
        FormPlace("a")
    places += [FormPlace("b"), FormPlace("c")]
    with pytest.raises(Throttled):
        FormPlace("d")
    assert send(GOOD).status_code == 429
    for place in places:
        place.close()
        place.close()
    assert send(GOOD).status_code == 200
    assert not form_places._taken
