"""The policy in force, read into the engine's form once per version."""

from datetime import datetime, timedelta

from django.db import connection

from incidents.models import PolicyRule, PolicyVersion
from incidents.services.policy_documents import prefetch_rules, read_steps, specify_calendar, store_first_version
from incidents.sla.calendars import compile_calendar
from incidents.sla.documents import RuleSpec, SLADocument
from incidents.sla.policies import AppliesTo, Book, Rule, Version

# Taken shared by everything that judges clocks and exclusively by whoever changes what they are judged by, so that no
# clock is written by the old policy after the new one has asked for its replay.
POLICY_LOCK = 7_201_001

_books: dict[tuple[int, datetime], Book] = {}


def hold_policy(*, is_exclusive: bool = False) -> None:
    """Holds the policy and the status categories still until the running transaction ends."""
    function = "pg_advisory_xact_lock" if is_exclusive else "pg_advisory_xact_lock_shared"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [POLICY_LOCK])


def current_book() -> Book:
    """All versions in the engine's form; versions are immutable, so the newest one tells a fresh copy.

    It is known by key and time, not by its number: a number comes back when the transaction that gave it is undone.
    """
    newest = PolicyVersion.objects.order_by("-number").values_list("pk", "created_at").first()
    if newest is None:
        store_first_version()
        return current_book()
    if newest not in _books:
        book = _load_book()
        _books.clear()
        _books[newest] = book
    return _books[newest]


def _load_book() -> Book:
    versions = PolicyVersion.objects.prefetch_related(prefetch_rules(), "steps")
    return Book([compile_version(version) for version in versions])


def compile_version(version: PolicyVersion) -> Version:
    """One version in the engine's form."""
    return Version(
        id=version.pk,
        number=version.number,
        effective_at=version.effective_at,
        applies_to=version.applies_to,  # type: ignore[arg-type]
        rules=tuple(_compile_rule(rule) for rule in version.rules.all()),
        steps=read_steps(version.steps.all()),
    )


def compile_document(document: SLADocument, *, number: int, effective_at: datetime, applies_to: AppliesTo) -> Version:
    """A document in the engine's form, as it would be once it is published."""
    return Version(
        id=None,
        number=number,
        effective_at=effective_at,
        applies_to=applies_to,
        rules=tuple(_compile_spec(rule, document) for rule in document.rules),
        steps=document.steps,
    )


def _compile_spec(rule: RuleSpec, document: SLADocument) -> Rule:
    return Rule(
        tier=rule.tier,
        priority=rule.priority,
        response=_minutes(rule.response_minutes),
        resolution=_minutes(rule.resolution_minutes),
        calendar=compile_calendar(document.calendars[rule.calendar]),
        pauses_when_waiting=rule.pauses_when_waiting,
        position=rule.position,
    )


def _compile_rule(rule: PolicyRule) -> Rule:
    return Rule(
        tier=rule.tier,
        priority=rule.priority,
        response=_minutes(rule.response_minutes),
        resolution=_minutes(rule.resolution_minutes),
        calendar=compile_calendar(specify_calendar(rule.calendar)),
        pauses_when_waiting=rule.pauses_when_waiting,
        position=rule.position,
    )


def _minutes(count: int | None) -> timedelta | None:
    return None if count is None else timedelta(minutes=count)
