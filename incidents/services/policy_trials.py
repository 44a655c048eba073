"""Trials of a policy: asked for, worked out in the background, and published from where they stand.

A trial writes nothing but its own row. Who may publish may ask for one and publish it; who may read the policy may read
its figures.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import QuerySet

from incidents.choices import UNFINISHED_TRIALS, AppliesTo, TrialState
from incidents.models import PolicyTrial, PolicyVersion
from incidents.services.policies import hold_policy
from incidents.services.policy_documents import parse_document, read_document, read_rendered, render_document
from incidents.services.policy_versions import (
    check_policy,
    ensure_default_policy,
    publish_version,
    refuse_while_file_owns,
)
from incidents.sla.document_writer import lay_out
from incidents.sla.documents import SLADocument
from incidents.sla.errors import SpecError
from incidents.tasks import RUN_TRIALS, ring
from tracker import access, clock
from tracker.access import Actor
from tracker.exceptions import Conflict, InvalidInput
from tracker.services.events import log_event

BACKTEST_DAYS: Final = 90
MOST_BACKTEST_DAYS: Final = 366
MOST_UNFINISHED = 20


def visible_trials(actor: Actor) -> QuerySet[PolicyTrial]:
    """The trials that `actor` may know of: all or none, as with the versions."""
    may_know = access.decide(actor, "sla_policies", "list").is_for_all_rows
    return PolicyTrial.objects.all() if may_know else PolicyTrial.objects.none()


@transaction.atomic
def request_trial(
    *,
    actor: Actor,
    document: SLADocument,
    applies_to: str = AppliesTo.OPEN,
    effective_at: datetime | None = None,
    note: str = "",
    calendar: str = "",
    backtest_days: int = BACKTEST_DAYS,
) -> PolicyTrial:
    """Asks what publishing `document` would do; every way of publishing is worked out, whatever `applies_to` says.

    Args:
        calendar: the one that is changed, where the change is about a calendar.
        backtest_days: how many days' verdicts are compared with what they would have been.

    Raises:
        PermissionDenied: see access.yaml, sla_policies.create.
        InvalidInput: the document has faults; `details` names each by its path.
        Conflict: MOST_UNFINISHED trials are waiting already.
    """
    access.require(actor, "sla_policies", "create")
    check_policy(document, applies_to, note)
    if not 1 <= backtest_days <= MOST_BACKTEST_DAYS:
        raise InvalidInput.of_field("backtest_days", f"Must be 1 to {MOST_BACKTEST_DAYS}.")
    if PolicyTrial.objects.filter(state__in=UNFINISHED_TRIALS).count() >= MOST_UNFINISHED:
        raise Conflict(f"{MOST_UNFINISHED} previews are being worked out already; wait for one of them.")
    trial = PolicyTrial.objects.create(
        document=render_document(document),
        calendar=calendar,
        applies_to=applies_to,
        effective_at=effective_at,
        note=note,
        backtest_days=backtest_days,
        based_on=ensure_default_policy(),
        owner=actor.user,
        created_at=clock.now(),
    )
    data = {"calendar": calendar, "backtest_days": backtest_days, "applies_to": applies_to}
    log_event(actor=actor, verb="policy.previewed", obj=trial, data=data)
    ring(RUN_TRIALS)
    return trial


def request_policy_trial(*, actor: Actor, text: str, note: str = "", backtest_days: int = BACKTEST_DAYS) -> PolicyTrial:
    """As `request_trial`, for a policy in the words of the SLA file; faults are named below `policy`."""
    access.require(actor, "sla_policies", "create")
    document = parse_document(text, root="policy")
    return request_trial(
        actor=actor,
        document=document,
        applies_to=document.applies_to,
        effective_at=document.effective_at,
        note=note,
        backtest_days=backtest_days,
    )


def request_calendar_trial(
    *, actor: Actor, calendars: Mapping[str, Any], note: str = "", backtest_days: int = BACKTEST_DAYS
) -> PolicyTrial:
    """As `request_trial`, for the newest policy with other calendars, in the words of the SLA file.

    Raises:
        As `request_trial`; InvalidInput where no rule counts by one of them; Conflict where no file can say the policy.
    """
    access.require(actor, "sla_policies", "create")
    try:
        words = lay_out(read_document(ensure_default_policy()))
    except SpecError as error:
        raise Conflict(f"The policy cannot be written as a file ({error}); preview the whole of it.") from None
    words["calendars"] = {**words.get("calendars", {}), **calendars}
    document = parse_document(json.dumps(words, ensure_ascii=False))
    for name in calendars:
        if name not in document.calendars:
            raise InvalidInput.of_field(f"calendars.{name}", "No rule counts by a calendar of this name.")
    names = ", ".join(calendars)[:60]
    return request_trial(actor=actor, document=document, note=note, calendar=names, backtest_days=backtest_days)


def read_trial_document(trial: PolicyTrial) -> SLADocument:
    """The policy that is tried."""
    return read_rendered(trial.document, trial.applies_to)  # type: ignore[arg-type]


@transaction.atomic
def apply_trial(*, actor: Actor, trial: PolicyTrial, applies_to: str, note: str = "") -> PolicyVersion:
    """Publishes what was tried, in the way that `applies_to` says, if the policy is still the one it was tried against.

    Raises:
        As `publish_version`; Conflict also where the trial is not ready, was published, or the policy has changed.
    """
    access.require(actor, "sla_policies", "create")
    refuse_while_file_owns()
    hold_policy(is_exclusive=True)
    trial = PolicyTrial.objects.select_for_update().get(pk=trial.pk)
    if trial.state != TrialState.READY:
        raise Conflict(f"The preview is {trial.get_state_display().lower()}; only one that is ready can be published.")
    if trial.published_as is not None:
        raise Conflict(f"It was published as version {trial.published_as.number} already.")
    if not is_based_on_newest(trial):
        raise Conflict("The policy has changed since; the figures say nothing about it. Preview again.")
    version = publish_version(
        actor=actor,
        document=read_trial_document(trial),
        applies_to=applies_to,
        effective_at=trial.effective_at,
        note=note or trial.note,
    )
    trial.published_as = version
    trial.save(update_fields=["published_as"])
    return version


def is_based_on_newest(trial: PolicyTrial) -> bool:
    """Whether the policy is still the one that the trial compares with."""
    newest = PolicyVersion.objects.order_by("-number").values_list("pk", flat=True).first()
    return newest is not None and trial.based_on_id == newest


def delete_trial(*, actor: Actor, trial: PolicyTrial) -> None:
    """Takes a trial away; one that is being worked out stops.

    Raises:
        PermissionDenied: see access.yaml, sla_policies.delete.
    """
    access.require(actor, "sla_policies", "delete")
    trial.delete()
