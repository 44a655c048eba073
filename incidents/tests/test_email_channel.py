"""Mail over a real SMTP connection."""

import asyncio
import time
import uuid
from ipaddress import ip_network

import pytest

from incidents import channels
from incidents.channels.base import ChannelConfig, Dead, Digest, Retry, Sent
from incidents.testing.notices import BREACH, make_notice, make_service_notice
from incidents.testing.smtp_stub import SMTPStub
from tracker.outgoing import open_client

KEY = uuid.UUID(int=11)


@pytest.fixture
def mail_server(settings):
    with SMTPStub() as stub:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = stub.server.host, stub.server.port
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.DEFAULT_FROM_EMAIL = "Tracker <tracker@tracker.example>"
        yield stub


def deliver(message=BREACH, deadline_seconds: float = 2.0, to: str = "ops@example.com, noc@example.com"):
    async def run():
        async with open_client((ip_network("127.0.0.0/8"),)) as client:
            channel = ChannelConfig(1, "mail", "email", to)
            return await channels.send(channel, message, key=KEY, deadline_seconds=deadline_seconds, client=client)

    return asyncio.run(run())


def parts(message) -> tuple[str, str]:
    return message.get_body(("plain",)).get_content(), message.get_body(("html",)).get_content()


def test_the_letter_tells_every_fact_in_text_and_html(mail_server):
    assert deliver() == Sent()
    (letter,) = mail_server.messages
    assert letter["Message-ID"] == f"<{KEY}@tracker.example>"
    assert letter["To"] == "ops@example.com, noc@example.com"
    for part in parts(letter):
        for fact in ("INC-1", "Mail is down", "high", "gold", "resolution", "breach", "180 min", "2026-03-01 12:30:00"):
            assert fact in part
        assert "https://tracker.example/tickets/INC-1" in part


def test_every_attempt_carries_the_same_message_id(mail_server):
    deliver()
    deliver()
    assert len({letter["Message-ID"] for letter in mail_server.messages}) == 1


def test_nothing_typed_by_a_stranger_adds_a_header_or_markup(mail_server):
    hostile = "x\r\nBcc: evil@example.com\n\n<script>alert(1)</script>"
    assert deliver(make_notice(ticket_id=hostile, title=hostile)) == Sent()
    (letter,) = mail_server.messages
    assert letter["Bcc"] is None
    assert "<script>" not in parts(letter)[1]


def test_a_digest_and_a_test_message_arrive(mail_server):
    items = tuple(make_notice(ticket_id=f"INC-{n}") for n in range(30))
    assert deliver(Digest(items, "https://tracker.example/")) == Sent()
    assert deliver(make_service_notice("Hello there.")) == Sent()
    digest, test = mail_server.messages
    assert all(f"INC-{n}" in parts(digest)[0] for n in range(30))
    assert "Hello there." in parts(test)[0]


@pytest.mark.parametrize(
    ("behaviour", "outcome"),
    [
        ("421", Retry("SMTP 421: refused", status=421)),
        ("550", Dead("SMTP 550: refused", breaks_channel=True, status=550)),
        ("hang", Retry("no answer within 0.4 seconds")),
        ("drip", Retry("no answer within 0.4 seconds")),
        ("hang_after_data", Retry("no answer within 0.4 seconds")),
    ],
)
def test_each_reply_is_judged_within_the_deadline(mail_server, behaviour, outcome):
    mail_server.behaviour = behaviour
    started = time.monotonic()
    assert deliver(deadline_seconds=0.4) == outcome
    assert time.monotonic() - started < 1.5


def test_a_server_that_is_not_there_is_tried_again_later(mail_server, settings):
    settings.EMAIL_PORT = 1
    assert deliver() == Retry("could not reach the mail server: ConnectionRefusedError")


def test_a_reason_does_not_repeat_the_addresses(mail_server):
    mail_server.behaviour = "550"
    mail_server.reply = "no such user ops@example.com"
    outcome = deliver(to="ops@example.com")
    assert isinstance(outcome, Dead)
    assert "ops@example.com" not in outcome.reason
