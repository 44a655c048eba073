"""Mail is fetched from a real IMAP server, taken, and only then put away."""

import ssl
from pathlib import Path

import pytest
from django.db import connection
from imap_tools.errors import MailboxFolderCreateError
from imap_tools.folder import MailBoxFolderManager

from incidents.choices import MailOutcome
from incidents.intake.mailbox import MailServerError
from incidents.models import Incident, MailMessage
from incidents.services import mail_poll
from incidents.services.mail_poll import LOCK_KEY, poll_mailbox
from incidents.sweeps import poll_mail
from incidents.testing.imap_server import PASSWORD, TestMailServer
from incidents.testing.mails import make_mail
from tracker import outgoing
from tracker.models import SweepHeartbeat

pytestmark = pytest.mark.django_db
CERTIFICATE = Path(outgoing.__file__).parent / "testing" / "localhost.pem"


@pytest.fixture
def server(settings):
    with TestMailServer() as server:
        settings.IMAP_MAILBOX = server.mailbox
        yield server


def poll(max_seconds=20.0):
    return poll_mailbox(max_seconds=max_seconds)


def test_what_lies_in_the_mailbox_is_taken_and_put_away(server):
    server.put(make_mail(subject="one"), make_mail(auto_submitted="auto-replied"), make_mail(subject="two"), b"no mail")
    assert poll_mail() == 4
    assert list(Incident.objects.order_by("id").values_list("title", flat=True)) == ["one", "two"]
    assert (server.count("INBOX"), server.count("Tracker/Taken"), server.count("Tracker/Refused")) == (0, 2, 2)
    assert poll_mail() == 0
    heartbeat = SweepHeartbeat.objects.get(name="poll_mail")
    assert (heartbeat.rows_total, heartbeat.runs_total, heartbeat.last_error) == (4, 2, "")


def test_without_a_mailbox_nothing_happens(settings):
    settings.IMAP_MAILBOX = None
    assert poll_mail() == 0
    assert SweepHeartbeat.objects.get(name="poll_mail").last_error == ""


def test_a_crash_between_taking_and_putting_away_takes_nothing_twice(server, monkeypatch):
    server.put(make_mail())
    monkeypatch.setattr("incidents.intake.mailbox.OpenMailbox.put_away", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        poll()
    monkeypatch.undo()
    assert (server.count("INBOX"), Incident.objects.count()) == (1, 1)
    assert poll() == 1
    assert (server.count("Tracker/Taken"), Incident.objects.count()) == (1, 1)


def test_what_fails_stays_and_keeps_nobody_waiting(server, monkeypatch):
    take = mail_poll.take_mail

    def fail_once(*, raw, **named):
        if b"poison" in raw:
            raise KeyError("poison")
        return take(raw=raw, **named)

    monkeypatch.setattr(mail_poll, "take_mail", fail_once)
    server.put(make_mail("poison"), make_mail("fine"))
    with pytest.raises(MailServerError, match="see the log"):
        poll_mail()
    assert (server.count("INBOX"), Incident.objects.get().description) == (1, "fine")
    assert "1 messages" in SweepHeartbeat.objects.get(name="poll_mail").last_error
    monkeypatch.setattr(mail_poll, "MAX_MESSAGES", 1)
    server.put(make_mail("later"))
    assert poll() == 1
    assert Incident.objects.order_by("id").last().description == "later"


def test_one_fetches_at_a_time(server):
    server.put(make_mail())
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK_KEY])
        assert poll() == 0
        cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK_KEY])
    other.close()
    assert poll() == 1


def test_a_run_ends_with_its_time_and_its_number(server, monkeypatch):
    server.put(*(make_mail() for _ in range(4)))
    assert poll(max_seconds=0) == 0
    monkeypatch.setattr(mail_poll, "MAX_MESSAGES", 3)
    assert [poll(), poll()] == [3, 1]


def test_of_what_is_too_large_only_the_beginning_is_fetched(server, monkeypatch):
    for module in ("mailbox", "mail_messages"):
        monkeypatch.setattr(f"incidents.intake.{module}.MAX_MAIL_BYTES", 100_000)
    monkeypatch.setattr("incidents.services.mail_intake.MAX_MAIL_BYTES", 100_000)
    server.put(make_mail("x" * 200_000))
    assert poll() == 1
    row = MailMessage.objects.get()
    assert (row.outcome, row.size_bytes > 200_000, server.count("Tracker/Refused")) == (MailOutcome.REFUSED, True, 1)


@pytest.mark.parametrize(
    ("refused", "taken"),
    [(("Tracker/Taken",), "INBOX/Tracker/Taken"), (("Tracker/Taken", "INBOX/Tracker/Taken"), "")],
)
def test_folders_are_made_where_the_server_allows_it(server, monkeypatch, refused, taken):
    create = MailBoxFolderManager.create

    def refuse(manager, folder):
        if folder in refused:
            raise MailboxFolderCreateError(("NO", [b"not here"]), "OK")
        return create(manager, folder)

    monkeypatch.setattr(MailBoxFolderManager, "create", refuse)
    server.put(make_mail())
    assert [poll(), poll()] == [1, 0]
    assert server.count(taken or "INBOX") == 1


def test_a_wrong_password_and_a_server_that_is_away_are_named_without_the_password(server, settings):
    settings.IMAP_MAILBOX = type(server.mailbox)(
        "localhost", server.mailbox.port, "reports", "other-secret", "INBOX", False
    )
    with pytest.raises(MailServerError, match="localhost") as refusal:
        poll()
    assert "other-secret" not in str(refusal.value)
    settings.IMAP_MAILBOX = type(server.mailbox)("localhost", 1, "reports", PASSWORD, "INBOX", False)
    with pytest.raises(MailServerError, match="ConnectionRefusedError"):
        poll()


def test_the_server_s_certificate_is_checked(settings, monkeypatch):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(CERTIFICATE)
    with TestMailServer(tls=context) as server:
        settings.IMAP_MAILBOX = server.mailbox
        with pytest.raises(MailServerError, match="CERTIFICATE_VERIFY_FAILED"):
            poll()
        monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
        assert poll() == 0
