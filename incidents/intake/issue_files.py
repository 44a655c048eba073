"""Reading issues from files as GitHub exports them: JSON Lines, plain or compressed (.gz, .xz), checked as a whole."""

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b
from typing import IO, Any

import msgspec

from incidents.services.comments import MAX_COMMENT_CHARACTERS, MAX_COMMENTS
from incidents.services.field_checks import MAX_TITLE_CHARACTERS, check_text
from incidents.services.issue_fields import MAX_TAGS, clean_tag
from tracker.exceptions import FieldError, InvalidInput

MAX_LINE_BYTES = 16 * 1024**2
MAX_FILE_BYTES = 512 * 1024**2
MAX_LINES = 100_000
MAX_BODY_CHARACTERS = 262_144
MAX_NUMBER = 10_000_000
MAX_LABEL_CHARACTERS = 120
STATES = {"open": False, "closed": True}
DAYS = (datetime(1970, 1, 2, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC))


class Person(msgspec.Struct):
    """Who wrote something, as GitHub's own API names people."""

    login: str = ""


class Label(msgspec.Struct):
    """A label, as GitHub's own API names it."""

    name: str = ""


class RawComment(msgspec.Struct):
    """A comment as it stands in the file."""

    created_at: datetime
    body: str | None = None
    author: str | None = None
    user: Person | None = None
    id: int | str | None = None


class RawIssue(msgspec.Struct):
    """A line as it stands in the file; what is not named here is left out."""

    number: int
    title: str
    state: str
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None = None
    body: str | None = None
    author: str | None = None
    user: Person | None = None
    labels: list[str | Label] = []
    comments: list[RawComment] | int | None = None


@dataclass(frozen=True, slots=True)
class SourceComment:
    """A comment to be kept; `source_id` is the same whenever the file is read."""

    source_id: str
    author: str
    body: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SourceIssue:
    """An issue to be kept. `done_at` is empty while it is open."""

    number: int
    title: str
    body: str
    author: str
    tags: list[str]
    created_at: datetime
    updated_at: datetime
    done_at: datetime | None
    comments: list[SourceComment] = field(default_factory=list)


def read_issues(stream: IO[bytes]) -> tuple[list[SourceIssue], list[FieldError]]:
    """The issues of a file, and what is wrong with its other lines, by the line's number from 1.

    Raises:
        InvalidInput: the file as a whole is too large, or is no text at all.
    """
    found: dict[int, SourceIssue] = {}
    faults: list[FieldError] = []
    for number, line in _read_lines(stream):
        try:
            issue = _read_issue(line)
            if issue.number in found:
                raise InvalidInput.of_field("number", f"{issue.number} is in this file twice.")
            found[issue.number] = issue
        except InvalidInput as error:
            faults += [FieldError(fault.field, fault.message, number) for fault in error.details]
    return list(found.values()), faults


def _read_lines(stream: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    size, number = 0, 0
    buffered = io.BufferedReader(stream)  # type: ignore[type-var]
    while line := buffered.readline(MAX_LINE_BYTES + 1):
        size, number = size + len(line), number + 1
        if len(line) > MAX_LINE_BYTES:
            raise InvalidInput(f"Line {number}: longer than {MAX_LINE_BYTES:,} bytes.")
        if size > MAX_FILE_BYTES or number > MAX_LINES:
            raise InvalidInput(f"A file has up to {MAX_LINES:,} lines and {MAX_FILE_BYTES:,} bytes; split it.")
        if line.strip():
            yield number, line


def _read_issue(line: bytes) -> SourceIssue:
    try:
        raw = msgspec.json.decode(line, type=RawIssue)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise InvalidInput.of_field("line", f"Not one issue in JSON: {error}.") from None
    for name in ("created_at", "updated_at", "closed_at"):
        _check_moment(name, getattr(raw, name))
    if (is_closed := STATES.get(raw.state.lower())) is None:
        raise InvalidInput.of_field("state", "open or closed.")
    if not 1 <= raw.number <= MAX_NUMBER:
        raise InvalidInput.of_field("number", f"1 to {MAX_NUMBER:,}.")
    return SourceIssue(
        number=raw.number,
        title=_check("title", raw.title, MAX_TITLE_CHARACTERS, is_required=True),
        body=_check("body", raw.body or "", MAX_BODY_CHARACTERS),
        author=_name_of(raw),
        tags=_read_tags(raw.labels),
        created_at=raw.created_at,
        updated_at=raw.updated_at,
        # Some exports close issues before they were made, or do not say when.
        done_at=max(raw.closed_at or raw.updated_at, raw.created_at) if is_closed else None,
        comments=_read_comments(raw.comments),
    )


def _read_comments(raw: list[RawComment] | int | None) -> list[SourceComment]:
    if not isinstance(raw, list):
        return []
    if len(raw) > MAX_COMMENTS:
        raise InvalidInput.of_field("comments", f"Up to {MAX_COMMENTS:,}.")
    comments: dict[str, SourceComment] = {}
    for said in raw:
        _check_moment("comments.created_at", said.created_at)
        author = _name_of(said)
        body = _check("comments.body", said.body or "", MAX_COMMENT_CHARACTERS)
        # Without an id of its own, a comment is known by who said it when: its text may be edited.
        place, source_id = 0, _id_of(said, author)
        while source_id in comments:
            place, source_id = place + 1, f"{_id_of(said, author)}.{place + 1}"
        if body:
            comments[source_id] = SourceComment(source_id, author, body, said.created_at)
    return list(comments.values())


def _id_of(said: RawComment, author: str) -> str:
    if said.id is not None:
        return _check("comments.id", str(said.id), 80, is_required=True)
    return blake2b(f"{said.created_at.isoformat()} {author}".encode(), digest_size=16).hexdigest()


def _read_tags(labels: list[str | Label]) -> list[str]:
    tags: dict[str, None] = {}
    for label in labels:
        words = (label if isinstance(label, str) else label.name).replace(",", " ")
        try:
            tags[clean_tag(words)] = None
        except ValueError as error:
            raise InvalidInput.of_field("labels", str(error)) from None
    return list(tags)[:MAX_TAGS]


def _name_of(raw: Any) -> str:
    name = raw.author or (raw.user.login if raw.user else "")
    return _check("author", name, 10_000)[:MAX_LABEL_CHARACTERS]


def _check(name: str, text: str, longest: int, *, is_required: bool = False) -> str:
    try:
        return check_text(text, longest=longest, is_required=is_required)
    except ValueError as error:
        raise InvalidInput.of_field(name, str(error)) from None


def _check_moment(name: str, moment: datetime | None) -> None:
    if moment is None:
        return
    if moment.tzinfo is None or not DAYS[0] <= moment <= DAYS[1]:
        raise InvalidInput.of_field(name, "A moment with a time zone, from 1970 to 2200.")
