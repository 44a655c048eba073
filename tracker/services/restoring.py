"""Bringing a backup back: into an empty database, compared row by row, and held until somebody lets it speak."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader

from tracker import access, clock
from tracker.access import Actor
from tracker.backups import stamps
from tracker.backups.after_restore import Restored, all_steps
from tracker.backups.archive import DUMP, FILES, ArchiveReader, Written, hash_file
from tracker.backups.checking import check_backup, compare
from tracker.backups.fingerprints import find_tables, mark_tables
from tracker.backups.manifest import Manifest
from tracker.backups.postgresql import fill_database, find_program
from tracker.backups.refusals import refuse
from tracker.exceptions import Conflict, DomainError
from tracker.files.keeping import put_back
from tracker.files.uploads import Upload
from tracker.models import ApiToken, Backup, LoginSession
from tracker.postgresql.unfinished import mark_finished, mark_unfinished
from tracker.services.backup_keeping import keep_until
from tracker.services.events import log_event

MOST_NAMED = 5
OTHERS = """
SELECT coalesce(nullif(application_name, ''), 'somebody'), count(*) FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
 GROUP BY 1 ORDER BY 1
"""
LOST_KEY = (
    "The secrets in it (addresses of channels, second factors) are sealed with another SECRET_KEY. Set that one, as"
    " SECRET_KEY or among SECRET_KEY_FALLBACKS; where it is lost, take the backup with --foreign and enter them anew."
)
Progress = Callable[[str, int], object]


@dataclass(frozen=True, slots=True)
class RestoreChoices:
    """What whoever restores has decided: take a backup of another SECRET_KEY; let people stay logged in; take back
    every API token."""

    is_foreign: bool = False
    keeps_logins: bool = False
    revokes_tokens: bool = False


def examine_backup(*, path: Path, is_foreign: bool, progress: Progress) -> Manifest:
    """What stands in a backup that this release can take, into the database as it is.

    Raises:
        InvalidInput: it is not whole, not ours, or of a newer release; names what.
        Conflict: the database is not empty, or somebody is at work in it.
        Unavailable: there is no pg_restore here.
    """
    find_program("pg_restore")
    _check_database()
    manifest = check_backup(path, is_foreign=is_foreign, progress=progress)
    known = {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations}
    if unknown := sorted(set(manifest.migrations) - known):
        raise refuse(f"A newer release made it ({manifest.release}): this one knows no {unknown[0]}. Install that one.")
    if not is_foreign and not manifest.can_read_secrets():
        raise refuse(LOST_KEY)
    return manifest


def restore_backup(*, actor: Actor, path: Path, manifest: Manifest, progress: Progress) -> None:
    """Puts the files and the database of an examined backup in place, and compares every table.

    Files come first: what is there already is left alone, so that a restore that was cut off can be begun again. All is
    compared with the manifest once more: the file may have been exchanged while somebody was asked.

    Raises:
        PermissionDenied, NotAuthenticated: the actor may not.
        InvalidInput: a part is not what was examined.
        Conflict: the database is not empty, another file lies under a key, or a table is not what it was.
        Unavailable, InsufficientStorage: it could not be done; the database is as empty as it was.
    """
    access.require(actor, "backups", "create")
    _check_database()
    with ArchiveReader(path) as archive:
        # Before its first byte: a dump is a program, and what a program did outside is not taken back.
        compare(DUMP, archive.measure(DUMP), manifest.dump)
        for key, mark in manifest.files.items():
            with Upload.of_chunks(key, archive.read(FILES + key), limit_bytes=mark.size) as upload:
                compare(FILES + key, Written(upload.size, upload.sha256), mark)
                put_back(key, upload)
            progress("files", len(manifest.files))
        # Until `settle_restored` is through: what starts before would send again what the backup does not know of.
        mark_unfinished()
        try:
            fill_database(_counted(archive, progress))
        except DomainError:
            # Nothing is in it.
            mark_finished()
            raise
    with transaction.atomic():
        found = mark_tables(lambda _: progress("tables", len(manifest.tables)))
    names = found.keys() | manifest.tables.keys()
    if different := sorted(name for name in names if found.get(name) != manifest.tables.get(name)):
        raise Conflict(f"These tables are not what was backed up: {', '.join(different[:MOST_NAMED])}.")
    stamps.go_on_above(manifest.stamp, cluster=manifest.cluster)


def settle_restored(*, actor: Actor, path: Path, manifest: Manifest, choices: RestoreChoices) -> list[str]:
    """What must be done before anybody may be let in: each package's own steps, and the end of logins.

    Returns:
        what there is to be told about it.
    """
    access.require(actor, "backups", "create")
    restored = Restored(manifest.made_at)
    told = [words for step in all_steps() if (words := step.run(actor, restored))]
    told += _settle_registry(actor, path, manifest, choices)
    mark_finished()
    return told


@transaction.atomic
def _settle_registry(actor: Actor, path: Path, manifest: Manifest, choices: RestoreChoices) -> list[str]:
    now, told = clock.now(), []
    if not choices.keeps_logins:
        ended = LoginSession.objects.filter(revoked_at=None).update(revoked_at=now, revoked_because="restored")
        ended += Session.objects.all().delete()[0]
        told.append(f"{ended} logins ended: who logged out since the backup would be in again.")
    if choices.revokes_tokens:
        count = ApiToken.objects.filter(revoked_at=None).update(revoked_at=now)
        told.append(f"{count} API tokens revoked.")
    _finish_own_row(path, manifest, now)
    data = {"file": path.name, "made_at": manifest.made_at, "release": manifest.release, "rows": manifest.rows}
    log_event(actor=actor, verb="backup.restored", object_type="backup", object_id=path.name, data=data)
    return told


def _finish_own_row(path: Path, manifest: Manifest, now: datetime) -> None:
    """The backup's own row was written before its end was known."""
    own = Backup.objects.filter(location__endswith=f"/{path.name}", finished_at=None).first()
    if own is not None:
        own.finished_at, own.kept_until = manifest.made_at, keep_until(own.started_at)
        own.size_bytes, own.sha256, own.files = path.stat().st_size, hash_file(path), len(manifest.files)
        own.save()
    Backup.objects.filter(finished_at=None, error="").update(finished_at=now, error="It was interrupted.")


def _check_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute(OTHERS)
        others = [f"{count} of {name}" for name, count in cursor.fetchall()]
    if others:
        raise Conflict(f"Stop whatever is at work in this database first. Connections: {', '.join(others)}.")
    if tables := find_tables():
        raise Conflict(f"This database is not empty: it has {len(tables)} tables. Restore into an empty one.")


def _counted(archive: ArchiveReader, progress: Progress) -> Iterator[bytes]:
    for chunk in archive.read(DUMP):
        yield chunk
        progress("database", 0)
