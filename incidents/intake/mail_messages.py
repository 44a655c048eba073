"""A mail as it lies in a mailbox, read: who, about what, in answer to what, what it says and what it brings.

Nothing here knows the database or the settings. Whatever the bytes, the answer is a ParsedMail or one clear reason.
"""

import hashlib
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import getaddresses, parsedate_to_datetime

from incidents.intake.mail_kinds import MailKind, OwnMail, find_kind, find_status, find_vouched_domain
from incidents.intake.mail_parts import (
    DECODING_ERRORS,
    MailFile,
    MailPart,
    Unreadable,
    headers_of,
    parse_message,
    read_body,
)
from incidents.intake.mail_texts import clean_text, cut_history, decode_words, one_line

KNOWN_HEADERS = ("from", "to", "subject", "date", "message-id", "received", "mime-version", "content-type")
MAX_MAIL_BYTES = 25 * 1024 * 1024
MAX_SUBJECT_CHARACTERS = 300
MAX_ID_CHARACTERS = 500
MAX_REFERENCES = 50
MAX_RECIPIENTS = 50
# Where servers write to whom they delivered, which is where an address with a token survives an alias.
RECIPIENT_HEADERS = ("to", "cc", "delivered-to", "x-original-to", "envelope-to", "x-envelope-to")
_MESSAGE_ID = re.compile(r"<([^<>\s]{1,500})>")
_ADDRESS = re.compile(r"[^@\s<>()\[\]\\,;:\"]{1,64}@[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?")
_ID_IN_REPORT = re.compile(r"(?im)^(?:message-id|x-original-message-id|original-envelope-id):\s*<?([^<>\s]{1,500})>?")


@dataclass(frozen=True, slots=True)
class ParsedMail:
    """What a mail says. Addresses are in lower case, ids without their brackets, texts safe to keep.

    `text` is all of it in Markdown, `reply` the same without the history that it quotes. `vouched_domain` is the
    domain that the operator's own mail server vouches for, and only where the sender's address is of it.
    """

    digest: str
    message_id: str
    sender: str
    sender_name: str
    recipients: tuple[str, ...]
    subject: str
    text: str = field(repr=False)
    reply: str = field(repr=False)
    in_reply_to: str
    references: tuple[str, ...]
    files: tuple[MailFile, ...]
    left_out: tuple[str, ...]
    sent_at: datetime | None
    kind: MailKind
    kind_reason: str
    is_sender_vouched: bool
    bounced_ids: tuple[str, ...]
    bounce_status: str
    size_bytes: int


def read_mail(raw: bytes, *, own: OwnMail = OwnMail(), authserv_id: str = "") -> ParsedMail:  # noqa: B008
    """The mail of these bytes.

    Raises:
        Unreadable: empty, too large, without any header, or too many or too deep parts.
    """
    if not raw.strip():
        raise Unreadable("it is empty")
    if len(raw) > MAX_MAIL_BYTES:
        raise Unreadable(f"it is larger than {MAX_MAIL_BYTES // 1024**2} MiB")
    message = parse_message(raw)
    if not any(headers_of(message, name) for name in KNOWN_HEADERS):
        raise Unreadable("it has none of the headers of a mail")
    sender, name, is_one = _sender(message)
    kind, why = find_kind(message, sender=sender, own=own)
    body = read_body(message)
    text = "\n\n".join(body.texts)
    vouched = find_vouched_domain(message, authserv_id=authserv_id)
    return ParsedMail(
        digest=_digest(message, raw, sender),
        message_id=_first_id(message, "message-id"),
        sender=sender,
        sender_name=name,
        recipients=_recipients(message),
        subject=_subject(message),
        text=text,
        reply=cut_history(text) if text else "",
        in_reply_to=_first_id(message, "in-reply-to"),
        references=tuple(_ids(message, "references")[-MAX_REFERENCES:]),
        files=tuple(body.files),
        left_out=tuple(body.left_out),
        sent_at=_date(message),
        kind=kind,
        kind_reason=why,
        is_sender_vouched=is_one and bool(vouched) and sender.rpartition("@")[2] == vouched,
        bounced_ids=_bounced_ids(body.reports) if kind == MailKind.BOUNCE else (),
        bounce_status=find_status(body.reports),
        size_bytes=len(raw),
    )


def digest_of_bytes(raw: bytes) -> str:
    """What an unreadable mail is known by."""
    return hashlib.sha256(b"raw\0" + raw).hexdigest()


def _digest(message: MailPart, raw: bytes, sender: str) -> str:
    """What a mail is known by when it comes again: all that servers on the way do not change. Its id alone would not
    do, because some programs give the same to every mail."""
    names = ("message-id",) if _first_id(message, "message-id") else ("date", "subject")
    facts = "\0".join([sender, *(value for name in names for value in headers_of(message, name))])
    body = re.split(rb"\r?\n\r?\n", raw, maxsplit=1)[-1].replace(b"\r\n", b"\n").rstrip()
    return hashlib.sha256(f"mail\0{facts}\0".encode("utf-8", "replace") + body).hexdigest()


def _sender(message: MailPart) -> tuple[str, str, bool]:
    """Address, name, and whether there is no doubt whom it means: one From with one address in it."""
    lines = headers_of(message, "from")
    found = _addresses(lines[:1])
    name, address = found[0] if found else ("", "")
    is_one = len(lines) == 1 and len(found) == 1 and lines[0].count("@") == 1
    return address, name, is_one


def _recipients(message: MailPart) -> tuple[str, ...]:
    lines = [line for name in RECIPIENT_HEADERS for line in headers_of(message, name)[:5]]
    return tuple(dict.fromkeys(address for _, address in _addresses(lines) if address))[:MAX_RECIPIENTS]


def _addresses(lines: list[str]) -> list[tuple[str, str]]:
    """(name, address) of each; the address is empty where it is none that could be answered to."""
    try:
        found = getaddresses([line.replace("\0", "") for line in lines])
    except (*DECODING_ERRORS, RecursionError):
        return []
    cleaned = ((decode_words(name)[:200], address.strip().lower()[:254]) for name, address in found)
    return [(name, address if _is_address(address) else "") for name, address in cleaned if name or address]


def _is_address(text: str) -> bool:
    return text.isprintable() and _ADDRESS.fullmatch(text) is not None


def _subject(message: MailPart) -> str:
    lines = headers_of(message, "subject")
    return one_line(clean_text(decode_words(lines[0])))[:MAX_SUBJECT_CHARACTERS] if lines else ""


def _ids(message: MailPart, name: str) -> list[str]:
    return [found for line in headers_of(message, name)[:5] for found in _MESSAGE_ID.findall(_keepable(line))]


def _first_id(message: MailPart, name: str) -> str:
    found = _ids(message, name)
    if found or name != "message-id":
        return found[0] if found else ""
    # Some programs forget the brackets.
    lines = headers_of(message, name)
    return "".join(_keepable(lines[0]).split())[:MAX_ID_CHARACTERS] if lines else ""


def _keepable(line: str) -> str:
    return "".join(letter for letter in line if letter.isprintable())


def _date(message: MailPart) -> datetime | None:
    lines = headers_of(message, "date")
    try:
        moment = parsedate_to_datetime(lines[0]) if lines else None
        if moment is not None and moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return moment.astimezone(UTC) if moment is not None else None
    except (*DECODING_ERRORS, OverflowError):
        return None


def _bounced_ids(reports: list[str]) -> tuple[str, ...]:
    """The ids of the letters that a bounce brings back."""
    found = (match for report in reports for match in _ID_IN_REPORT.findall(report))
    return tuple(dict.fromkeys(found))[:MAX_REFERENCES]
