"""The parts of a mail, taken apart under limits: the standard parser, kept from nesting and from long headers."""

import mimetypes
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.feedparser import BytesFeedParser
from email.message import Message
from email.policy import compat32
from typing import cast

from incidents.intake.mail_texts import clean_text, decode_text, decode_words, html_to_markdown
from tracker.files.names import clean_file_name

MAX_DEPTH = 20
MAX_PARTS = 200
MAX_LINES = 500_000
MAX_HEADERS = 500
MAX_HEADER_CHARACTERS = 4_096
# Parameters are read anew for each question about a part, in time that grows by the square.
MAX_CONTENT_HEADER_CHARACTERS = 1_500
MAX_FILES = 20
# What descriptions and comments of every kind can hold. The rest of a longer text is in a file beside it.
MAX_TEXT_CHARACTERS = 60_000
# No text is longer than that in characters where it is longer than this in bytes.
MAX_TEXT_BYTES = 1024 * 1024
# Pages cost more than anything else: a second or two at the worst for as much as this.
MAX_PAGE_BYTES = 512 * 1024
CUT = "\n\n[…]"
SIGNATURES = frozenset({"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"})
# The parser opens what is called a message; here it stays a file under another name.
MESSAGE, ENCLOSED = "message/", "enclosed/"
REPORTS = frozenset({"enclosed/delivery-status", "enclosed/rfc822", "enclosed/global", "text/rfc822-headers"})
# What the standard library's decoders raise over broken parts.
DECODING_ERRORS = (ValueError, LookupError, TypeError, AttributeError, AssertionError)


class Unreadable(Exception):
    """No mail that can be read, or too much of one; says why."""


class MailPart(Message):
    """A part whose headers are few and short, and which is never opened where it is a whole message itself."""

    def set_raw(self, name: str, value: str) -> None:
        """Keeps a header as it came, as much of it as anybody needs."""
        headers: list[tuple[str, str]] = self._headers  # type: ignore[attr-defined]
        is_about_content = name[:8].lower() == "content-"
        if len(headers) < MAX_HEADERS:
            longest = MAX_CONTENT_HEADER_CHARACTERS if is_about_content else MAX_HEADER_CHARACTERS
            headers.append((name[:100], value[:longest]))

    def get_content_type(self) -> str:
        """The type, in lower case; of an enclosed message `enclosed/…`."""
        kind = super().get_content_type()
        return kind.replace(MESSAGE, ENCLOSED, 1) if kind.startswith(MESSAGE) else kind


class _LimitedParser(BytesFeedParser):
    _count = 0

    def _new_message(self) -> None:
        self._count += 1
        if self._count > MAX_PARTS:
            raise Unreadable(f"it has more than {MAX_PARTS} parts")
        if len(self._msgstack) >= MAX_DEPTH:  # type: ignore[attr-defined]
            raise Unreadable(f"its parts nest deeper than {MAX_DEPTH}")
        super()._new_message()  # type: ignore[misc]


@dataclass(frozen=True, slots=True)
class MailFile:
    """A file that came along; `name` is harmless already."""

    name: str
    content: bytes = field(repr=False)


@dataclass(slots=True)
class MailBody:
    """What was found in the parts: texts in their order, files, names of those left out, and what a bounce reports."""

    texts: list[str] = field(default_factory=list)
    files: list[MailFile] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    reports: list[str] = field(default_factory=list)
    page_bytes: int = 0

    def takes_page(self, content: bytes) -> bool:
        """Whether one more page is turned into text; the first always is."""
        is_first, self.page_bytes = not self.page_bytes, self.page_bytes + len(content)
        return is_first or self.page_bytes <= MAX_PAGE_BYTES


def parse_message(raw: bytes) -> MailPart:
    """The message with its parts.

    Raises:
        Unreadable: too many lines or parts, or nested too deep.
    """
    if raw.count(b"\n") + raw.count(b"\r") - raw.count(b"\r\n") > MAX_LINES:
        raise Unreadable(f"it has more than {MAX_LINES:,} lines")
    parser = _LimitedParser(MailPart, policy=compat32)
    parser.feed(raw)
    return cast("MailPart", parser.close())


def read_body(message: MailPart) -> MailBody:
    """Text and files of a message."""
    body = MailBody()
    _read(message, body, is_text_wanted=True)
    return body


def headers_of(message: MailPart, name: str) -> list[str]:
    """The values of a header as they came, folds opened and bytes beyond ASCII read, from the top."""
    # Not by `get_all`, which makes question marks of the bytes that some senders put in unencoded.
    return [_open_header(value) for key, value in message.raw_items() if key.lower() == name]


def _read(part: MailPart, body: MailBody, *, is_text_wanted: bool) -> None:
    kind = part.get_content_type()
    if part.is_multipart():
        children = list(_children(part))
        chosen = _best(children) if kind == "multipart/alternative" else None
        for child in children:
            _read(child, body, is_text_wanted=is_text_wanted and (chosen is None or child is chosen))
        return
    name, is_attached = _file_name(part), _disposition(part) == "attachment"
    content = _content(part)
    if kind in REPORTS:
        body.reports.append(decode_text(content[:65_536], "utf-8"))
    if kind in SIGNATURES or not content.strip():
        return
    is_text = kind in ("text/plain", "text/html") or kind.startswith("multipart/")
    if is_text and not (is_attached or name):
        if not is_text_wanted:
            return
        if kind != "text/html" or body.takes_page(content):
            _add_text(body, _text(part, kind, content[:MAX_TEXT_BYTES]), kind, content)
            return
    _add_file(body, clean_file_name(name or _default_name(kind, len(body.files) + 1)), content)


def _children(part: MailPart) -> Iterator[MailPart]:
    payload = part.get_payload()
    return (child for child in payload if isinstance(child, MailPart)) if isinstance(payload, list) else iter(())


def _best(children: list[MailPart]) -> MailPart | None:
    """Plain text where there is some, else the last, which is the one that its sender likes best."""
    plain = (child for child in children if child.get_content_type() == "text/plain" and _content(child).strip())
    return next(plain, children[-1] if children else None)


def _add_text(body: MailBody, text: str, kind: str, content: bytes) -> None:
    room = MAX_TEXT_CHARACTERS - sum(len(text) for text in body.texts)
    if len(text) > room or len(content) > MAX_TEXT_BYTES:
        _add_file(body, _default_name(kind, len(body.files) + 1), content)
        text = text[: max(0, room - len(CUT))] + CUT if room > len(CUT) else ""
    if text.strip():
        body.texts.append(text)


def _add_file(body: MailBody, name: str, content: bytes) -> None:
    if len(body.files) < MAX_FILES:
        body.files.append(MailFile(name, content))
    elif len(body.left_out) < MAX_PARTS:
        body.left_out.append(f"{name}: a mail brings up to {MAX_FILES} files")


def _text(part: MailPart, kind: str, content: bytes) -> str:
    try:
        charset = str(part.get_content_charset() or "")
    except DECODING_ERRORS:
        charset = ""
    text = decode_text(content, charset)
    return html_to_markdown(text) if kind == "text/html" else clean_text(text)


def _content(part: MailPart) -> bytes:
    """The bytes of a part; as they came where they are encoded in no way that can be undone."""
    try:
        content = part.get_payload(decode=True)
    except DECODING_ERRORS:
        content = None
    if isinstance(content, bytes):
        return content
    payload = part.get_payload()
    return payload.encode("utf-8", "surrogateescape") if isinstance(payload, str) else b""


def _file_name(part: MailPart) -> str:
    try:
        return decode_words(_open_header(part.get_filename("") or ""))
    except DECODING_ERRORS:
        return "file"


def _disposition(part: MailPart) -> str:
    try:
        return part.get_content_disposition() or ""
    except DECODING_ERRORS:
        return ""


def _default_name(kind: str, number: int) -> str:
    if kind.startswith(ENCLOSED):
        return f"message-{number}.eml"
    return f"file-{number}{mimetypes.guess_extension(kind, strict=True) or '.bin'}"


def _open_header(value: object) -> str:
    raw = str(value).encode("utf-8", "surrogateescape")
    return decode_text(raw, "utf-8").replace("\r", "").replace("\n", "").strip()
