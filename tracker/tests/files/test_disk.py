"""Files on a disk that is full, closed or gone: a refusal, and nothing is left half written."""

import os
import stat
import subprocess

import pytest

from tracker.exceptions import Conflict, InsufficientStorage, TooLarge, Unavailable
from tracker.files import keeping
from tracker.files.keeping import forget_files, keep_file, list_keys, open_file, put_back
from tracker.files.names import make_storage_key, storage_shards
from tracker.files.uploads import MAX_FILE_BYTES, Upload, incoming_directory

MIB = 1024 * 1024


@pytest.fixture(autouse=True)
def disk(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    return settings.MEDIA_ROOT


def names_on(disk):
    return [path for path in disk.rglob("*") if path.is_file()] if disk.is_dir() else []


def test_a_file_is_moved_and_only_we_can_read_it(disk):
    with Upload.of_chunks("a.txt", [b"hello ", b"world"]) as upload:
        number = upload.path.stat().st_ino
        key = keep_file(upload)
    (path,) = names_on(disk)
    assert (path.stat().st_ino, stat.S_IMODE(path.stat().st_mode)) == (number, 0o600)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    with open_file(key) as file:
        assert (file.read(), file.size) == (b"hello world", 11)
    assert list_keys(key[:2]) == [key]
    forget_files([key, key])
    assert names_on(disk) == []
    with pytest.raises(FileNotFoundError):
        open_file(key)


def test_a_file_of_a_backup_is_put_back_under_its_own_key_once(disk):
    key = make_storage_key()
    for content, is_new in ((b"bill", True), (b"bill", False)):
        with Upload.of_chunks("x", [content]) as upload:
            assert put_back(key, upload) is is_new
    with Upload.of_chunks("x", [b"another"]) as upload, pytest.raises(Conflict, match=key):
        put_back(key, upload)
    assert [path.read_bytes() for path in names_on(disk)] == [b"bill"]


def test_what_is_not_stored_is_gone_when_it_is_closed(disk):
    with Upload.of_chunks("a", [b"x"]) as upload:
        assert len(names_on(disk)) == 1
    assert names_on(disk) == []
    upload.close()


def test_a_file_beyond_the_limit_is_gone_at_once(disk):
    with pytest.raises(TooLarge, match="file: A file may have up to"):
        Upload.of_chunks("a", [b"x" * MAX_FILE_BYTES, b"x"])
    assert names_on(disk) == []


def test_a_disk_with_little_room_takes_no_files(disk, settings):
    settings.MEDIA_RESERVE_BYTES = 10**15
    with pytest.raises(InsufficientStorage) as refusal:
        Upload.of_chunks("a", [b"x"])
    assert refusal.value.status == 507
    assert names_on(disk) == []


@pytest.fixture
def tiny_disk(disk):
    """One megabyte, which only root can make."""
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("mounting a tmpfs needs root")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_full_disk_is_a_507_and_keeps_no_part_of_the_file(tiny_disk, settings):
    settings.MEDIA_RESERVE_BYTES = 0
    with pytest.raises(InsufficientStorage):
        Upload.of_chunks("a", [b"x" * 65_536] * 32)
    assert names_on(tiny_disk) == []
    with Upload.of_chunks("a", [b"small"]) as upload:
        assert keep_file(upload)


def test_a_disk_that_cannot_be_written_is_a_503(disk):
    disk.parent.mkdir(exist_ok=True)
    disk.write_text("a file where a folder should be")
    with pytest.raises(Unavailable):
        Upload.of_chunks("a", [b"x"])


def test_a_refusal_while_writing_or_moving_leaves_nothing(disk, monkeypatch):
    upload = Upload.of_chunks("a", [b"x"])
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(InsufficientStorage), upload:
        keep_file(upload)
    assert names_on(disk) == []


def test_a_file_that_cannot_be_deleted_is_left_to_the_sweep(monkeypatch):
    monkeypatch.setattr(keeping, "_storage", lambda: (_ for _ in ()).throw(PermissionError(13, "closed")))
    forget_files([make_storage_key()])


def test_an_empty_disk_has_no_keys():
    assert [key for shard in storage_shards() for key in list_keys(shard)] == []
    assert not incoming_directory().exists()
