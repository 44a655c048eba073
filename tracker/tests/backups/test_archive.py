"""A backup's file: what it takes, and what is refused by name before a byte of it is used."""

import io
import tarfile

import pytest

from tracker.backups.archive import DUMP, FILES, MANIFEST, SIGNATURE, ArchiveReader, ArchiveWriter
from tracker.exceptions import InvalidInput
from tracker.files.names import make_storage_key


def write(path, **extra):
    members = {DUMP: b"dump" * 500, MANIFEST: b"{}", SIGNATURE: b"s", **extra}
    with ArchiveWriter(path) as archive:
        for name, content in members.items():
            archive.add(name, [content])
        archive.finish()
    return path


def foreign(path, *, name="etc/passwd", kind=tarfile.REGTYPE):
    """An archive that somebody has put together by another tool."""
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as archive:
        for good in (DUMP, MANIFEST, SIGNATURE):
            archive.addfile(tarfile.TarInfo(good), io.BytesIO(b""))
        member = tarfile.TarInfo(name)
        member.type, member.linkname = kind, "/etc/passwd"
        archive.addfile(member)
    return path


def test_what_was_written_is_read_by_name_and_by_any_tar(tmp_path):
    key = FILES + make_storage_key()
    path = write(tmp_path / "a.tar", **{key: b"kept"})
    with ArchiveReader(path) as archive:
        assert b"".join(archive.read(key)) == b"kept"
        assert b"".join(archive.read(DUMP)) == b"dump" * 500
    with tarfile.open(path) as archive:
        assert archive.getnames() == [DUMP, MANIFEST, SIGNATURE, key]
        assert archive.extractfile(key).read() == b"kept"
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_that_vanishes_while_it_is_copied_leaves_nothing_behind(tmp_path):
    def vanishing():
        yield b"half"
        raise FileNotFoundError

    with ArchiveWriter(tmp_path / "a.tar") as archive:
        with pytest.raises(FileNotFoundError):
            archive.add(FILES + make_storage_key(), vanishing())
        for name in (DUMP, MANIFEST, SIGNATURE):
            archive.add(name, [b"x"])
        archive.finish()
    with ArchiveReader(tmp_path / "a.tar") as reader:
        assert set(reader.members) == {DUMP, MANIFEST, SIGNATURE}


@pytest.mark.parametrize(
    "name", ["/etc/cron.d/job", "files/../../etc/passwd", "files/ab/../../x", "files/zz/short", "..", "database.dump/x"]
)
def test_a_name_that_no_backup_holds_is_refused_with_its_name(tmp_path, name):
    with pytest.raises(InvalidInput, match="no backup does") as refusal:
        ArchiveReader(foreign(tmp_path / "a.tar", name=name))
    assert name in refusal.value.message


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE])
def test_links_folders_and_pipes_are_refused(tmp_path, kind):
    with pytest.raises(InvalidInput, match="no plain file"):
        ArchiveReader(foreign(tmp_path / "a.tar", name=FILES + make_storage_key(), kind=kind))


@pytest.mark.parametrize("share", [0.05, 0.5, 0.7, 0.9])
def test_a_file_that_is_cut_off_anywhere_is_refused(tmp_path, share):
    path = write(tmp_path / "a.tar")
    whole = path.read_bytes().rstrip(b"\0")
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(InvalidInput, match=r"cut off|no backup"):
        ArchiveReader(path)


def test_what_is_no_archive_at_all_is_refused(tmp_path):
    (tmp_path / "letter.txt").write_bytes(b"Dear operator," * 100)
    with pytest.raises(InvalidInput, match="no backup"):
        ArchiveReader(tmp_path / "letter.txt")
    with pytest.raises(InvalidInput, match="cannot be read"):
        ArchiveReader(tmp_path / "nowhere.tar")
