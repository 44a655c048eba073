"""What a kind of report is: checked parameters, a computation, and how its result is shown.

A kind knows neither the job that runs it nor the page that shows it. Its result is plain JSON, so that it can be kept,
hashed and shown again years later without computing anything.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rest_framework import serializers

from tracker.access import Actor
from tracker.charts import Markup

Result = Mapping[str, Any]
Cell = str | int | float | None
ReportProgress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Question:
    """What one report is to answer.

    Attributes:
        actor: whose rights bound the rows that are counted.
        parameters: as the kind's serializer represents them: plain JSON values, defaults filled in.
        as_of: the moment up to which history counts; nothing later may show, so that asking again answers the same.
        progress: to be called with (steps done, steps there are) between steps; raises when the report is cancelled.
    """

    actor: Actor
    parameters: Mapping[str, Any]
    as_of: datetime
    progress: ReportProgress = lambda done, total: None


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file that a computation has put into the file store (tracker/files/keeping.py)."""

    name: str
    content_type: str
    storage_key: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class WithFile:
    """A result that comes with a file: what there is to show of it, and the file itself. Whoever runs the computation
    deletes the file where it is not wanted any more."""

    result: Result
    file: KeptFile | None


@dataclass(frozen=True, slots=True)
class Heading:
    """A column of a table; `unit` is "", "minutes", "days", "%" or the like, and stands in the head.

    People read up to `places` decimals; files have them all.
    """

    key: str
    label: str
    unit: str = ""
    places: int = 2


@dataclass(frozen=True, slots=True)
class Drill:
    """Where the rows behind a figure are: a list of the back office and one of the API, each with the same filter.

    Both are addresses on this host. The lists apply the reader's rights themselves.
    """

    admin: str
    api: str


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: a cell for each heading, None where there is no such figure, never a zero instead."""

    cells: Sequence[Cell]
    drill: Drill | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """Figures to read, to export, and to go on from."""

    key: str
    title: str
    headings: Sequence[Heading]
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Figure:
    """One number that is read first, with its words."""

    label: str
    value: str
    drill: Drill | None = None


@dataclass(frozen=True, slots=True)
class Presentation:
    """A result made readable. Charts are named after what they show; a table with the same figures stands below."""

    figures: Sequence[Figure] = ()
    charts: Sequence[Markup] = ()
    tables: Sequence[Table] = ()
    notes: Sequence[str] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of report.

    Attributes:
        key, label, description: for addresses, lists and people.
        resources: rows of the rights table that the requester must be able to list.
        parameters: a serializer of plain values. Its fields' labels and help texts make the form in the back office.
        compute: the result, by set statements that write nothing, as plain JSON of at most 4 MiB. What has an order is
            a list: PostgreSQL sorts the keys of objects. It runs in one snapshot, REPEATABLE READ and READ ONLY.
        present: the result made readable; a pure function of the result and its parameters.
        taken: rows of the rights table whose rows such a report's file holds; who asks for it or has it must be able
            to export them.
        reads_policy: whether the versions of the SLA policy in force are part of what it says.
    """

    key: str
    label: str
    description: str
    resources: Sequence[str]
    parameters: type[serializers.Serializer[Any]]
    compute: Callable[[Question], Result | WithFile]
    present: Callable[[Result, Mapping[str, Any]], Presentation]
    reads_policy: bool = False
    taken: Callable[[Mapping[str, Any]], Sequence[str]] = lambda parameters: ()
