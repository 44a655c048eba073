"""Letters with reports: once to each recipient, with chart, tables and link, and nothing that they may not see."""

import asyncio
import io
import uuid
from datetime import timedelta

import pytest
from PIL import Image

from incidents.channels import person
from incidents.channels.base import Sent
from incidents.models import Delivery
from incidents.services.letters import write_letter
from incidents.services.sending import deliver_due
from incidents.testing.smtp_stub import SMTPStub
from reports.choices import ReportState
from reports.kinds import KINDS
from reports.kinds.contract import Figure, Heading, Presentation, Row, Table
from reports.models import ReportMailing
from reports.services import report_mailings
from reports.services.report_mailings import post_ready_reports
from reports.testing.factories import make_report
from reports.testing.kinds import make_kind
from tracker import clock
from tracker.charts import Column, Words, draw_columns
from tracker.choices import Role
from tracker.files.keeping import keep_file
from tracker.files.uploads import Upload
from tracker.testing.factories import make_user
from tracker.testing.nasty import SCRIPT

pytestmark = pytest.mark.django_db


def present(result, parameters):
    chart = draw_columns(Words("c", "Open & closed", "Two columns."), [Column("Mon", [2], "Mon: 2")], series=["Open"])
    rows = [Row((SCRIPT if number == 0 else f"=line {number}", 1234.5 if number else None)) for number in range(50)]
    table = Table("lines", "Lines", (Heading("line", "Line"), Heading("time", "Time", "days")), rows)
    return Presentation([Figure("Open", "5")], [chart], [table], ["Until now."])


@pytest.fixture(autouse=True)
def _kind(monkeypatch, settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)
    monkeypatch.setitem(KINDS, "tiny", make_kind(present=present))


@pytest.fixture
def mail_server(settings):
    with SMTPStub() as stub:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = stub.server.host, stub.server.port
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.SITE_URL = "https://tracker.example"
        yield stub


def owe(reader, report=None, file_format="", **fields):
    report = report or make_report(reader, schedule="Every morning", **fields)
    return ReportMailing.objects.create(
        report=report, person=reader, file_format=file_format, created_at=clock.now()
    )  # fmt: skip


def letter_of(mailing):
    return write_letter({"letter": "report", "person": mailing.person_id, "mailing": mailing.pk})


@pytest.mark.django_db(transaction=True)
def test_a_report_comes_once_with_its_chart_inside_its_table_and_a_link(mail_server):
    reader = make_user()
    mailing = owe(reader)
    assert [post_ready_reports() for _ in range(3)] == [1, 0, 0]
    deliver_due()
    deliver_due()
    (message,) = mail_server.messages
    assert (message["To"], message["Subject"]) == (reader.email, "Every morning")
    assert message.get_content_type() == "multipart/related"
    html = message.get_body(("html",)).get_content()
    (picture,) = [part for part in message.walk() if part.get_content_type() == "image/png"]
    assert 'src="cid:picture-1"' in html
    assert picture["Content-ID"] == "<picture-1>"
    assert picture.get_content_disposition() == "inline"
    assert Image.open(io.BytesIO(picture.get_content())).size[0] >= 1_000
    assert 'alt="Two columns."' in html
    assert f"https://tracker.example/admin/reports/report/{mailing.report_id}/change/" in html
    assert "1,234.5" in html
    assert "And 10 more rows." in html
    assert SCRIPT not in html
    assert "http://" not in html.replace("https://", "")
    text = message.get_body(("plain",)).get_content()
    assert "Open: 5" in text
    assert "Line | Time (days)" in text
    assert "Open & closed: Two columns." in text


def test_it_brings_the_file_that_was_asked_for_and_says_so_where_that_is_too_large(mail_server, monkeypatch):
    letter = letter_of(owe(make_user(), file_format="xlsx"))
    assert asyncio.run(person.send(letter, key=uuid.uuid4(), deadline_seconds=10)) == Sent()
    (message,) = mail_server.messages
    assert message.get_content_type() == "multipart/mixed"
    (book,) = [part for part in message.iter_attachments() if part.get_filename().endswith(".xlsx")]
    assert book.get_content()[:2] == b"PK"
    monkeypatch.setattr(report_mailings, "MAX_FILE_BYTES", 10)
    letter = letter_of(owe(make_user(), file_format="csv"))
    assert letter.file is None
    assert letter.notes[-1] == report_mailings.TOO_LARGE


def test_raw_rows_come_as_their_file():
    reader = make_user()
    with Upload.of_chunks("rows.csv", [b"id\n1\n"]) as upload:
        key = keep_file(upload)
    mailing = owe(reader, file_key=key, file_name="rows.csv", file_type="text/csv; charset=utf-8", file_bytes=5)
    assert letter_of(mailing).file.content == b"id\n1\n"


def test_a_report_that_waits_is_not_posted_and_one_that_failed_says_why():
    owe(make_user(), state=ReportState.PENDING)
    assert post_ready_reports() == 0
    letter = letter_of(owe(make_user(), state=ReportState.FAILED, error="It took too long."))
    assert "It took too long." in letter.paragraphs[0]
    assert letter.pictures == ()


def test_nobody_is_written_to_who_may_not_see_it_any_more():
    other = make_user(Role.REPORTER)
    assert letter_of(owe(other, report=make_report(make_user()))) is None
    demoted = make_user(Role.ADMIN)
    mailing = owe(demoted)
    demoted.role = Role.REPORTER
    demoted.save()
    assert letter_of(mailing) is None
    gone = make_user()
    mailing = owe(gone)
    gone.is_active = False
    gone.save()
    assert letter_of(mailing) is None
    cancelled = make_user()
    assert letter_of(owe(cancelled, state=ReportState.CANCELLED)) is None


def test_where_letters_go_nowhere_none_is_kept_waiting(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    mailing = owe(make_user())
    assert post_ready_reports() == 0
    mailing.refresh_from_db()
    assert mailing.posted_at is not None
    assert mailing.posted_at - clock.now() < timedelta(minutes=1)
    assert not Delivery.objects.exists()
