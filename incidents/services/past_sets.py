"""Sets of rows by what was known of them at a moment: what reports count and what lists are narrowed by.

Both use the same expressions, so that a figure and the list behind it never disagree, whatever happens to the rows
afterwards. In an address a set is one text, such as `was:DONE as_of:2026-11-01T00:00:00Z project:OPS`.

What is forgotten is gone from the past as well: deleted rows, and people who were deleted as assignees.
"""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.utils.dateparse import parse_datetime

from incidents.choices import IssueStatus, Severity
from incidents.models import Incident, IncidentSpan, Issue, IssueSpan
from tracker.exceptions import InvalidInput
from tracker.models import Project
from tracker.periods import spell_moment
from tracker.row_ids import read_row_id

Spans = QuerySet[Any]
NONE = "none"
ANSWERED, RESOLVED, ACKNOWLEDGED = "answered", "resolved", "acknowledged"
LONGEST = 300
A_SET = "Words such as was:DONE from:2026-10-01T00:00:00Z to:2026-11-01T00:00:00Z as_of:2026-11-01T08:00:00Z."


@dataclass(frozen=True, slots=True)
class PastSet:
    """Rows as they were known at `as_of`.

    Attributes:
        was: those that stood in this status at `as_of` ("": in any); with `start` or `end`, that came into it then.
        first: instead those that came into this status for the first time in their life, wherever they went then.
        got: tickets that were `answered` or `resolved`, alerts that were `acknowledged`.
        start, end: when they did: from `start` on and before `end`.
        project, assignee, severity: what they had then: a key, an id, a word; `none` for nothing, "" for anything.
    """

    as_of: datetime
    was: str = ""
    first: str = ""
    got: str = ""
    start: datetime | None = None
    end: datetime | None = None
    project: str = ""
    assignee: str = ""
    severity: str = ""


# As an address calls them.
_WORDS = {"start": "from", "end": "to"}
# What can be said of which things.
WORK, TICKETS, ALERTS = "work", "tickets", "alerts"
_SENSE = {
    WORK: {(word, status) for word in ("was", "first") for status in IssueStatus.values},
    TICKETS: {("got", ANSWERED), ("got", RESOLVED)},
    ALERTS: {("got", ACKNOWLEDGED)},
}


def write_past_set(wanted: PastSet) -> str:
    """The set as an address says it."""
    told = ((_WORDS.get(one.name, one.name), getattr(wanted, one.name)) for one in fields(wanted))
    return " ".join(f"{word}:{_write(value)}" for word, value in told if value)


def read_past_set(text: str, *, things: str) -> PastSet:
    """The set that `write_past_set` wrote, in a list of work, tickets or alerts.

    Raises:
        InvalidInput: it is none.
    """
    names = {_WORDS.get(one.name, one.name): one.name for one in fields(PastSet)}
    found: dict[str, Any] = {}
    for part in text[: LONGEST + 1].split():
        word, _, value = part.partition(":")
        name = names.get(word)
        if name is None or name in found or not value or len(text) > LONGEST:
            raise _no_set()
        found[name] = _read(name, value)
    told = [(name, found[name]) for name in ("was", "first", "got") if name in found]
    if "as_of" not in found or len(told) != 1 or told[0] not in _SENSE[things]:
        raise _no_set()
    if things == TICKETS and not {"start", "end"} <= found.keys():
        raise _no_set()
    return PastSet(**found)


def issues_of(rows: QuerySet[Issue], wanted: PastSet) -> QuerySet[Issue]:
    """The issues of a set."""
    return rows.filter(pk__in=spans_of(IssueSpan, wanted).values("issue"))


def incidents_of(rows: QuerySet[Incident], wanted: PastSet) -> QuerySet[Incident]:
    """The incidents of a set."""
    return rows.filter(pk__in=spans_of(IncidentSpan, wanted).values("incident"))


def spans_of(model: type[IssueSpan] | type[IncidentSpan], wanted: PastSet) -> Spans:
    """One stay for each row of a set, which says what the row had then."""
    spans: Spans = model._default_manager.order_by().filter(started_at__lte=wanted.as_of)
    if wanted.first:
        spans = _first_stays(model, spans.filter(status=wanted.first))
    else:
        spans = spans.filter(Q(ended_at=None) | Q(ended_at__gt=wanted.as_of))
        spans = spans.filter(status=wanted.was) if wanted.was else spans
    # A first stay begins with its status, and there is an index by that.
    moment = "started_at" if wanted.first else "entered_at"
    if wanted.start is not None:
        spans = spans.filter(**{f"{moment}__gte": wanted.start})
    if wanted.end is not None:
        spans = spans.filter(**{f"{moment}__lt": wanted.end})
    if wanted.assignee:
        spans = spans.filter(assignee=None if wanted.assignee == NONE else int(wanted.assignee))
    if wanted.project == NONE:
        spans = spans.filter(project=None)
    elif wanted.project:
        spans = spans.filter(project_id=Subquery(Project.objects.filter(key=wanted.project).values("pk")))
    return spans.filter(severity=wanted.severity) if wanted.severity else spans


def _first_stays(model: type[IssueSpan] | type[IncidentSpan], spans: Spans) -> Spans:
    row = "issue" if model is IssueSpan else "incident"
    earlier = model._default_manager.order_by().filter(**{row: OuterRef(row)}, status=OuterRef("status"))
    return spans.filter(~Exists(earlier.filter(pk__lt=OuterRef("pk"))), started_at=F("entered_at"))


def _write(value: str | datetime) -> str:
    return spell_moment(value) if isinstance(value, datetime) else value


def _read(name: str, value: str) -> str | datetime:
    if name in ("as_of", "start", "end"):
        try:
            moment = parse_datetime(value) if value.isascii() else None
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None or not 1900 < moment.year < 9000:
            raise _no_set()
        return moment
    is_right = {
        "assignee": value == NONE or read_row_id(value) is not None,
        "severity": value in Severity.values,
    }.get(name, value.isprintable())
    if not is_right:
        raise _no_set()
    return value


def _no_set() -> InvalidInput:
    return InvalidInput.of_field("history", A_SET)
