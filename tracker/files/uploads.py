"""Bytes that came in: written to a file of their own as they arrive, measured and hashed on the way."""

import errno
import hashlib
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import SpooledTemporaryFile
from types import TracebackType
from typing import IO, Any

from django.conf import settings
from django.core.files import File

from tracker.exceptions import FieldError, InsufficientStorage, TooLarge, Unavailable

MAX_FILE_BYTES = 20 * 1024 * 1024
INCOMING = "incoming"
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class Upload(File):
    """A file on its way in. `name` is what the sender said, uncleaned; closing it deletes what was not stored."""

    def __init__(self, name: str, *, field: str = "file", limit_bytes: int = MAX_FILE_BYTES) -> None:
        self.field, self.limit_bytes = field, limit_bytes
        self.path = incoming_directory() / secrets.token_hex(20)
        self._digest = hashlib.sha256()
        with naming_disk_errors():
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _check_free_space(self.path.parent)
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        # Unbuffered: what the disk refuses is refused while writing, not when something is closed.
        super().__init__(os.fdopen(descriptor, "w+b", buffering=0), name)
        self.size = 0

    @classmethod
    def of_chunks(cls, name: str, chunks: Iterable[bytes], **options: Any) -> "Upload":
        """A whole upload; nothing is left of it where a chunk is refused."""
        upload = cls(name, **options)
        try:
            for chunk in chunks:
                upload.append(chunk)
        except BaseException:
            upload.close()
            raise
        return upload

    def __bool__(self) -> bool:
        """True also without a name."""
        return True

    @property
    def sha256(self) -> str:
        """The hash of what was written, in hex."""
        return self._digest.hexdigest()

    def append(self, chunk: bytes) -> None:
        """Adds bytes.

        Raises:
            TooLarge: more than the limit.
            InsufficientStorage: the disk is full.
            Unavailable: it cannot be written at all.
        """
        self.size += len(chunk)
        if self.size > self.limit_bytes:
            message = f"A file may have up to {self.limit_bytes} bytes."
            raise TooLarge(f"{self.field}: {message}", details=[FieldError(self.field, message)])
        self._digest.update(chunk)
        rest = memoryview(chunk)
        with naming_disk_errors():
            while rest:
                rest = rest[self.file.write(rest) :]  # type: ignore[union-attr]

    def temporary_file_path(self) -> str:
        """Where the bytes lie; a storage on the same disk takes the file itself."""
        return str(self.path)

    def read_head(self, count: int) -> bytes:
        """The first bytes."""
        return os.pread(self.fileno(), count, 0)

    def read_tail(self, count: int) -> bytes:
        """The last bytes."""
        return os.pread(self.fileno(), count, max(0, self.size - count))

    def close(self) -> None:
        """Deletes the file, unless a storage has taken it. May be called again."""
        super().close()
        self.path.unlink(missing_ok=True)

    def __enter__(self) -> "Upload":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def incoming_directory() -> Path:
    """Where uploads lie until they are stored; on the storage's own disk, so that nothing is copied."""
    return Path(settings.MEDIA_ROOT) / INCOMING


def open_scratch_file(*, in_memory_bytes: int) -> IO[bytes]:
    """A file without a name, for what is made to be handed out once. Not in the system's own folder for such: in
    production that is memory, and small.

    Raises:
        InsufficientStorage, Unavailable: as `Upload.append`.
    """
    directory = incoming_directory()
    with naming_disk_errors():
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        _check_free_space(directory)
    return SpooledTemporaryFile(max_size=in_memory_bytes, dir=str(directory))


@contextmanager
def naming_disk_errors() -> Iterator[None]:
    """Says in a refusal what is wrong with the disk: full, or of no use at present."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        if error.errno in _FULL:
            raise InsufficientStorage("There is no room for this file at present.") from error
        raise Unavailable("Files cannot be stored at present.", retry_after_seconds=60) from error


def _check_free_space(directory: Path) -> None:
    # A database may live on the same disk; uploads must not be what stops it.
    disk = os.statvfs(directory)
    if disk.f_bavail * disk.f_frsize < settings.MEDIA_RESERVE_BYTES:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
