"""Mail for tests, as a mail program writes it."""

from email.message import EmailMessage
from itertools import count

_numbers = count(1)


def make_mail(
    body: str = "The gate is open.",
    *,
    sender: str = "Anna <anna@example.com>",
    to: str = "reports@tracker.example",
    subject: str = "Gate",
    files: tuple[tuple[str, bytes], ...] = (),
    html: str = "",
    **headers: str,
) -> bytes:
    """The bytes of a message under an id of its own; `in_reply_to="<1@x>"` sets the header In-Reply-To."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, to, subject
    message["Message-ID"] = headers.pop("message_id", f"<{next(_numbers)}.mail@example.com>")
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(body)
    if html:
        message.add_alternative(html, subtype="html")
    for name, content in files:
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()
