"""Photos that are none: taken as the bytes they are or refused with a clear word, and never without what was typed."""

import pytest

from incidents.models import Attachment, Incident
from incidents.testing.portal import NEW, REPORTS
from tracker.testing.hostile_files import draw_picture, encode_form, hostile_names, hostile_uploads

pytestmark = [pytest.mark.django_db, pytest.mark.attack]


@pytest.mark.skipif(not hostile_uploads(), reason="the sample files are missing; name their folder by TRACKER_DATA")
def test_every_sample_is_taken_or_refused_and_none_is_shown_as_it_is(browser_of_rita):
    for sample in hostile_uploads():
        answer = browser_of_rita.report((sample.name, sample.read_bytes()), description=f"With {sample.name}")
        assert answer.status_code in (201, 400, 413), sample.name
        assert (answer.status_code == 201) == Incident.objects.filter(description__contains=sample.name).exists()
        if answer.status_code != 201:
            assert f"With {sample.name}" in answer.content.decode()
    for file in Attachment.objects.all():
        download = browser_of_rita.get(f"/incidents/{file.incident_id}/files/{file.pk}")
        assert download["Content-Disposition"].startswith("attachment")
        assert download["Content-Type"] not in ("text/html", "image/svg+xml", "application/xml")
        assert len(b"".join(download.streaming_content)) == file.size_bytes


def test_hostile_names_are_made_harmless(browser_of_rita):
    names = [name for name in hostile_names() if name and "\0" not in name][:10] or ["../../x.png"]
    for name in names:
        body, content_type = encode_form(
            ("photos", name, draw_picture()), category="other", description=name or "x", **browser_of_rita.hidden(NEW)
        )
        answer = browser_of_rita.generic("POST", REPORTS, body, content_type=content_type)
        assert answer.status_code in (201, 400), name
    kept = list(Attachment.objects.values_list("name", flat=True))
    assert kept
    assert not any("/" in name or "\\" in name or len(name) > 150 for name in kept)


def test_a_text_is_no_photo(browser_of_rita):
    answer = browser_of_rita.report(photos="x", description="No photo")
    assert answer.status_code == 400
    assert "Takes a file" in answer.content.decode()
    assert "No photo" in answer.content.decode()


def test_too_many_photos_and_too_large_ones_come_back_with_all_that_was_typed(browser_of_rita, monkeypatch):
    many = [(f"{number}.png", draw_picture()) for number in range(11)]
    answer = browser_of_rita.report(*many, description="Eleven photos")
    assert answer.status_code == 400
    assert "Send up to 10" in answer.content.decode()
    assert "Eleven photos" in answer.content.decode()
    large = browser_of_rita.report(("large.png", b"x" * (20 * 1024 * 1024 + 1)), description="A large photo")
    assert large.status_code == 413
    assert "A large photo" in large.content.decode()
    assert "Choose your photos again" in large.content.decode()
    assert not Incident.objects.exists()


def test_a_quota_is_said(browser_of_rita, settings):
    settings.ATTACHMENT_QUOTA_BYTES = 10
    answer = browser_of_rita.report(("a.png", draw_picture()))
    assert answer.status_code == 413
    assert "together may have up to 10 bytes" in answer.content.decode()
    assert not Incident.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        b"--b\r\n",
        b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n' + b"y" * 1_100_000 + b"\r\n--b--\r\n",
        b"--b\r\n" * 300,
    ],
    ids=["cut off", "swollen", "in pieces"],
)
def test_a_form_that_is_broken_is_refused(browser_of_rita, body):
    answer = browser_of_rita.generic("POST", REPORTS, body, content_type="multipart/form-data; boundary=b")
    assert answer.status_code == 403
    squeezed = browser_of_rita.generic(
        "POST", REPORTS, body, content_type="multipart/form-data; boundary=b", headers={"Content-Encoding": "gzip"}
    )
    assert squeezed.status_code == 415
