"""A letter leaves by SMTP, is answered in a mail program, and comes back by IMAP as its reader's comment."""

from email.message import EmailMessage

import pytest

from incidents.models import Comment
from incidents.services.comments import comment_on_incident
from incidents.services.mailings import write_letters
from incidents.services.sending import deliver_due
from incidents.sweeps import poll_mail
from incidents.testing.imap_server import TestMailServer
from incidents.testing.incident_factories import category_of, make_incident
from incidents.testing.smtp_stub import SMTPStub
from tracker import clock
from tracker.access import Actor
from tracker.choices import Role
from tracker.models import Notification
from tracker.testing.factories import make_user

pytestmark = pytest.mark.django_db(transaction=True)


def answer_in_a_mail_program(letter: EmailMessage, words: str, sender: str) -> bytes:
    """What a mail program makes of "reply": reply address, subject, threading headers, and the letter quoted below."""
    text = letter.get_body(("plain",)).get_content()
    quoted = "\n".join(f"> {line}" for line in text.splitlines())
    reply = EmailMessage()
    reply["From"], reply["To"] = sender, letter["Reply-To"]
    reply["Subject"] = f"Re: {letter['Subject']}"
    reply["In-Reply-To"] = letter["Message-ID"]
    reply["References"] = f"{letter['References']} {letter['Message-ID']}"
    reply["Message-ID"] = "<reply@example.com>"
    reply.set_content(f"{words}\n\nOn Sat, 21 Nov 2026 at 10:00, Tracker <tracker@tracker.example> wrote:\n{quoted}\n")
    reply.add_attachment(b"see", maintype="text", subtype="plain", filename="gate.txt")
    return reply.as_bytes()


def test_an_answer_to_a_letter_comes_back_as_a_comment(settings):
    category_of("other")
    anna, ben = make_user(Role.REPORTER, email="anna@example.com"), make_user(Role.MAINTAINER)
    incident = make_incident(actor=Actor.of_user(anna), title="Gate open")
    comment_on_incident(actor=Actor.of_user(ben), incident=incident, body="Is it *still* open?")
    Notification.objects.filter(mail_at__isnull=False).update(mail_at=clock.now())
    with SMTPStub() as outgoing, TestMailServer() as incoming:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = outgoing.server.host, outgoing.server.port
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.IMAP_MAILBOX = incoming.mailbox
        write_letters()
        deliver_due()
        (letter,) = outgoing.messages
        assert (letter["To"], letter["Subject"].startswith(f"[{incident.key}] ")) == (anna.email, True)
        incoming.put(answer_in_a_mail_program(letter, "No, it is shut.", "Anna <anna@example.com>"))
        assert poll_mail() == 1
        # Our own letter comes round, as from a mailbox that forwards everything.
        incoming.put(letter.as_bytes())
        assert poll_mail() == 1
        assert (incoming.count("Tracker/Taken"), incoming.count("Tracker/Refused")) == (1, 1)
    reply = Comment.objects.filter(incident=incident).latest("id")
    assert (reply.author, reply.body, reply.is_internal) == (anna, "No, it is shut.", False)
    assert reply.attachments.get().name == "gate.txt"
    assert Comment.objects.count() == 2
