"""The auditor's rounds: each minute what changed lately and a little of the rest, each night everything.

A pass costs by what it looks at and not by how much there is: a few hundred rows of each table, by their keys. Of the
tables whose turn it is a stretch more is looked at, so that in a house of some ten thousand rows all comes by within
hours; the nightly round reads every row, in slices, and goes on where it was when a worker dies.
"""

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import DatabaseError, connection

from incidents.models import AuditMark
from incidents.services.audit_findings import forget_old_findings, review_standing, settle_broken
from incidents.services.audit_registry import Broken, ByStatement, Rows, Rule, Scope, ask_together
from incidents.services.audits import all_rules, ids_after
from incidents.tasks import CONTINUE_AUDIT, ring
from tracker import clock

# Locks of the session, which PostgreSQL lets go of when the process dies.
TRY_LOCK = "SELECT pg_try_advisory_lock(hashtext(%s))"
UNLOCK = "SELECT pg_advisory_unlock(hashtext(%s))"
TABLES_A_TURN = 2
ROUND = "round"
# A rule with a slow reference behind it is asked about fewer rows at once, so that a slice ends in time.
SLICE_ROWS, SAMPLED_SLICE_ROWS = 5_000, 200
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Pass:
    """What one pass came to: rules asked, rows that broke one and were not known to."""

    rules: int = 0
    found: int = 0


def audit_lately() -> Pass:
    """One pass; where another one runs it does nothing. A rule that cannot be asked keeps no other from being asked.

    Raises:
        DatabaseError: of the first rule that could not be asked, once all others were.
    """
    with _hold("tracker.audit") as is_ours:
        if not is_ours:
            return Pass()
        rules = [rule for rule in all_rules().values() if not rule.is_nightly]
        scopes, errors = _choose_scopes(rules), list[DatabaseError]()
        broken = _look(rules, scopes, errors)
        found = sum(_settle(rule, broken[rule.name]) for rule in rules)
        review_standing()
    if is_round_unfinished():
        ring(CONTINUE_AUDIT)
    if errors:
        raise errors[0]
    return Pass(len(rules), found)


def begin_round() -> None:
    """Says that everything is to be looked at from now on."""
    AuditMark.objects.update_or_create(name=ROUND, defaults={"position": 1, "at": clock.now()})


def is_round_unfinished() -> bool:
    """Whether there is still something to look at."""
    return AuditMark.objects.filter(name=ROUND, position=1).exists()


def continue_round(*, max_seconds: float) -> int:
    """Looks at what is left of the round, slice by slice; how many findings are new. What is left over then is rung
    for, and found again by the next pass where the ring is lost."""
    found, stop_at = 0, time.monotonic() + max_seconds
    with _hold("tracker.audit.round") as is_ours:
        begun = AuditMark.objects.filter(name=ROUND, position=1).first()
        if not is_ours or begun is None:
            return 0
        for rule in all_rules().values():
            mark, _ = AuditMark.objects.get_or_create(name=f"{ROUND}: {rule.name}")
            if mark.at is not None and begun.at is not None and mark.at >= begun.at:
                continue
            for count in _go_through(rule, mark):
                found += count
                if time.monotonic() > stop_at:
                    ring(CONTINUE_AUDIT)
                    return found
        forget_old_findings()
        AuditMark.objects.filter(name=ROUND, at=begun.at).update(position=0)
    return found


def _go_through(rule: Rule, mark: AuditMark) -> Iterator[int]:
    """Asks a rule about slice after slice of its rows, and notes how far it is; each time how many findings are new."""
    size, is_done = SLICE_ROWS if rule.sample is None else SAMPLED_SLICE_ROWS, False
    while not is_done:
        ids = ids_after(rule.rows.table, mark.position, size) if rule.rows is not None else []
        found = _ask(rule, Scope(ids)) if ids or rule.rows is None else 0
        is_done = len(ids) < size
        mark.position = 0 if is_done else ids[-1]
        mark.at = clock.now() if is_done else mark.at
        # Before it is told, for whoever is told may not come back.
        mark.save(update_fields=["position", "at"])
        yield found


def _ask(rule: Rule, scope: Scope) -> int:
    return _settle(rule, rule.find(scope))


def _settle(rule: Rule, broken: Sequence[Broken]) -> int:
    # Asked again: since then somebody may have written, or the repair of another rule have helped this one.
    if broken and (still := rule.check([one.key for one in broken])):
        return settle_broken(rule, still)
    return 0


def _look(
    rules: Sequence[Rule], scopes: Mapping[str, Scope], errors: list[DatabaseError]
) -> dict[str, Sequence[Broken]]:
    """What breaks the rules: all statements together, and each alone where that fails."""
    broken: dict[str, Sequence[Broken]] = {rule.name: () for rule in rules}
    try:
        broken.update(ask_together([rule for rule in rules if isinstance(rule.find, ByStatement)], scopes))
        rules = [rule for rule in rules if not isinstance(rule.find, ByStatement)]
    except DatabaseError:
        logger.warning("The auditor's statements could not be asked together; each is asked alone.")
    for rule in rules:
        try:
            broken[rule.name] = rule.find(scopes[rule.name])
        except DatabaseError as error:
            logger.exception("A rule of the auditor could not be asked.", extra={"operation": rule.name})
            errors.append(error)
    return broken


def _choose_scopes(rules: Sequence[Rule]) -> dict[str, Scope]:
    """Where each rule looks."""
    ids = _gather({rule.rows.name: rule.rows for rule in rules if rule.rows is not None})
    return {rule.name: Scope(ids[rule.rows.name]) if rule.rows is not None else Scope() for rule in rules}


def _gather(tables: dict[str, Rows]) -> dict[str, list[int]]:
    """The ids to look at of each table: the latest ones, and a stretch more of those whose turn it is."""
    marks = {mark.name: mark for mark in AuditMark.objects.filter(name__in=tables)}
    never = datetime.min.replace(tzinfo=UTC)
    visited = {name: mark.at or never for name, mark in marks.items()}
    turn = sorted(tables, key=lambda name: (visited.get(name, never), name))[:TABLES_A_TURN]
    parts, parameters = [], []
    for name, rows in tables.items():
        lately = rows.lately or f"SELECT id FROM {rows.table} ORDER BY id DESC LIMIT %(most)s"  # noqa: S608
        parts.append(f"SELECT %s, id FROM ({lately.replace('%(most)s', str(rows.most))}) AS newest(id)")  # noqa: S608
        parameters.append(name)
    ids: dict[str, list[int]] = {name: [] for name in tables}
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(f"({part})" for part in parts), parameters)
        for name, pk in cursor.fetchall():
            ids[name].append(pk)
    moved = []
    for name in turn:
        rows, mark = tables[name], marks.get(name) or AuditMark(name=name)
        rolled = ids_after(rows.table, mark.position, rows.rolled)
        ids[name] = sorted({*ids[name], *rolled})
        mark.position, mark.at = rolled[-1] if len(rolled) == rows.rolled else 0, clock.now()
        moved.append(mark)
    AuditMark.objects.bulk_create(
        moved, update_conflicts=True, unique_fields=["name"], update_fields=["position", "at"]
    )
    return ids


@contextmanager
def _hold(name: str) -> Iterator[bool]:
    with connection.cursor() as cursor:
        cursor.execute(TRY_LOCK, [name])
        is_ours = bool(cursor.fetchone()[0])
        try:
            yield is_ours
        finally:
            if is_ours:
                cursor.execute(UNLOCK, [name])
