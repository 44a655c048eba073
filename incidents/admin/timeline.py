"""What happened to one thing, newest first: entries of several sources merged into pages."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.utils.dateparse import parse_datetime

from incidents.models import Attachment, Comment

PAGE_SIZE = 50
# Takes the moment before which, and how many; gives at least the newest so many.
Reader = Callable[[datetime | None, int], Iterable["Entry"]]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line. `tone` is event, comment, action, file, alert or breach; `subject` names what it is about where that
    is not the thing whose timeline this is."""

    at: datetime
    tone: str
    words: str
    who: str = ""
    comment: Comment | None = None
    file: Attachment | None = None
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Timeline:
    """A page of entries; `older_than` is where the next page begins, None at the end."""

    entries: list[Entry]
    older_than: datetime | None


def merge_entries(readers: Iterable[Reader], *, before: datetime | None = None, size: int = PAGE_SIZE) -> Timeline:
    """About the newest `size` entries before a moment; each reader is asked once.

    Entries of one moment are never torn apart, so that asking for what is older loses nothing.
    """
    readers = list(readers)
    entries = [entry for read in readers for entry in read(before, size + 1)]
    entries = [entry for entry in entries if before is None or entry.at < before]
    entries.sort(key=lambda entry: entry.at, reverse=True)
    if len(entries) <= size:
        return Timeline(entries, None)
    shown = [entry for entry in entries[:size] if entry.at > entries[size].at]
    # More than a page in one moment: take a larger page rather than a part of the moment.
    return Timeline(shown, shown[-1].at) if shown else merge_entries(readers, before=before, size=size * 4)


def read_comments(rows: QuerySet[Comment], before: datetime | None, limit: int) -> Iterator[Entry]:
    """What people said about something."""
    if before is not None:
        rows = rows.filter(created_at__lt=before)
    rows = rows.select_related("author").defer("author__password").order_by("-created_at", "-id")
    for comment in rows[:limit]:
        words = "Internal comment" if comment.is_internal else "Comment"
        words = f"{words}, edited" if comment.edited_at else words
        yield Entry(comment.created_at, "comment", words, comment.author_name, comment=comment)


def parse_before(text: str) -> datetime | None:
    """The moment that the link to an older page names; None for anything else."""
    try:
        moment = parse_datetime(text)
    except ValueError:
        return None
    return moment if moment is None or moment.tzinfo else None
