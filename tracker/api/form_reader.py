"""Reads a form with files piece by piece, and believes nothing that it says."""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from tracker.exceptions import InvalidInput, TooLarge
from tracker.files.uploads import MAX_FILE_BYTES, Upload

CHUNK_BYTES = 64 * 1024
MAX_PARTS = 100
MAX_HEADER_BYTES = 16 * 1024
MAX_TEXT_BYTES = 1024 * 1024
# A client that drips holds a thread for so long and no longer.
MAX_SECONDS = 300
_BOUNDARY = re.compile(r"""[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]""")
_PARAMETER = re.compile(r""";[ \t]*([\w*-]+)[ \t]*=[ \t]*("(?:[^"\\]|\\.)*"|[^\s;"]+)[ \t]*""", re.DOTALL)
_FIELD = re.compile(r"[A-Za-z_][\w-]{0,63}", re.ASCII)
# How browsers write these three in a quoted name.
_BROWSER_ESCAPES = {"%22": '"', "%0D": "\r", "%0A": "\n"}


@dataclass(frozen=True, slots=True)
class UploadRules:
    """What a form may bring: `files` names the file fields, `lists` the texts that may come several times."""

    files: tuple[str, ...] = ("file",)
    max_files: int = 1
    lists: tuple[str, ...] = ()
    max_file_bytes: int = MAX_FILE_BYTES


class FormSource:
    """The body, from one mark to the next."""

    def __init__(self, stream: Any, announced: int) -> None:
        self._stream, self._announced = stream, announced
        self._read, self._ends_at = 0, time.monotonic() + MAX_SECONDS
        # The first delimiter has no line before it.
        self._buffer = b"\r\n"

    def pieces_until(self, mark: bytes) -> Iterator[bytes]:
        """Everything before `mark`, as it comes in; the mark is taken too."""
        while (found := self._buffer.find(mark)) < 0:
            # The end may be the beginning of the mark.
            sure = len(self._buffer) - len(mark) + 1
            if sure > 0:
                yield self._buffer[:sure]
                self._buffer = self._buffer[sure:]
            self._fill()
        if found:
            yield self._buffer[:found]
        self._buffer = self._buffer[found + len(mark) :]

    def take_until(self, mark: bytes, *, limit_bytes: int, what: str) -> bytes:
        """Everything before `mark` at once."""
        content = bytearray()
        for piece in self.pieces_until(mark):
            content += piece
            if len(content) > limit_bytes:
                raise TooLarge(f"{what} may have up to {limit_bytes} bytes.")
        return bytes(content)

    def take(self, count: int) -> bytes:
        """Exactly so many bytes."""
        while len(self._buffer) < count:
            self._fill()
        content, self._buffer = self._buffer[:count], self._buffer[count:]
        return content

    def _fill(self) -> None:
        if time.monotonic() > self._ends_at:
            raise InvalidInput(f"The form did not come in within {MAX_SECONDS} seconds.")
        try:
            chunk = self._stream.read(CHUNK_BYTES)
        except OSError:
            chunk = b""
        self._read += len(chunk)
        if not chunk:
            raise InvalidInput("The form ends before its last boundary; it was cut off.")
        if self._read > self._announced:
            raise TooLarge("The body is longer than Content-Length says.")
        self._buffer += chunk


class FormReader:
    """What has been read of a form."""

    def __init__(self, rules: UploadRules) -> None:
        self._rules = rules
        self.values: dict[str, Any] = {}
        self.uploads: list[Upload] = []
        self._text_bytes, self._delimiter = 0, b""

    def read(self, source: FormSource, boundary: bytes) -> None:
        """Reads the body to its end."""
        self._delimiter = b"\r\n--" + boundary
        if source.take(len(self._delimiter)) != self._delimiter:
            raise InvalidInput("The form must begin with its boundary.")
        for _ in range(MAX_PARTS + 1):
            after = source.take(2)
            if after == b"--":
                return
            if after != b"\r\n":
                raise InvalidInput("A boundary of the form is followed by something else than a line end.")
            self._read_part(source)
        raise TooLarge(f"A form may have up to {MAX_PARTS} parts.")

    def _read_part(self, source: FormSource) -> None:
        raw = source.take_until(b"\r\n\r\n", limit_bytes=MAX_HEADER_BYTES, what="The headers of a part")
        field, name = _read_headers(raw)
        if name is None:
            self._add_text(field, source)
            return
        if field not in self._rules.files:
            allowed = ", ".join(self._rules.files)
            raise InvalidInput.of_field(field, f"Takes no file; send it as {allowed}.")
        if sum(1 for upload in self.uploads if upload.field == field) >= self._rules.max_files:
            raise InvalidInput.of_field(field, f"Send up to {self._rules.max_files} at once.")
        upload = Upload(name, field=field, limit_bytes=self._rules.max_file_bytes)
        self.uploads.append(upload)
        for piece in source.pieces_until(self._delimiter):
            upload.append(piece)
        # What browsers send for a field that was left empty.
        if not (name or upload.size):
            return
        if self._rules.max_files > 1:
            self.values.setdefault(field, []).append(upload)
        else:
            self.values[field] = upload

    def _add_text(self, field: str, source: FormSource) -> None:
        left = MAX_TEXT_BYTES - self._text_bytes
        raw = source.take_until(self._delimiter, limit_bytes=left, what="All texts of a form together")
        self._text_bytes += len(raw)
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError:
            raise InvalidInput.of_field(field, "Must be UTF-8.") from None
        if "\0" in text:
            raise InvalidInput.of_field(field, "Text may not contain NUL characters.")
        if field in self._rules.files:
            raise InvalidInput.of_field(field, "Takes a file; this is a text.")
        if field in self._rules.lists:
            self.values.setdefault(field, []).append(text)
        elif field in self.values:
            raise InvalidInput.of_field(field, "This field stands twice in the form.")
        else:
            self.values[field] = text


def boundary_of(content_type: str) -> bytes:
    """The boundary that a content type names.

    Raises:
        InvalidInput: it names none that is allowed.
    """
    parameters = _parameters(content_type.partition(";")[1] + content_type.partition(";")[2])
    boundary = parameters.get("boundary", "")
    if not _BOUNDARY.fullmatch(boundary):
        raise InvalidInput.of_field("Content-Type", "multipart/form-data needs a boundary of 1 to 70 characters.")
    return boundary.encode("ascii")


def _read_headers(raw: bytes) -> tuple[str, str | None]:
    """The field's name, and the file's where the part is one, exactly as it was sent."""
    try:
        lines = raw.decode("utf-8").split("\r\n")
    except UnicodeDecodeError:
        raise InvalidInput("The headers of a part must be UTF-8.") from None
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if len(headers) != len(lines) or not headers.keys() <= _PART_HEADERS:
        raise InvalidInput(f"A part may have each of these headers once: {', '.join(sorted(_PART_HEADERS))}.")
    if headers.get("content-transfer-encoding", "binary").lower() not in ("binary", "8bit", "7bit"):
        raise InvalidInput("Parts are sent as they are, without a Content-Transfer-Encoding.")
    kind, mark, rest = headers.get("content-disposition", "").partition(";")
    parameters = _parameters(mark + rest)
    field = parameters.get("name", "")
    if kind.strip().lower() != "form-data" or not _FIELD.fullmatch(field):
        raise InvalidInput("Each part needs a Content-Disposition: form-data with the name of a field.")
    return field, parameters.get("filename", _extended(parameters.get("filename*")))


def _extended(value: str | None) -> str | None:
    """A name as older clients spell it where it is not ASCII: `utf-8''%C3%BC.txt`."""
    charset, _, text = (value or "").partition("''")
    return unquote(text, errors="replace") if charset.lower() == "utf-8" else None


_PART_HEADERS = frozenset({"content-disposition", "content-type", "content-transfer-encoding", "content-length"})


def _parameters(text: str) -> dict[str, str]:
    parameters: dict[str, str] = {}
    position = 0
    while position < len(text):
        match = _PARAMETER.match(text, position)
        if match is None or (name := match[1].lower()) in parameters:
            raise InvalidInput("A header has parameters that cannot be read.")
        parameters[name], position = _unquote(match[2]), match.end()
    return parameters


def _unquote(value: str) -> str:
    if not value.startswith('"'):
        return value
    text = re.sub(r'\\(["\\])', r"\1", value[1:-1])
    return re.sub("%(?:22|0[DA])", lambda escape: _BROWSER_ESCAPES[escape[0]], text)
