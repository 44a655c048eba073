"""The storage `attachments`: files go in before a row names them, and come out after no row does any more."""

import hashlib
import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.storage import Storage, storages

from tracker.exceptions import Conflict, Unavailable
from tracker.files.names import is_storage_key, make_storage_key
from tracker.files.uploads import Upload, incoming_directory, naming_disk_errors

CHUNK_BYTES = 64 * 1024
logger = logging.getLogger(__name__)


def keep_file(upload: Upload) -> str:
    """Stores a file for good; answers the key that a row must name it by.

    Raises:
        InsufficientStorage: the disk is full.
        Unavailable: the storage does not work at present.
    """
    with naming_storage_errors():
        return str(_storage().save(make_storage_key(), upload))


def put_back(key: str, upload: Upload) -> bool:
    """Stores a file of a backup under its own key; says whether it was not there already.

    Raises:
        Conflict: another file is there under this key.
        InsufficientStorage: the disk is full.
        Unavailable: the storage does not work at present.
    """
    with suppress(FileNotFoundError):
        if _hash(key) != upload.sha256:
            raise Conflict(f"The file store holds another file under {key}. Empty it, or name the right one.")
        return False
    with naming_storage_errors():
        _storage().save(key, upload)
    return True


def _hash(key: str) -> str:
    digest = hashlib.sha256()
    for chunk in read_chunks(open_file(key)):
        digest.update(chunk)
    return digest.hexdigest()


def open_file(key: str) -> Any:
    """The kept file, opened for reading.

    Raises:
        FileNotFoundError: there is none.
        Unavailable: the storage does not answer.
    """
    with naming_storage_errors():
        kept = _storage().open(key, "rb")
        # A bucket is asked only now; its refusal must come before the answer has begun.
        kept.file  # noqa: B018
    return kept


def read_chunks(file: Any) -> Iterator[bytes]:
    """The bytes of an open file, which is closed in the end."""
    with file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def forget_files(keys: Iterable[str]) -> None:
    """Deletes files that no row names. What cannot be deleted now is left to the sweep of orphans."""
    for key in keys:
        try:
            with naming_storage_errors():
                _storage().delete(key)
        except Unavailable:
            logger.warning("A file could not be deleted; the sweep will.", exc_info=True)


def list_keys(shard: str) -> list[str]:
    """The keys of all kept files in one shard."""
    try:
        with naming_storage_errors():
            names = _storage().listdir(shard)[1]
    except FileNotFoundError:
        return []
    return [key for name in names if is_storage_key(key := f"{shard}/{name}")]


def kept_since(key: str) -> datetime | None:
    """When a file was stored; None where it is gone."""
    try:
        with naming_storage_errors():
            return _storage().get_modified_time(key)
    except FileNotFoundError:
        return None


def drop_abandoned_uploads(*, older_than: datetime) -> int:
    """Deletes what processes left behind that died while they took a file in; answers how many."""
    count = 0
    directory = incoming_directory()
    for path in directory.iterdir() if directory.is_dir() else ():
        try:
            if path.is_file() and path.stat().st_mtime < older_than.timestamp():
                path.unlink()
                count += 1
        except FileNotFoundError:
            continue
    return count


@contextmanager
def naming_storage_errors() -> Iterator[None]:
    """Says in a refusal what is wrong with the storage, be it disk or bucket."""
    try:
        with naming_disk_errors():
            yield
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in ("404", "NoSuchKey"):
            raise FileNotFoundError from error
        raise Unavailable("The file store does not answer.", retry_after_seconds=60) from error
    except BotoCoreError as error:
        raise Unavailable("The file store does not answer.", retry_after_seconds=60) from error


def _storage() -> Storage:
    return storages["attachments"]
