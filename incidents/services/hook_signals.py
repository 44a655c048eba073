"""What a signal does: opens an incident or an issue, adds to the one that is open, or closes it."""

import hashlib
from dataclasses import dataclass

from django.db import IntegrityError, transaction

from incidents.choices import HookTarget, IncidentLinkKind, IncidentStatus, IssueLinkKind
from incidents.intake.hooks.signals import Signal, not_later_than
from incidents.models import Hook, HookSignal, Incident, Issue
from incidents.services.carriers import Thing
from incidents.services.hook_rules import Plan, find_default_category
from incidents.services.incident_links import link_incident
from incidents.services.incident_moves import finish_incident
from incidents.services.incidents import Origin, create_incident
from incidents.services.issue_links import link_issues
from incidents.services.issue_moves import finish_issue
from incidents.services.issues import create_issue
from incidents.services.outside_comments import keep_outside_comment
from tracker import clock
from tracker.access import Actor
from tracker.exceptions import Conflict

# A sender that flaps with an ever new text is counted, and no longer quoted.
MAX_TOLD = 20
MAX_TRIES = 3


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one signal: opened, appended, closed, updated, unchanged, unknown, ignored or refused."""

    fingerprint: str
    result: str
    subject: Thing | None = None
    note: str = ""


def take_signal(*, actor: Actor, hook: Hook, signal: Signal, plan: Plan) -> Result:
    """Does what the signal says, in the transaction of its call.

    Raises:
        DomainError: what the incident's or issue's own services refuse.
    """
    if not signal.is_firing:
        return _close(actor, hook, signal)
    if plan.target == HookTarget.IGNORE:
        return Result(signal.fingerprint, "ignored", note=f"By the rule {plan.rule}.")
    row, is_new = open_signal(hook, signal.fingerprint)
    return _open(actor, hook, signal, plan, row) if is_new else _append(actor, hook, signal, row)


def open_signal(hook: Hook, fingerprint: str) -> tuple[HookSignal, bool]:
    """The open row of this fingerprint, locked, and whether it is new; of many who meet here one makes it.

    Raises:
        Conflict: others opened and closed it each time.
    """
    now = clock.now()
    for _ in range(MAX_TRIES):
        row = find_open(hook, fingerprint)
        if row is not None:
            return row, False
        try:
            # Whoever comes second waits here until the first has committed, and then finds its row.
            with transaction.atomic():
                return HookSignal.objects.create(hook=hook, fingerprint=fingerprint, first_at=now, last_at=now), True
        except IntegrityError:
            continue
    raise Conflict("Others tell of this at the same moment; try again.")


def find_open(hook: Hook, fingerprint: str) -> HookSignal | None:
    """The open row of this fingerprint, locked."""
    rows = HookSignal.objects.select_for_update(of=("self",), no_key=True).select_related("incident", "issue__project")
    return rows.filter(hook=hook, fingerprint=fingerprint, is_open=True).first()


def close_signal(row: HookSignal) -> None:
    """Ends it: what fires next opens anew."""
    row.is_open, row.last_at = False, clock.now()
    row.closed_at = row.last_at
    row.save(update_fields=["is_open", "closed_at", "last_at"])


def _open(actor: Actor, hook: Hook, signal: Signal, plan: Plan, row: HookSignal) -> Result:
    subject = _make_incident(actor, hook, signal, plan) if plan.target == HookTarget.INCIDENT else None
    row.incident = subject
    if subject is None:
        row.issue = _make_issue(actor, hook, signal, plan)
    row.text_digest = _digest(signal)
    row.save(update_fields=["incident", "issue", "text_digest"])
    made: Thing = row.incident or row.issue  # type: ignore[assignment]
    before = HookSignal.objects.filter(hook=hook, fingerprint=signal.fingerprint, is_open=False).order_by("-id").first()
    note = f"By the rule {plan.rule}." if plan.rule else ""
    if before is not None and _link(actor, made, before):
        note = f"{note} It fired before.".strip()
    return Result(signal.fingerprint, "opened", made, note)


def _make_incident(actor: Actor, hook: Hook, signal: Signal, plan: Plan) -> Incident:
    values = {
        "category": plan.category or find_default_category(),
        "title": plan.title,
        "description": signal.text,
        "severity": plan.severity,
        "project": plan.project,
        "occurred_at": not_later_than(signal.occurred_at, clock.now()),
    }
    return create_incident(actor=actor, values=values, origin=Origin(reporter_label=_name(hook)))


def _make_issue(actor: Actor, hook: Hook, signal: Signal, plan: Plan) -> Issue:
    values = {"title": plan.title, "description": signal.text, "severity": plan.severity}
    issue = create_issue(actor=actor, values=values, project=plan.project)
    issue.reporter_label = _name(hook)
    issue.save(update_fields=["reporter_label"])
    return issue


def _name(hook: Hook) -> str:
    """Who reported it, where that is no person."""
    return f"{hook.get_kind_display()}: {hook}"


def _append(actor: Actor, hook: Hook, signal: Signal, row: HookSignal) -> Result:
    subject = row.incident or row.issue
    row.count, row.last_at, digest = row.count + 1, clock.now(), _digest(signal)
    is_news = digest != row.text_digest and row.told_count < MAX_TOLD
    if is_news and subject is not None and signal.text:
        keep_outside_comment(actor=actor, thing=subject, body=signal.text, author_label=str(hook))
        row.told_count += 1
    row.text_digest = digest
    row.save(update_fields=["count", "last_at", "text_digest", "told_count"])
    is_done = subject is not None and subject.status == IncidentStatus.DONE
    return Result(signal.fingerprint, "appended", subject, "It is done here, and still fires." if is_done else "")


def _close(actor: Actor, hook: Hook, signal: Signal) -> Result:
    row = find_open(hook, signal.fingerprint)
    if row is None:
        return Result(signal.fingerprint, "unknown", note="It ended, and nothing of it is open here.")
    close_signal(row)
    subject = row.incident or row.issue
    if isinstance(subject, Incident):
        subject = finish_incident(actor=actor, incident=subject)
    elif isinstance(subject, Issue):
        subject = finish_issue(actor=actor, issue=subject)
    return Result(signal.fingerprint, "closed", subject)


def _link(actor: Actor, made: Thing, before: HookSignal) -> bool:
    """Whether what fired before is still there, and linked now."""
    other = before.incident or before.issue
    if other is None:
        return False
    if isinstance(made, Incident):
        link_incident(actor=actor, incident=made, target=other, kind=IncidentLinkKind.RELATES)
    elif isinstance(other, Incident):
        link_incident(actor=actor, incident=other, target=made, kind=IncidentLinkKind.RELATES)
    else:
        link_issues(actor=actor, source=made, target=other, kind=IssueLinkKind.RELATES)
    return True


def _digest(signal: Signal) -> str:
    return hashlib.sha256(f"{signal.title}\n{signal.text}".encode("utf-8", "replace")).hexdigest()
