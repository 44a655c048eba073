"""The auditor at large: every rule, asked of everything; reads only. In small doses see audit_passes.py."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db import connection

from incidents.choices import FindingState
from incidents.models import AuditFinding

# Whoever asks for the rules has those of this package; packages above declare theirs when they start.
from incidents.services import audit_rules, audit_work_rules  # noqa: F401
from incidents.services.audit_registry import Broken, Rule, Scope, all_rules
from incidents.services.audit_work_rules import FILES_RULE

__all__ = ["FILES_RULE", "Finding", "all_rules", "audit", "look_everywhere"]

MAX_EXAMPLES = 5
ROWS_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that does not hold: how many rows break it (of one table's part at most a thousand), and some of them."""

    rule: str
    count: int
    examples: list[str]


def audit(*, is_whole: bool = False) -> list[Finding]:
    """Asks every rule, and the file store; reads only. What an admin accepted as it is does not count.

    Args:
        is_whole: also counts the clocks of every ticket the slow way, instead of those of the newest few hundred.

    Returns:
        the rules that do not hold, none where all is well.
    """
    findings = []
    for rule in all_rules().values():
        found = [one for part in look_everywhere(rule, is_whole=is_whole) for one in part]
        accepted = _read_accepted(rule) if found else frozenset()
        broken = [one for one in found if one.key not in accepted]
        if broken:
            findings.append(Finding(rule.name, len(broken), [one.key for one in broken[:MAX_EXAMPLES]]))
    return findings


def look_everywhere(rule: Rule, *, is_whole: bool = True) -> Iterator[Sequence[Broken]]:
    """What breaks a rule, part by part of its table."""
    if rule.rows is None:
        yield rule.find(Scope())
    elif rule.sample is not None and not is_whole:
        newest = f"SELECT id FROM {rule.rows.table} ORDER BY id DESC LIMIT %s"  # noqa: S608 - a table of ours
        yield rule.find(Scope(_read_ids(newest, rule.sample)))
    else:
        last = 0
        while ids := ids_after(rule.rows.table, last, ROWS_AT_ONCE):
            yield rule.find(Scope(ids))
            last = ids[-1]


def ids_after(table: str, last: int, most: int) -> list[int]:
    """The next ids of a table, in order."""
    return _read_ids(f"SELECT id FROM {table} WHERE id > %s ORDER BY id LIMIT %s", last, most)  # noqa: S608


def _read_accepted(rule: Rule) -> frozenset[str]:
    accepted = AuditFinding.objects.filter(rule=rule.name, state=FindingState.ACCEPTED)
    return frozenset(accepted.values_list("subject_id", flat=True))


def _read_ids(statement: str, *parameters: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return [pk for (pk,) in cursor.fetchall()]
