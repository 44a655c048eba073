"""What a file is: known where its content and its extension agree, and otherwise just bytes.

Nothing is refused for its kind: whoever must send a page, a script or a drawing would send it in an archive instead.
Files are only ever handed out as downloads, never unpacked and never rendered, so that being wrong costs nothing.
"""

import codecs
import re
from collections.abc import Callable
from dataclasses import dataclass

import puremagic

from tracker.files.names import extension_of
from tracker.files.uploads import Upload

UNKNOWN = "application/octet-stream"
HEAD_BYTES = 64 * 1024
_TEXT_CONTROLS = frozenset(range(32)) - frozenset(b"\t\n\r\f\x1b")
# Markup that a careless reader would run; such text is not taken for a note.
_MARKUP = re.compile(rb"<(!doctype|\?|html|head|body|svg|script|iframe|math|xml)|^\s*<[a-z!?]", re.IGNORECASE)
_MAIL = re.compile(rb"\A(?:[!-9;-~]+:[^\n]*\n(?:[ \t][^\n]*\n)*)+\r?\n")
_MAIL_MARKS = re.compile(rb"^(from|received|return-path|message-id|date):", re.IGNORECASE | re.MULTILINE)
_OPEN_DOCUMENT = b"mimetypeapplication/vnd.oasis.opendocument."
_HINT_BYTES = 4096
_CONTINUATION = bytes(range(0x80, 0xC0))


@dataclass(frozen=True, slots=True)
class FileType:
    """One kind of file that is known: its extensions, and what its content looks like."""

    content_type: str
    extensions: frozenset[str]
    is_it: Callable[[Upload, bytes], bool]
    is_image: bool = False


def detect_type(upload: Upload, name: str) -> FileType | None:
    """The known type that the content has and the extension of the (cleaned) name claims; None for everything else."""
    extension, head = extension_of(name), upload.read_head(HEAD_BYTES)
    for known in TYPES:
        if extension in known.extensions and known.is_it(upload, head):
            return known
    return None


def _starts(*marks: bytes) -> Callable[[Upload, bytes], bool]:
    return lambda upload, head: head.startswith(marks)


def _is_webp(upload: Upload, head: bytes) -> bool:
    return head.startswith(b"RIFF") and head[8:12] == b"WEBP"


def _is_mp4(upload: Upload, head: bytes) -> bool:
    return head[4:8] == b"ftyp" and head[8:12].isascii()


def _office(folder: bytes) -> Callable[[Upload, bytes], bool]:
    """An archive that lists its content types and has the folder; seen in its first and last bytes, never unpacked."""

    def is_it(upload: Upload, head: bytes) -> bool:
        listing = head + upload.read_tail(HEAD_BYTES)
        return head.startswith(b"PK\x03\x04") and b"[Content_Types].xml" in listing and folder in listing

    return is_it


def _open_document(kind: bytes) -> Callable[[Upload, bytes], bool]:
    return lambda upload, head: head.startswith(b"PK\x03\x04") and head[30:].startswith(_OPEN_DOCUMENT + kind)


def _is_text(upload: Upload, head: bytes) -> bool:
    """UTF-8 without control characters, markup or the signature of something else that only looks like text."""
    tail = upload.read_tail(HEAD_BYTES)
    if _TEXT_CONTROLS & set(head + tail) or _MARKUP.search(head):
        return False
    try:
        # The cuts may go through a character.
        codecs.getincrementaldecoder("utf-8")().decode(head)
        (tail.lstrip(_CONTINUATION) if upload.size > len(tail) else tail).decode("utf-8")
    except UnicodeDecodeError:
        return False
    return not _has_signature(head)


def _has_signature(head: bytes) -> bool:
    try:
        matches = puremagic.magic_string(head[:_HINT_BYTES])
    except (LookupError, ValueError):
        return False
    return any(match.confidence >= 0.5 and not _is_texts_own(match.mime_type) for match in matches)


def _is_texts_own(content_type: str) -> bool:
    return content_type.startswith("text/") or content_type in ("", "application/json", "message/rfc822")


def _is_mail(upload: Upload, head: bytes) -> bool:
    header = _MAIL.match(head.replace(b"\r\n", b"\n"))
    return header is not None and len(_MAIL_MARKS.findall(header.group())) >= 2


def _known(
    content_type: str, extensions: str, is_it: Callable[[Upload, bytes], bool], *, is_image: bool = False
) -> FileType:
    return FileType(content_type, frozenset(extensions.split()), is_it, is_image)


# People send pictures under each other's extensions all the time; the content says which one it is.
_PICTURES = "png jpg jpeg gif webp"
_OOXML = "application/vnd.openxmlformats-officedocument."
TYPES = (
    _known("image/png", _PICTURES, _starts(b"\x89PNG\r\n\x1a\n"), is_image=True),
    _known("image/jpeg", _PICTURES, _starts(b"\xff\xd8\xff"), is_image=True),
    _known("image/gif", _PICTURES, _starts(b"GIF87a", b"GIF89a"), is_image=True),
    _known("image/webp", _PICTURES, _is_webp, is_image=True),
    _known("application/pdf", "pdf", _starts(b"%PDF-1.", b"%PDF-2.")),
    _known(f"{_OOXML}wordprocessingml.document", "docx", _office(b"word/")),
    _known(f"{_OOXML}spreadsheetml.sheet", "xlsx", _office(b"xl/")),
    _known(f"{_OOXML}presentationml.presentation", "pptx", _office(b"ppt/")),
    _known("application/vnd.oasis.opendocument.text", "odt", _open_document(b"text")),
    _known("application/vnd.oasis.opendocument.spreadsheet", "ods", _open_document(b"spreadsheet")),
    _known("application/zip", "zip", _starts(b"PK\x03\x04", b"PK\x05\x06")),
    _known("video/mp4", "mp4", _is_mp4),
    _known("message/rfc822", "eml", _is_mail),
    _known("application/json", "json", _is_text),
    _known("text/csv", "csv", _is_text),
    _known("text/markdown", "md markdown", _is_text),
    _known("text/plain", "txt log", _is_text),
)
KNOWN_EXTENSIONS = sorted({extension for known in TYPES for extension in known.extensions})
