"""Messages in files: one alone (RFC 822), many in an mbox, a Maildir, or a folder of .eml files. One in memory at a
time, and of one that is too large its beginning alone."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from incidents.intake.mail_messages import MAX_MAIL_BYTES

SEPARATOR = b"From "
LINE_BYTES = 64 * 1024
# Of a message that is too large to be read.
BEGINNING_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class StoredMail:
    """One message; `raw` is its beginning alone where it is larger than any mail that is read."""

    name: str
    raw: bytes = field(repr=False)
    size_bytes: int


def find_files(path: Path) -> list[Path]:
    """The files of messages in a folder, a Maildir's new ones first.

    Raises:
        FileNotFoundError: there are none.
    """
    places = [folder for name in ("new", "cur") if (folder := path / name).is_dir()]
    pattern = "*" if places else "*.eml"
    found = [file for place in places or [path] for file in sorted(place.glob(pattern)) if file.is_file()]
    if not found and not places:
        raise FileNotFoundError(f"{path} is neither a Maildir nor a folder of .eml files")
    return found


def read_file(name: str) -> Iterator[StoredMail]:
    """The messages of a file, one or an mbox of many; `-` is standard input."""
    with ExitStack() as stack:
        stream: BinaryIO = sys.stdin.buffer if name == "-" else stack.enter_context(Path(name).open("rb"))
        line = stream.readline(LINE_BYTES)
        if not line.startswith(SEPARATOR):
            yield _Collector(name, line).take_all(stream)
            return
        yield from _read_mbox(name, stream)


def _read_mbox(name: str, stream: BinaryIO) -> Iterator[StoredMail]:
    """Behind the first separator line. A line that begins with "From " opens a message only after an empty one."""
    number, was_empty, message = 1, False, _Collector(f"{name}, message 1")
    while line := stream.readline(LINE_BYTES):
        if was_empty and line.startswith(SEPARATOR):
            yield message.finish()
            number += 1
            message = _Collector(f"{name}, message {number}")
        else:
            message.add(line)
        was_empty = line in (b"\n", b"\r\n")
    yield message.finish()


class _Collector:
    """Gathers the bytes of one message, as long as it can still be read."""

    def __init__(self, name: str, beginning: bytes = b"") -> None:
        self.name, self.size = name, 0
        self._parts: list[bytes] = []
        self.add(beginning)

    def add(self, chunk: bytes) -> None:
        if self.size <= MAX_MAIL_BYTES:
            self._parts.append(chunk)
        self.size += len(chunk)

    def take_all(self, stream: BinaryIO) -> StoredMail:
        while chunk := stream.read(LINE_BYTES):
            self.add(chunk)
        return self.finish()

    def finish(self) -> StoredMail:
        raw = b"".join(self._parts)
        return StoredMail(self.name, raw if self.size <= MAX_MAIL_BYTES else raw[:BEGINNING_BYTES], self.size)
