"""E-mail over EMAIL_URL: text and HTML, one Message-ID per delivery however often it is tried."""

import asyncio
import smtplib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from email.utils import parseaddr
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend
from django.template.loader import render_to_string

from incidents.channels.base import AlertNotice, ChannelConfig, Dead, Digest, Message, Outcome, Retry, Sent
from incidents.channels.smtp import InterruptibleBackend
from tracker.outgoing import OutgoingClient

MAX_SUBJECT_CHARACTERS = 200
# smtplib blocks, so it runs in threads, of which a hanging server can take no more than these.
MAIL_THREADS = ThreadPoolExecutor(max_workers=8, thread_name_prefix="mail")


async def send(
    channel: ChannelConfig, message: Message, *, key: UUID, deadline_seconds: float, client: OutgoingClient
) -> Outcome:
    """One attempt. A message is sent when the server took it for at least one of the recipients."""
    letter = compose(message, key=key, recipients=split_recipients(channel.url))
    return await send_letter(letter, deadline_seconds=deadline_seconds)


async def send_letter(letter: EmailMultiAlternatives, *, deadline_seconds: float) -> Outcome:
    """One attempt with a letter that is written. Raises nothing."""
    connection = _connect(deadline_seconds)
    try:
        async with asyncio.timeout(deadline_seconds):
            await asyncio.get_running_loop().run_in_executor(MAIL_THREADS, connection.send_messages, [letter])
    except TimeoutError:
        if isinstance(connection, InterruptibleBackend):
            connection.interrupt()
            if connection.was_accepted:
                return Sent()
        return Retry(f"no answer within {deadline_seconds:g} seconds")
    except (OSError, smtplib.SMTPException, ValueError) as error:
        return judge_error(error, secrets=list(letter.to))
    return Sent()


def split_recipients(addresses: str) -> list[str]:
    """The addresses of a comma separated list."""
    return [address.strip() for address in addresses.split(",") if address.strip()]


def compose(message: Message, *, key: UUID, recipients: list[str]) -> EmailMultiAlternatives:
    """The letter, with text, HTML and a Message-ID that names the delivery."""
    return build_letter(message.headline, "notice", _context(message), key=key, recipients=recipients)


def build_letter(
    subject: str, template: str, context: Mapping[str, Any], *, key: UUID, recipients: list[str]
) -> EmailMultiAlternatives:
    """A letter from the two templates of one name."""
    letter = EmailMultiAlternatives(
        subject=_one_line(subject),
        body=render_to_string(f"mail/{template}.txt", context),
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=recipients,
        headers={
            "Message-ID": f"<{key}@{_mail_domain()}>",
            "Auto-Submitted": "auto-generated",
            "X-Tracker-Delivery": str(key),
        },
    )
    letter.attach_alternative(render_to_string(f"mail/{template}.html", context), "text/html")
    return letter


def judge_error(error: Exception, *, secrets: list[str]) -> Outcome:
    """Only what the server says of this sender, these recipients or this text for ever is final. A login that fails or
    a host that does not answer is the operator's to mend, and the mail waits for that."""
    match error:
        case smtplib.SMTPRecipientsRefused():
            replies = [(int(code), bytes(text)) for code, text in error.recipients.values()]
            code, text = next((reply for reply in replies if reply[0] < 500), replies[0])
        case smtplib.SMTPSenderRefused() | smtplib.SMTPDataError():
            code, text = error.smtp_code, error.smtp_error if isinstance(error.smtp_error, bytes) else b""
        case smtplib.SMTPResponseException():
            return Retry(f"SMTP {error.smtp_code} while connecting")
        case smtplib.SMTPNotSupportedError() | ValueError():
            return Dead("the mail server cannot take such a message", breaks_channel=False)
        case smtplib.SMTPException():
            return Retry("the mail server closed the connection")
        case _:
            return Retry(f"could not reach the mail server: {error.__class__.__name__}")
    reason = f"SMTP {code}: {_one_line(text.decode('utf-8', 'replace'))[:120]}"
    for secret in secrets:
        reason = reason.replace(secret, "…")
    return Dead(reason, breaks_channel=True, status=code) if code >= 500 else Retry(reason, status=code)


def _connect(deadline_seconds: float) -> BaseEmailBackend:
    connection: BaseEmailBackend = mail.get_connection()
    if isinstance(connection, EmailBackend):
        return InterruptibleBackend(timeout=deadline_seconds)
    return connection


def _context(message: Message) -> Mapping[str, Any]:
    items = message.items if isinstance(message, Digest) else (message,) if isinstance(message, AlertNotice) else ()
    return {"message": message, "items": items}


def _mail_domain() -> str:
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"


def _one_line(text: str) -> str:
    """No line break and no control character survives, so that nothing typed can add a header."""
    return "".join(c if c.isprintable() else " " for c in " ".join(text.split()))[:MAX_SUBJECT_CHARACTERS]
