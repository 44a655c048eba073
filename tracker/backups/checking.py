"""Whether a backup is whole and ours: every byte of it is read."""

from collections.abc import Callable
from pathlib import Path

from tracker.backups.archive import DUMP, FILES, MANIFEST, SIGNATURE, ArchiveReader, Written
from tracker.backups.manifest import MOST_BYTES, FileMark, Manifest, is_ours, read_manifest
from tracker.backups.refusals import refuse

MOST_SIGNATURE_BYTES = 1_000
NOT_OURS = (
    "It was changed, or signed with another SECRET_KEY. Set the one it was made with, as SECRET_KEY or among"
    " SECRET_KEY_FALLBACKS; where that is lost and you know where the file comes from, take it with --foreign."
)


def check_backup(path: Path, *, is_foreign: bool = False, progress: Callable[[str, int], object]) -> Manifest:
    """What stands in a backup, after each member was found to be what its manifest says.

    Args:
        is_foreign: take one that another SECRET_KEY signed.

    Raises:
        InvalidInput: naming what is wrong.
    """
    with ArchiveReader(path) as archive:
        document = archive.read_whole(MANIFEST, most=MOST_BYTES)
        if not is_foreign and not is_ours(document, archive.read_whole(SIGNATURE, most=MOST_SIGNATURE_BYTES)):
            raise refuse(NOT_OURS)
        manifest = read_manifest(document)
        expected = {DUMP: manifest.dump, **{FILES + key: mark for key, mark in manifest.files.items()}}
        _compare_names(archive, manifest, expected)
        for name, mark in expected.items():
            compare(name, archive.measure(name), mark)
            progress("check", len(expected))
    return manifest


def _compare_names(archive: ArchiveReader, manifest: Manifest, expected: dict[str, FileMark]) -> None:
    ours = {MANIFEST, SIGNATURE, *(FILES + key for key in manifest.left_over)}
    for name in sorted(expected.keys() - archive.members.keys()):
        raise refuse(f"{name} is missing from it.")
    for name in sorted(archive.members.keys() - expected.keys() - ours):
        raise refuse(f"{name} was put into it.")


def compare(name: str, found: Written, mark: FileMark) -> None:
    """Refuses a member that is not what its manifest says.

    Raises:
        InvalidInput: naming it.
    """
    if (found.size, found.sha256) != (mark.size, mark.sha256):
        raise refuse(f"{name} is not what was backed up: it was changed, or the disk has lost some of it.")
