"""Issues from a table: first what each row would do, then all of it in one transaction."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Any

from django.db import transaction

from incidents.intake.issue_tables import TableRow
from incidents.models import Issue
from incidents.services.issue_fields import check_issue_fields, clean_issue_values
from incidents.services.issues import create_issue, update_issue, visible_issues
from tracker import access
from tracker.access import Actor
from tracker.exceptions import DomainError, FieldError, InvalidInput
from tracker.models import Factory, Project, User
from tracker.services.projects import visible_projects

KEY = re.compile(r"([A-Z][A-Z0-9_]{0,29})-([0-9]{1,9})", re.ASCII)


@dataclass(slots=True)
class PlannedRow:
    """What one row would do: make an issue, change the one it names, nothing, or be refused for its faults."""

    line: int
    issue: Issue | None = None
    changes: dict[str, Any] = field(default_factory=dict)
    faults: list[FieldError] = field(default_factory=list)
    is_new: bool = False

    @property
    def word(self) -> str:
        """refused, new, changed or unchanged."""
        if self.faults:
            return "refused"
        return "new" if self.is_new else "changed" if self.changes else "unchanged"


@dataclass(slots=True)
class KnownRows:
    """What the cells of a table name, read set by set."""

    issues: dict[str, Issue]
    projects: dict[str, Project]
    people: dict[str, User]
    factories: dict[str, Factory]


def plan_table(*, actor: Actor, rows: Sequence[TableRow]) -> list[PlannedRow]:
    """What the rows would do; nothing is written.

    An empty `key` makes a new issue, a key changes that issue. Only cells that differ count; an empty cell empties
    description, assignee, tags, due_on and factory, and leaves anything else as it is.

    Raises:
        PermissionDenied: see access.yaml, issues.create and issues.update.
    """
    access.require(actor, "issues", "create")
    access.require(actor, "issues", "update")
    known = _look_up(actor, rows)
    seen: set[str] = set()
    return [_plan_row(actor, row, known, seen) for row in rows]


@transaction.atomic
def take_table(*, actor: Actor, rows: Sequence[TableRow]) -> dict[str, int]:
    """Does what `plan_table` says now, all of it or nothing; how many rows did what.

    Raises:
        InvalidInput: a row is refused; `details` names its line and column.
    """
    plans = plan_table(actor=actor, rows=rows)
    counts = {"new": 0, "changed": 0, "unchanged": 0}
    for plan in plans:
        try:
            _check(plan)
            if plan.is_new:
                create_issue(actor=actor, values=plan.changes)
            elif plan.issue is not None and plan.changes:
                update_issue(actor=actor, issue=plan.issue, changes=plan.changes)
        except DomainError as error:
            details = [FieldError(item.field, item.message, plan.line) for item in error.details]
            raise InvalidInput(f"Row {plan.line}: {error.message} Nothing was taken.", details=details) from None
        counts[plan.word] += 1
    return counts


def _check(plan: PlannedRow) -> None:
    if plan.faults:
        raise InvalidInput(f"{plan.faults[0].field}: {plan.faults[0].message}", details=plan.faults)


def _look_up(actor: Actor, rows: Sequence[TableRow]) -> KnownRows:
    keys = [match for row in rows if (match := KEY.fullmatch(row.cells.get("key", "").strip().upper()))]
    issues = visible_issues(actor, "update").filter(
        project__key__in={key[1] for key in keys}, number__in={int(key[2]) for key in keys}
    )
    related = issues.select_related("project", "assignee", "factory").prefetch_related("tags")
    return KnownRows(
        issues={issue.key: issue for issue in related.defer("search", "description_html", "assignee__password")},
        projects={row.key: row for row in visible_projects(actor).filter(key__in=_cells(rows, "project", str.upper))},
        people={row.email: row for row in User.objects.filter(email__in=_cells(rows, "assignee", str.lower))},
        factories={row.name: row for row in Factory.objects.filter(name__in=_cells(rows, "factory", str))},
    )


def _cells(rows: Sequence[TableRow], name: str, spell: Any) -> set[str]:
    return {spell(cell) for row in rows if (cell := row.cells.get(name, "").strip()) and "\0" not in cell}


def _plan_row(actor: Actor, row: TableRow, known: KnownRows, seen: set[str]) -> PlannedRow:
    plan = PlannedRow(row.line)
    key = row.cells.get("key", "").strip().upper()
    plan.is_new, plan.issue = not key, known.issues.get(key)
    if key and (plan.issue is None or key in seen):
        message = (
            "There is no such issue, or none that you may change." if plan.issue is None else "Twice in the table."
        )
        plan.faults.append(FieldError("key", message))
        return plan
    seen.add(key)
    for name, read in READERS.items():
        if name in row.cells:
            try:
                _note(plan, name, read(row.cells[name].replace("\r\n", "\n").strip(), known))
            except ValueError as error:
                plan.faults.append(FieldError(name, str(error)))
    if plan.is_new:
        plan.changes.setdefault("title", "")
    try:
        check_issue_fields(actor, plan.changes)
        cleaned = clean_issue_values(plan.changes)
        plan.changes = {name: cleaned[name] for name in plan.changes}
    except InvalidInput as error:
        plan.faults += error.details
    return plan


def _note(plan: PlannedRow, name: str, value: Any) -> None:
    if plan.issue is None:
        if value not in ("", None, []):
            plan.changes[name] = value
        return
    if name in ("severity", "priority", "project") and value in ("", None):
        return
    present: Any = [tag.name for tag in plan.issue.tags.all()] if name == "tags" else getattr(plan.issue, name)
    is_same = set(present) == set(value) if name == "tags" else present == value
    if name == "description" and isinstance(present, str):
        is_same = present.replace("\r\n", "\n").strip() == value
    if not is_same:
        plan.changes[name] = value


def _read_text(text: str, known: KnownRows) -> str:
    return text


def _read_priority(text: str, known: KnownRows) -> int | None:
    if text and not (text.isascii() and text.isdecimal() and len(text) < 3):
        raise ValueError("1, 2 or 3.")
    return int(text) if text else None


def _read_tags(text: str, known: KnownRows) -> list[str]:
    return [" ".join(word.lower().split()) for word in text.split(",") if word.strip()]


def _read_day(text: str, known: KnownRows) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise ValueError("A day such as 2026-12-31.") from None


def _find(text: str, known: KnownRows, *, where: str, spell: Any, message: str) -> Any:
    rows: Mapping[str, Any] = getattr(known, where)
    if not text:
        return None
    if spell(text) not in rows:
        raise ValueError(message)
    return rows[spell(text)]


READERS: dict[str, Any] = {
    "title": _read_text,
    "description": _read_text,
    "severity": lambda text, known: text.lower(),
    "priority": _read_priority,
    "tags": _read_tags,
    "due_on": _read_day,
    "project": partial(_find, where="projects", spell=str.upper, message="There is no project with this key."),
    "assignee": partial(_find, where="people", spell=str.lower, message="There is nobody with this address."),
    "factory": partial(_find, where="factories", spell=str, message="There is no factory of this name."),
}
