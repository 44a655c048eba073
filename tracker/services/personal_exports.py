"""Handing out what is known of one person: an archive with a JSON file for each kind of rows, and their files."""

import shutil
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO, Any

import orjson
from django.db import transaction
from django.db.models import F, QuerySet

from tracker import clock
from tracker.access import Actor, decide
from tracker.exceptions import NotFound, PermissionDenied
from tracker.files.keeping import open_file
from tracker.files.uploads import naming_disk_errors, open_scratch_file
from tracker.models import User
from tracker.personal_data import PersonalFile, PersonalRows, all_personal_data
from tracker.services.attempts import key_of, reserve_attempt
from tracker.services.events import log_event

CHUNK_ROWS = 1_000
IN_MEMORY_BYTES = 4 * 1024**2
PER_QUARTER_HOUR = 5
README = """What Tracker holds about {email}, as of {moment:%Y-%m-%d %H:%M} UTC.

Each file is a list in JSON; times are in UTC.

{lines}
"""


@dataclass(frozen=True, slots=True)
class ExportLimits:
    """How much goes into one archive; None is all. A page must end while somebody waits."""

    rows: int | None = None
    file_bytes: int | None = None


PAGE_LIMITS = ExportLimits(rows=20_000, file_bytes=200 * 1024**2)


@dataclass(slots=True)
class ExportSummary:
    """What went into an archive: rows by kind, files, and what was left out, in words."""

    rows: dict[str, int] = field(default_factory=dict)
    files: int = 0
    file_bytes: int = 0
    left_out: list[str] = field(default_factory=list)


def export_person(
    *,
    actor: Actor,
    user: User,
    target: IO[bytes],
    limits: ExportLimits = PAGE_LIMITS,
    tell: Callable[[str], None] | None = None,
) -> ExportSummary:
    """Writes the archive of one person into `target`; `tell` hears each part's name first.

    Raises:
        PermissionDenied: it is somebody else's, and access.yaml, users.export, says no.
        NotFound: the actor may not know that there is such a person.
        Throttled: PER_QUARTER_HOUR archives of this person were made in the last quarter of an hour.
    """
    _check_right(actor, user)
    if not actor.is_system:
        reserve_attempt(key_of("personal-export", str(user.pk)), limit=PER_QUARTER_HOUR)
    summary = ExportSummary()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        lines = [_write_rows(archive, part, user, limits, summary, tell) for part in _all_rows()]
        for data in all_personal_data():
            for place, file in enumerate(data.files(user), start=1):
                _write_file(archive, place, file, limits, summary)
        archive.writestr("README.txt", _readme(user, [*lines, *summary.left_out]))
    _log(actor, user, summary)
    return summary


def make_archive(*, actor: Actor, user: User) -> IO[bytes]:
    """The archive as an open file, for an answer that hands it out and closes it.

    Raises: as `export_person`; InsufficientStorage, Unavailable: there is no room for it.
    """
    target = open_scratch_file(in_memory_bytes=IN_MEMORY_BYTES)
    try:
        with naming_disk_errors():
            export_person(actor=actor, user=user, target=target)
    except BaseException:
        target.close()
        raise
    target.seek(0)
    return target


def _check_right(actor: Actor, user: User) -> None:
    is_own = actor.user is not None and actor.user.pk == user.pk and actor.token_id is None
    if is_own or decide(actor, "users", "export").is_for_all_rows:
        return
    if not decide(actor, "users", "read").is_for_all_rows:
        raise NotFound.unseen()
    raise PermissionDenied("You may not export users.")


def _all_rows() -> Iterator[PersonalRows]:
    for data in reversed(list(all_personal_data())):
        yield from data.rows


def _write_rows(
    archive: zipfile.ZipFile,
    part: PersonalRows,
    user: User,
    limits: ExportLimits,
    summary: ExportSummary,
    tell: Callable[[str], None] | None,
) -> str:
    if tell is not None:
        tell(part.name)
    count = 0
    with archive.open(f"{part.name}.json", "w", force_zip64=True) as stream:
        stream.write(b"[")
        for row in _read_rows(part, user, limits.rows):
            stream.write((b",\n" if count else b"\n") + orjson.dumps(row, default=str))
            count += 1
        stream.write(b"\n]\n")
    summary.rows[part.name] = count
    if limits.rows is not None and count == limits.rows:
        summary.left_out.append(f"{part.name}.json ends with the newest {count}; an admin can hand out all.")
    return f"{part.name}.json ({count}): {part.says}"


def _read_rows(part: PersonalRows, user: User, most: int | None) -> Iterator[Mapping[str, Any]]:
    columns = part.columns if isinstance(part.columns, Mapping) else {name: name for name in part.columns}
    told = {f"told_{name}": F(where) if isinstance(where, str) else where for name, where in columns.items()}
    rows: QuerySet[Any] = part.rows(user).order_by("-pk").annotate(**told)
    for values in rows.values_list(*told)[:most].iterator(chunk_size=CHUNK_ROWS):
        yield dict(zip(columns, values, strict=True))


def _write_file(
    archive: zipfile.ZipFile, place: int, file: PersonalFile, limits: ExportLimits, summary: ExportSummary
) -> None:
    name = f"files/{place:05d}-{file.name.replace('/', '_')}"
    if limits.file_bytes is not None and summary.file_bytes + file.size_bytes > limits.file_bytes:
        summary.left_out.append(f"{name} does not fit in; an admin can hand out all.")
        return
    try:
        kept = open_file(file.key)
    except FileNotFoundError:
        summary.left_out.append(f"{name} is lost.")
        return
    with kept, archive.open(name, "w", force_zip64=True) as stream:
        shutil.copyfileobj(kept, stream)
    summary.files += 1
    summary.file_bytes += file.size_bytes


def _readme(user: User, lines: list[str]) -> str:
    return README.format(email=user.email, moment=clock.now(), lines="\n".join(lines))


@transaction.atomic
def _log(actor: Actor, user: User, summary: ExportSummary) -> None:
    data = {"rows": sum(summary.rows.values()), "files": summary.files, "file_bytes": summary.file_bytes}
    log_event(actor=actor, verb="user.exported", obj=user, data=data)
