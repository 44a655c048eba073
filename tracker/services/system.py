"""The System page's sections: what is there, how it does, and what to do about it. Each package registers its own.

    def read_backups() -> Content:
        last = Backup.objects.first()
        return Content(facts=(Fact("Last backup", last.finished_at, tone=Tone.OK),))

    register_section(Section("backups", "Backups", read_backups, position=60))

A section is asked for a second and a half at most; one that fails or does not answer shows as such, and the others as
ever. Values are plain (numbers, moments, words), so that the page and /v1/system tell the same; no secret, no host name
and no text of a stranger belongs into them.
"""

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from django.db import DatabaseError, connection, transaction

from tracker import access
from tracker.access import Actor

SECTION_SECONDS = 1.5
PAGE_SECONDS = 8.0
logger = logging.getLogger(__name__)


class Tone(StrEnum):
    """How something does; the words beside it say so too."""

    PLAIN = ""
    OK = "ok"
    ALERT = "alert"
    BREACH = "breach"
    QUIET = "quiet"


class Unit(StrEnum):
    """What a number counts."""

    NONE = ""
    BYTES = "bytes"
    SECONDS = "seconds"


# The worst first.
TROUBLED = (Tone.BREACH, Tone.ALERT)
Value = str | int | float | datetime | None


@dataclass(frozen=True, slots=True)
class Fact:
    """One named figure. `note` says what to do; `page` is the name of the URL of the page about it."""

    words: str
    value: Value
    unit: Unit = Unit.NONE
    tone: Tone = Tone.PLAIN
    note: str = ""
    page: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table."""

    value: Value
    unit: Unit = Unit.NONE
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Content:
    """What a section shows: figures, a table below them, or both. Whoever writes a table keeps it short."""

    facts: Sequence[Fact] = ()
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[Cell]] = ()
    empty: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """One box. `read` runs on the page's own database connection, within its limit; with `is_outside` in a thread."""

    name: str
    title: str
    read: Callable[[], Content]
    position: int = 50
    is_wide: bool = False
    is_outside: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """A section with what it answered; `trouble` instead where it did not."""

    section: Section
    content: Content = field(default_factory=Content)
    trouble: str = ""

    @property
    def tone(self) -> Tone:
        """The worst of what it shows."""
        if self.trouble:
            return Tone.BREACH
        cells: list[Fact | Cell] = [*self.content.facts, *(cell for row in self.content.rows for cell in row)]
        found = {one.tone for one in cells}
        return next((tone for tone in TROUBLED if tone in found), Tone.OK)

    @property
    def reasons(self) -> list[tuple[str, Fact | Cell]]:
        """What needs a look: each figure with its name, and each cell of the table with its row's; where the row's name
        itself is marked, the words beside it."""
        found: list[tuple[str, Fact | Cell]] = [(one.words, one) for one in self.content.facts if one.tone in TROUBLED]
        for row in self.content.rows:
            shown = [*row[1:2], *row[1:]] if len(row) > 1 else row
            found += [(str(row[0].value), at) for cell, at in zip(row, shown, strict=True) if cell.tone in TROUBLED]
        return found


_sections: dict[str, Section] = {}
_threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="system")


def register_section(*sections: Section) -> None:
    """Adds a package's sections. Registering a name again replaces it."""
    _sections.update({section.name: section for section in sections})


def read_system(*, actor: Actor) -> list[Shown]:
    """Every section, in the order of their positions.

    Raises:
        PermissionDenied, NotAuthenticated: the actor may not.
    """
    access.require(actor, "system", "read")
    ordered = sorted(_sections.values(), key=lambda section: (section.position, section.name))
    outside = {section.name: _threads.submit(_answer_beside, section) for section in ordered if section.is_outside}
    ends_at = time.monotonic() + PAGE_SECONDS
    inside = {section.name: _ask_database(section, ends_at) for section in ordered if not section.is_outside}
    return [
        inside[section.name] if section.name in inside else _collect(section, outside[section.name])
        for section in ordered
    ]


def _ask_database(section: Section, ends_at: float) -> Shown:
    if time.monotonic() > ends_at:
        return Shown(section, trouble="Not asked: the sections before it took too long.")
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(int(SECTION_SECONDS * 1000))])
            shown = _answer(section)
            cursor.execute("SET LOCAL statement_timeout TO DEFAULT")
        return shown
    except DatabaseError as error:
        logger.warning("A section got no answer.", extra={"operation": section.name, "error": type(error).__name__})
        return Shown(section, trouble="The database did not answer in time.")


def _answer(section: Section) -> Shown:
    try:
        return Shown(section, section.read())
    except DatabaseError:
        raise
    except Exception as error:
        # One part's fault must not take the page along; it shows there, and whole in the log.
        logger.exception("A section failed.", extra={"operation": section.name})
        return Shown(section, trouble=f"It failed: {type(error).__name__}. The log says more.")


def _answer_beside(section: Section) -> Shown:
    try:
        return _answer(section)
    except DatabaseError as error:
        logger.warning("A section got no answer.", extra={"operation": section.name, "error": type(error).__name__})
        return Shown(section, trouble="The database did not answer.")
    finally:
        connection.close()


def _collect(section: Section, future: Future[Shown]) -> Shown:
    try:
        return future.result(SECTION_SECONDS)
    except FutureTimeoutError:
        future.cancel()
        return Shown(section, trouble="It did not answer in time.")
