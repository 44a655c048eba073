"""The file of a backup: a plain tar, so that it can be read without Tracker, of the few members that may be in it.

It is written and read here byte by byte and not by tarfile: a member's size is known only when it is written, and what
reads a backup must take nothing that was not put there by what writes one.
"""

import hashlib
import os
import re
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from tracker.backups.refusals import refuse
from tracker.files.names import is_storage_key

BLOCK = 512
CHUNK_BYTES = 1024 * 1024
DUMP, MANIFEST, SIGNATURE = "database.dump", "manifest.json", "manifest.sig"
FILES = "files/"
MOST_MEMBERS = 2_000_000
_SINGLE = frozenset({DUMP, MANIFEST, SIGNATURE})


@dataclass(frozen=True, slots=True)
class Member:
    """What is in the file under a name, and where."""

    name: str
    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class Written:
    """What a member came to."""

    size: int
    sha256: str


class ArchiveWriter:
    """Writes a new file that only its owner may read. Nothing may be there under its name."""

    def __init__(self, path: Path) -> None:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        self._file = os.fdopen(descriptor, "w+b")

    def __enter__(self) -> "ArchiveWriter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, name: str, chunks: Iterable[bytes]) -> Written:
        """Writes a member as its bytes come; its head is filled in when the size is known."""
        _check_name(name)
        start = self._file.tell()
        self._file.write(bytes(BLOCK))
        digest, size = hashlib.sha256(), 0
        try:
            for chunk in chunks:
                digest.update(chunk)
                size += len(chunk)
                self._file.write(chunk)
        except FileNotFoundError:
            self._file.seek(start)
            self._file.truncate()
            raise
        self._file.write(bytes(-size % BLOCK))
        end = self._file.tell()
        self._file.seek(start)
        self._file.write(_head(name, size))
        self._file.seek(end)
        return Written(size, digest.hexdigest())

    def finish(self) -> None:
        """Ends the file and waits until the disk has it."""
        self._file.write(bytes(2 * BLOCK))
        self._file.flush()
        os.fsync(self._file.fileno())


class ArchiveReader:
    """Reads one.

    Raises:
        InvalidInput: it is none, it is cut off, or something is in it that no backup holds; naming what.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._file = path.open("rb")
            self._size = path.stat().st_size
        except OSError as error:
            raise refuse(f"{path} cannot be read: {error.strerror}.") from None
        self.members = {member.name: member for member in self._read_members()}
        for name in _SINGLE - self.members.keys():
            raise refuse(f"There is no {name} in it: it is cut off, or no backup.")

    def __enter__(self) -> "ArchiveReader":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def read(self, name: str) -> Iterator[bytes]:
        """The bytes of a member."""
        member = self.members.get(name)
        if member is None:
            raise refuse(f"{name} is missing from it.")
        self._file.seek(member.offset)
        left = member.size
        while left:
            chunk = self._file.read(min(CHUNK_BYTES, left))
            if not chunk:
                raise refuse(f"{name} is cut off.")
            left -= len(chunk)
            yield chunk

    def read_whole(self, name: str, *, most: int) -> bytes:
        """A small member."""
        if self.members[name].size > most:
            raise refuse(f"{name} is larger than any that a backup holds.")
        return b"".join(self.read(name))

    def measure(self, name: str) -> Written:
        """What a member is."""
        digest = hashlib.sha256()
        for chunk in self.read(name):
            digest.update(chunk)
        return Written(self.members[name].size, digest.hexdigest())

    def _read_members(self) -> Iterator[Member]:
        seen: set[str] = set()
        while (head := self._file.read(BLOCK)) and head != bytes(BLOCK):
            member = self._read_member(head)
            if member.name in seen or len(seen) >= MOST_MEMBERS:
                raise refuse(f"{member.name} is in it twice, or there is too much in it.")
            seen.add(member.name)
            yield member
            self._file.seek(member.offset + member.size + -member.size % BLOCK)

    def _read_member(self, head: bytes) -> Member:
        try:
            info = tarfile.TarInfo.frombuf(head, "utf-8", "strict")
        except (tarfile.HeaderError, ValueError) as error:
            raise refuse(f"It is no backup, or was damaged: {error}.") from None
        _check_name(info.name)
        if info.type != tarfile.REGTYPE or info.size < 0:
            raise refuse(f"{info.name} is no plain file.")
        offset = self._file.tell()
        if offset + info.size > self._size:
            raise refuse(f"It is cut off in {info.name}.")
        return Member(info.name, offset, info.size)


def hash_file(path: Path) -> str:
    """The SHA-256 of a whole file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _head(name: str, size: int) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o600
    return info.tobuf(tarfile.GNU_FORMAT, "utf-8", "strict")


def _check_name(name: str) -> None:
    if name not in _SINGLE and not (name.startswith(FILES) and is_storage_key(name.removeprefix(FILES))):
        shown = re.sub(r"[^\x20-\x7e]", "?", name)[:120]
        raise refuse(f"It holds {shown!r}, which no backup does; nothing was taken from it.")
