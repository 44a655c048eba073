"""Making a backup: the kept files and the database in one archive, proven before it gets its name."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from django.db import connection, transaction
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import QuerySet

from tracker import access, clock
from tracker.access import Actor
from tracker.backups import stamps
from tracker.backups.archive import DUMP, FILES, MANIFEST, SIGNATURE, ArchiveWriter, Written, hash_file
from tracker.backups.checking import check_backup
from tracker.backups.fingerprints import find_tables, mark_tables
from tracker.backups.manifest import FileMark, Manifest, sign, write_manifest
from tracker.backups.postgresql import dump_database, find_program
from tracker.exceptions import Conflict, DomainError, InsufficientStorage, Unavailable
from tracker.files.claims import claimed_keys
from tracker.files.keeping import open_file, read_chunks
from tracker.heartbeats import describe_error
from tracker.models import Backup
from tracker.services.backup_keeping import keep_until, take_away_old
from tracker.services.events import log_event
from tracker.version import VERSION

Progress = Callable[[str, int], object]


def keep_quiet(stage: str, total: int) -> None:
    """Tells nobody how far it is."""


def visible_backups(actor: Actor) -> QuerySet[Backup]:
    """The backups that `actor` may know of: all or none."""
    everything = Backup.objects.all()
    return everything if access.decide(actor, "backups", "list").is_for_all_rows else everything.none()


def make_backup(*, actor: Actor, directory: Path, progress: Progress = keep_quiet) -> Backup:
    """Writes a backup to `directory`, reads it again, and takes away what the policy keeps no longer.

    Each part is a transaction of its own. `progress(stage, total)` is called for every step of a stage.

    Raises:
        PermissionDenied, NotAuthenticated: the actor may not.
        Conflict: another one is being written to this folder.
        Unavailable, InsufficientStorage: it could not be made, or what was written cannot be read.
    """
    access.require(actor, "backups", "create")
    find_program("pg_dump")
    with _only_one(directory):
        Backup.objects.filter(finished_at=None, error="", location__startswith=f"{directory}/").update(
            error="It was interrupted."
        )
        started_at = clock.now()
        path = directory / f"tracker-{started_at:%Y%m%dT%H%M%S}{started_at.microsecond // 1000:03}Z.tar"
        row = Backup.objects.create(started_at=started_at, location=str(path), release=VERSION)
        try:
            _write(row, path, progress)
        except BaseException as error:
            _note_failure(actor, row, error)
            raise
        _note_success(actor, row, path)
        take_away_old(actor=actor, directory=directory)
    return row


@contextmanager
def _only_one(directory: Path) -> Iterator[None]:
    """Holds the folder; the kernel lets go of it, however this process ends."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(directory / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise Unavailable(f"{directory} cannot be written to: {error.strerror}.") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for left_over in directory.glob("tracker-*.tar.partial"):
            left_over.unlink(missing_ok=True)
        yield
    except BlockingIOError:
        raise Conflict("Another backup is being written to this folder.") from None
    finally:
        os.close(lock)


def _write(row: Backup, path: Path, progress: Progress) -> None:
    partial = path.with_name(f"{path.name}.partial")
    try:
        with ArchiveWriter(partial) as archive:
            manifest = _fill(archive, progress)
            document = write_manifest(manifest)
            archive.add(MANIFEST, [document])
            archive.add(SIGNATURE, [sign(document)])
            archive.finish()
        check_backup(partial, progress=progress)
        row.files, row.size_bytes, row.sha256 = len(manifest.files), partial.stat().st_size, hash_file(partial)
        partial.rename(path)
        _settle_name(path.parent)
    except OSError as error:
        raise InsufficientStorage(f"The backup could not be written: {error.strerror}.") from error
    finally:
        partial.unlink(missing_ok=True)


def _fill(archive: ArchiveWriter, progress: Progress) -> Manifest:
    """Files are copied twice over: what is there before the snapshot, and after it what came in the meantime. So a file
    that is deleted while the database is read is in the archive already."""
    copied: dict[str, Written] = {}
    _copy_files(archive, copied, progress)
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        # A large database is read for longer than an idle transaction may live.
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        cursor.execute("SELECT pg_export_snapshot(), current_setting('server_version')")
        snapshot, server = cursor.fetchone()
        made_at = clock.now()
        dump = archive.add(DUMP, _counted(dump_database(snapshot), progress))
        named, missing = _copy_files(archive, copied, progress)
        tables, count = {}, len(find_tables())
        tables = mark_tables(lambda _: progress("tables", count))
        return Manifest(
            made_at=made_at,
            release=VERSION,
            server=server,
            cluster=stamps.find_cluster(),
            stamp=stamps.read_horizon(),
            migrations=sorted(f"{app}.{name}" for app, name in MigrationRecorder(connection).applied_migrations()),
            tables=tables,
            dump=_mark(dump),
            files={key: _mark(copied[key]) for key in sorted(named - missing)},
            left_over=sorted(copied.keys() - named),
            missing=sorted(missing),
        )


def _copy_files(archive: ArchiveWriter, copied: dict[str, Written], progress: Progress) -> tuple[set[str], set[str]]:
    """Adds the files that are named and not in the archive yet; answers which are named, and which of them are gone."""
    named, missing = set(claimed_keys()), set()
    for key in sorted(named - copied.keys()):
        try:
            copied[key] = archive.add(FILES + key, read_chunks(open_file(key)))
        except FileNotFoundError:
            missing.add(key)
        progress("files", len(named))
    return named, missing


def _counted(chunks: Iterator[bytes], progress: Progress) -> Iterator[bytes]:
    for chunk in chunks:
        yield chunk
        progress("database", 0)


def _mark(written: Written) -> FileMark:
    return FileMark(written.size, written.sha256)


def _settle_name(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@transaction.atomic
def _note_success(actor: Actor, row: Backup, path: Path) -> None:
    row.finished_at = clock.now()
    row.kept_until = keep_until(row.started_at)
    row.save()
    data = {"file": path.name, "size_bytes": row.size_bytes, "sha256": row.sha256, "files": row.files}
    log_event(actor=actor, verb="backup.made", obj=row, data=data)


@transaction.atomic
def _note_failure(actor: Actor, row: Backup, error: BaseException) -> None:
    row.finished_at = clock.now()
    row.error = (error.message if isinstance(error, DomainError) else describe_error(error))[:300]
    row.save()
    log_event(actor=actor, verb="backup.failed", obj=row, data={"error": row.error})


def latest_backup() -> Backup | None:
    """The newest one that is whole, whether or not its file is still here."""
    return Backup.objects.filter(finished_at__isnull=False, error="").order_by("-finished_at").first()


def backup_age_seconds(now: datetime | None = None) -> float | None:
    """How old the newest whole backup is; None where there is none."""
    newest = latest_backup()
    return ((now or clock.now()) - newest.started_at).total_seconds() if newest else None
