"""A file between its arrival and the row that names it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.core.files import File
from django.db import InterfaceError, OperationalError

from tracker.files.keeping import forget_files, keep_file
from tracker.files.names import clean_file_name
from tracker.files.previews import make_preview
from tracker.files.types import UNKNOWN, detect_type
from tracker.files.uploads import Upload


@dataclass(frozen=True, slots=True)
class StoredFile:
    """What a row says about a file that lies in the storage already."""

    name: str
    content_type: str
    storage_key: str
    preview_key: str
    size_bytes: int
    sha256: str


@contextmanager
def as_upload(upload: "Upload | File[Any]") -> Iterator[Upload]:
    """An Upload, made of a form's file where it is none yet."""
    if isinstance(upload, Upload):
        # Whoever made it closes it.
        yield upload
        return
    with Upload.of_chunks(upload.name or "", upload.chunks(), field="file") as taken:
        yield taken


@contextmanager
def keep_until_named(upload: Upload) -> Iterator[StoredFile]:
    """The file in the storage; it is taken out again where the block fails.

    Where the database was lost nobody knows whether the row is there: the file stays, and the sweep of orphans decides.
    """
    keys: list[str] = []
    try:
        yield _store(upload, keys)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        forget_files(keys)
        raise


def _store(upload: Upload, keys: list[str]) -> StoredFile:
    name = clean_file_name(upload.name or "")
    known = detect_type(upload, name)
    preview = make_preview(upload) if known is not None and known.is_image else None
    # What only says that it is a picture is bytes like any other.
    content_type = known.content_type if known is not None and (preview or not known.is_image) else UNKNOWN
    keys.append(keep_file(upload))
    if preview is not None:
        with Upload.of_chunks("preview", [preview]) as drawn:
            keys.append(keep_file(drawn))
    preview_key = keys[1] if preview is not None else ""
    return StoredFile(name, content_type, keys[0], preview_key, upload.size, upload.sha256)
