"""What the auditor found: kept once a row and rule, repaired where that is no guess, told to admins otherwise."""

import logging
from collections.abc import Iterable, Sequence
from datetime import timedelta

from django.db import DatabaseError, transaction
from django.db.models import F, QuerySet

from incidents.choices import STANDING_FINDINGS, FindingState
from incidents.models import AuditFinding
from incidents.services.audit_registry import Broken, Rule, all_rules
from incidents.services.audit_repairs import AUDITOR
from tracker import access, clock
from tracker.access import Actor
from tracker.choices import NotificationKind, Role
from tracker.exceptions import Conflict, DomainError
from tracker.models import User
from tracker.services.events import log_event
from tracker.services.notifications import notify_people

# Of one rule; who has more has one trouble and not a hundred.
MOST_STANDING = 100
# After so many repairs that did not help it is for a person.
MOST_REPAIRS = 3
REVIEWED_AT_ONCE = 50
KEPT_FOR = timedelta(days=90)
logger = logging.getLogger(__name__)


def visible_findings(actor: Actor) -> QuerySet[AuditFinding]:
    """The findings that `actor` may know of: all or none, as access.yaml says."""
    rows = AuditFinding.objects.all()
    return rows if access.decide(actor, "audit_findings", "list").is_for_all_rows else rows.none()


def settle_broken(rule: Rule, broken: Sequence[Broken]) -> int:
    """Keeps what breaks a rule, repairs it where that can be, and tells admins of the rest; how many are new.

    What a person accepted as it is stays accepted for as long as it is so.
    """
    is_told = AuditFinding.objects.filter(rule=rule.name, state=FindingState.OPEN).exists()
    new, standing = keep_findings(rule, broken)
    tried = [row for row in standing if rule.repair is not None and row.repairs < MOST_REPAIRS]
    if tried:
        repair_findings(rule, tried)
    flagged = [row for row in new if row.state == FindingState.OPEN]
    if flagged and not is_told:
        _tell_admins(rule, flagged)
    return len(new)


@transaction.atomic
def keep_findings(rule: Rule, broken: Sequence[Broken]) -> tuple[list[AuditFinding], list[AuditFinding]]:
    """The rows of what breaks a rule now: those that are new, and all that are open."""
    now = clock.now()
    standing = AuditFinding.objects.filter(rule=rule.name, state__in=STANDING_FINDINGS)
    known = {row.subject_id: row for row in standing}
    seen = [known[one.key] for one in broken if one.key in known]
    AuditFinding.objects.filter(pk__in=[row.pk for row in seen]).update(seen_at=now)
    fresh = [one for one in broken if one.key not in known][: max(MOST_STANDING - len(known), 0)]
    new = AuditFinding.objects.bulk_create(
        AuditFinding(
            rule=rule.name, subject_type=rule.subject, subject_id=one.key[:255], details=dict(one.details),
            found_at=now, seen_at=now,
        )
        for one in fresh
    )  # fmt: skip
    for row in new:
        _log(AUDITOR, "audit.found", row)
    return new, [*new, *(row for row in seen if row.state == FindingState.OPEN)]


def repair_findings(rule: Rule, rows: Sequence[AuditFinding], *, actor: Actor = AUDITOR) -> None:
    """Tries the rule's repair, and asks the rule whether it helped. A repair that breaks counts as tried."""
    AuditFinding.objects.filter(pk__in=[row.pk for row in rows]).update(repairs=F("repairs") + 1)
    keys = [row.subject_id for row in rows]
    try:
        if rule.repair is not None:
            rule.repair(keys)
        left = {one.key for one in rule.check(keys)}
    except (DatabaseError, DomainError):
        logger.exception("A repair broke.", extra={"operation": rule.name})
        return
    _end([row for row in rows if row.subject_id not in left], FindingState.REPAIRED, actor)


def review_standing() -> int:
    """Looks again at the findings that were not looked at for longest: some are gone by themselves; how many were."""
    rows = list(AuditFinding.objects.filter(state__in=STANDING_FINDINGS).order_by("seen_at", "id")[:REVIEWED_AT_ONCE])
    gone = 0
    for name in {row.rule for row in rows}:
        rule, mine = all_rules().get(name), [row for row in rows if row.rule == name]
        left = {one.key for one in rule.check([row.subject_id for row in mine])} if rule is not None else set()
        ended = [row for row in mine if row.subject_id not in left]
        still = [row for row in mine if row.subject_id in left]
        AuditFinding.objects.filter(pk__in=[row.pk for row in still]).update(seen_at=clock.now())
        _end(ended, FindingState.GONE, AUDITOR)
        gone += len(ended)
    return gone


def repair_finding(*, actor: Actor, finding: AuditFinding) -> AuditFinding:
    """Tries once more what the auditor would do by itself.

    Raises:
        PermissionDenied, NotAuthenticated: see access.yaml, audit_findings.transition.
        Conflict: it is not open, no repair is known that would not be a guess, or the repair did not help.
    """
    access.require(actor, "audit_findings", "transition")
    rule = all_rules().get(finding.rule)
    if finding.state != FindingState.OPEN:
        raise Conflict(f"It is not open but {finding.get_state_display().lower()}.")
    if rule is None or rule.repair is None:
        raise Conflict("No repair is known that would not be a guess; correct the row, or accept it as it is.")
    repair_findings(rule, [finding], actor=actor)
    finding.refresh_from_db()
    if finding.state == FindingState.OPEN:
        raise Conflict("The repair did not help.")
    return finding


@transaction.atomic
def accept_finding(*, actor: Actor, finding: AuditFinding) -> AuditFinding:
    """Says that this row stays as it is: nobody is told of it again while it does.

    Raises:
        PermissionDenied, NotAuthenticated: see access.yaml, audit_findings.transition.
        Conflict: it is not open.
    """
    access.require(actor, "audit_findings", "transition")
    changed = AuditFinding.objects.filter(pk=finding.pk, state=FindingState.OPEN).update(
        state=FindingState.ACCEPTED, resolved_at=clock.now(), resolved_by=actor.user
    )
    finding.refresh_from_db()
    if not changed:
        raise Conflict(f"It is not open but {finding.get_state_display().lower()}.")
    _log(actor, "audit.accepted", finding)
    return finding


def forget_old_findings() -> int:
    """Deletes what ended longer ago than three months; how many."""
    ended = AuditFinding.objects.exclude(state__in=STANDING_FINDINGS).filter(seen_at__lt=clock.now() - KEPT_FOR)
    return ended.delete()[0]


@transaction.atomic
def _end(rows: Iterable[AuditFinding], state: FindingState, actor: Actor) -> None:
    """Of two who end a finding one does."""
    now = clock.now()
    for row in rows:
        moment = {"repaired_at": now} if state == FindingState.REPAIRED else {"resolved_at": now}
        held = AuditFinding.objects.filter(pk=row.pk, state__in=STANDING_FINDINGS)
        if held.update(state=state, seen_at=now, **moment):
            row.state = state
            if state == FindingState.REPAIRED:
                _log(actor, "audit.repaired", row)


def _log(actor: Actor, verb: str, row: AuditFinding) -> None:
    data = {"rule": row.rule, "subject": f"{row.subject_type} {row.subject_id}"}
    log_event(actor=actor, verb=verb, obj=row, data=data)


def _tell_admins(rule: Rule, flagged: Sequence[AuditFinding]) -> None:
    more = f" and {len(flagged) - 1} more" if len(flagged) > 1 else ""
    notify_people(
        actor=AUDITOR,
        recipients=User.objects.filter(role=Role.ADMIN, is_active=True).order_by("pk"),
        kind=NotificationKind.OPERATION,
        object_type="auditfinding",
        object_id=str(flagged[0].pk),
        headline=f"Does not hold: {rule.name}"[:200],
        body=f"The auditor found {flagged[0].subject_type} {flagged[0].subject_id}{more}, and must not guess.",
    )
