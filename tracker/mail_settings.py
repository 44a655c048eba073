"""The settings of mail that comes in, read strictly. Nothing here repeats a password in an error."""

import re
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from tracker import env

ADDRESS = re.compile(r"[a-z0-9._-]{1,30}@[a-z0-9]([a-z0-9.-]{0,200}[a-z0-9])?")
TARGET = re.compile(r"incident|incident:[a-z][a-z0-9_]{1,29}|issue:[A-Z][A-Z0-9]{1,11}")
SERVER = re.compile(r"[A-Za-z0-9._-]{1,200}")


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Where mail is fetched from: a folder of an IMAP account."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    folder: str
    is_encrypted: bool = True


def read_mailbox(*, is_local: bool) -> Mailbox | None:
    """IMAP_URL as a mailbox: imaps://user:password@host:993/INBOX; the password may be in IMAP_PASSWORD instead.

    Raises:
        ImproperlyConfigured: it is no such address, or has no password, or two.
    """
    text = env.read_url("IMAP_URL", schemes=("imaps", "imap") if is_local else ("imaps",))
    password = env.read_text("IMAP_PASSWORD")
    if not text:
        if password:
            raise ImproperlyConfigured("IMAP_PASSWORD is set without IMAP_URL.")
        return None
    url = urlsplit(text)
    try:
        host, port = url.hostname, url.port
    except ValueError:
        host, port = None, None
    if not host or not url.username or url.query or url.fragment:
        raise ImproperlyConfigured("IMAP_URL must look like imaps://user:password@mail.example.com:993/INBOX.")
    if bool(url.password) == bool(password):
        raise ImproperlyConfigured(
            "Put the password into IMAP_URL (percent-encoded) or into IMAP_PASSWORD, one of them."
        )
    is_encrypted = url.scheme == "imaps"
    return Mailbox(
        host=host,
        port=port or (993 if is_encrypted else 143),
        user=unquote(url.username),
        password=unquote(url.password or "") or password,
        folder=unquote(url.path.strip("/")) or "INBOX",
        is_encrypted=is_encrypted,
    )


def read_matching(name: str, pattern: re.Pattern[str], example: str, default: str = "") -> str:
    """A text of a given shape; empty means the default.

    Raises:
        ImproperlyConfigured: it has another, with an example of one that would do.
    """
    text = env.read_text(name) or default
    if text and not pattern.fullmatch(text):
        raise ImproperlyConfigured(f"{name} must look like {example}; not {text[:60]!r}.")
    return text
