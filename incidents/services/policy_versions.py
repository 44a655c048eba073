"""New versions of the policy: published as a whole, never in the past, so that what is judged stays judged."""

from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Model, QuerySet

from incidents.choices import AppliesTo, PolicySource
from incidents.models import Calendar, PolicyTrial, PolicyVersion, Ticket
from incidents.services.policies import current_book, hold_policy
from incidents.services.policy_documents import (
    make_default_document,
    parse_document,
    read_document,
    read_steps,
    render_document,
    store_document,
)
from incidents.sla.document_checks import check_document
from incidents.sla.document_writer import write_sla_document
from incidents.sla.documents import SLADocument
from incidents.sla.errors import SpecError
from incidents.sla.policies import Version
from incidents.tasks import REPLAY_TICKETS, ring
from tracker import access, clock
from tracker.access import Actor
from tracker.exceptions import Conflict, FieldError, InvalidInput
from tracker.services.events import log_event

MAX_NOTE_CHARACTERS = 300
M = TypeVar("M", bound=Model)


def ensure_default_policy() -> PolicyVersion:
    """The newest version. The built-in one is made where there is none, and followed by a next one where the settings'
    thresholds have changed since; whoever publishes a policy of their own has its thresholds from then on."""
    current_book()
    newest = PolicyVersion.objects.order_by("-number")[0]
    if _follows_settings(newest):
        return newest
    with transaction.atomic():
        hold_policy(is_exclusive=True)
        newest = PolicyVersion.objects.order_by("-number")[0]
        if _follows_settings(newest):
            return newest
        document = replace(read_document(newest), steps=make_default_document().steps)
        return publish_version(
            actor=Actor.system("default"),
            document=document,
            source=PolicySource.DEFAULT,
            note="ALERT_THRESHOLD or BREACH_THRESHOLD was changed",
        )


def _follows_settings(newest: PolicyVersion) -> bool:
    is_default = newest.source == PolicySource.DEFAULT
    return not is_default or read_steps(newest.steps.all()) == make_default_document().steps


@transaction.atomic
def publish_version(
    *,
    actor: Actor,
    document: SLADocument,
    applies_to: str = AppliesTo.OPEN,
    effective_at: datetime | None = None,
    source: str = PolicySource.ADMIN,
    note: str = "",
) -> PolicyVersion:
    """Publishes the next version, whole or not at all; open tickets are asked to be replayed when it takes effect.

    Args:
        applies_to: which tickets that are there already it governs from then on: none (`new`), the open ones with the
            time used so far (`open`), or the open ones from their start (`rebase`).
        effective_at: aware; None or anything in the past means at once. At once may be up to 5 minutes ahead, where
            a sender's clock is: a version never takes effect before anything that is known already.

    Raises:
        PermissionDenied: see access.yaml, sla_policies.create.
        Conflict: SLA_CONFIG_PATH owns the policy.
        InvalidInput: the document has faults; `details` names each by its path.
    """
    access.require(actor, "sla_policies", "create")
    if source == PolicySource.ADMIN:
        refuse_while_file_owns()
    check_policy(document, applies_to, note)
    hold_policy(is_exclusive=True)
    current_book()
    previous = PolicyVersion.objects.order_by("-number")[0]
    before = _render(previous)
    earliest = find_earliest_moment()
    if source == PolicySource.FILE:
        _withdraw_scheduled(actor, after=earliest)
    version = store_document(
        document,
        number=previous.number + 1,
        effective_at=max(effective_at or earliest, earliest),
        applies_to=applies_to,
        source=source,
        note=note,
        created_by=actor.user,
    )
    if version is None:
        raise Conflict("Another version was published at the same time; try again.")
    _announce(actor, version, before)
    return version


def _announce(actor: Actor, version: PolicyVersion, before: dict[str, Any]) -> None:
    """Logs the new version, and asks for the replay of the tickets that it governs."""
    names = ("applies_to", "effective_at", "source", "note")
    data = {name: getattr(version, name) for name in names}
    log_event(actor=actor, verb="policy.published", obj=version, before=before, after=_render(version), data=data)
    if version.applies_to != AppliesTo.NEW:
        Ticket.objects.filter(is_open=True).request_replay(at=version.effective_at)
        ring(REPLAY_TICKETS)


def _render(version: PolicyVersion) -> dict[str, Any]:
    return {"number": version.number, **render_document(read_document(version))}


def publish_policy(*, actor: Actor, text: str, note: str = "") -> PolicyVersion:
    """Publishes what `text` says, in the words of the SLA file (YAML or JSON).

    Raises:
        As `publish_version`; InvalidInput names each fault by its path below `policy`.
    """
    access.require(actor, "sla_policies", "create")
    refuse_while_file_owns()
    document = parse_document(text, root="policy")
    applies_to, effective_at = document.applies_to, document.effective_at
    return publish_version(actor=actor, document=document, applies_to=applies_to, effective_at=effective_at, note=note)


def export_version(*, actor: Actor, version: PolicyVersion) -> str:
    """A version as the SLA file that says the same.

    Raises:
        PermissionDenied: see access.yaml, sla_policies.export.
        Conflict: no file can say it.
    """
    access.require(actor, "sla_policies", "export")
    try:
        return write_sla_document(read_document(version))
    except SpecError as error:
        raise Conflict(f"This version cannot be written as a file: {error}.") from None


def visible_versions(actor: Actor) -> QuerySet[PolicyVersion]:
    """The versions that `actor` may know of: all or none, as access.yaml says."""
    return _all_or_none(actor, PolicyVersion.objects.all())


def visible_calendars(actor: Actor) -> QuerySet[Calendar]:
    """The calendars that `actor` may know of: all or none, as access.yaml says."""
    return _all_or_none(actor, Calendar.objects.all())


def _all_or_none(actor: Actor, rows: QuerySet[M]) -> QuerySet[M]:
    return rows if access.decide(actor, "sla_policies", "list").is_for_all_rows else rows.none()


def version_in_force() -> Version:
    """The version that a ticket which begins now goes by."""
    book = current_book()
    return book.base_version(clock.now()) or book.versions[0]


@transaction.atomic
def withdraw_version(*, actor: Actor, version: PolicyVersion) -> None:
    """Takes a version back that has not taken effect yet.

    Raises:
        PermissionDenied: see access.yaml, sla_policies.delete.
        Conflict: it is in effect, or SLA_CONFIG_PATH owns the policy.
    """
    access.require(actor, "sla_policies", "delete")
    refuse_while_file_owns()
    hold_policy(is_exclusive=True)
    version = PolicyVersion.objects.select_for_update().get(pk=version.pk)
    if version.effective_at <= clock.now():
        raise Conflict(f"Version {version.number} is in effect; publish another one instead.")
    _delete(actor, version)


def refuse_while_file_owns() -> None:
    """Raises Conflict while a file owns the policy."""
    if settings.SLA_CONFIG_PATH:
        raise Conflict(f"The file at SLA_CONFIG_PATH ({settings.SLA_CONFIG_PATH}) owns the policy; change it there.")


def check_policy(document: SLADocument, applies_to: str, note: str) -> None:
    """Raises InvalidInput that names every fault by its path."""
    faults = [FieldError(error.path, error.message) for error in check_document(document)]
    if applies_to not in AppliesTo.values:
        faults.append(FieldError("applies_to", f"must be one of {', '.join(AppliesTo.values)}"))
    if len(note) > MAX_NOTE_CHARACTERS or "\x00" in note:
        faults.append(FieldError("note", f"may have {MAX_NOTE_CHARACTERS} characters, without NUL"))
    if faults:
        raise InvalidInput("There are faults in the policy; nothing was published.", details=faults)


def find_earliest_moment() -> datetime:
    """When a version may take effect: now, or with the last thing that senders whose clocks are ahead have told, so
    that what has stopped is not judged again."""
    latest = Ticket.objects.aggregate(latest=Max("updated_at"))["latest"]
    now = clock.now()
    return max(now, latest) if latest is not None else now


def _withdraw_scheduled(actor: Actor, *, after: datetime) -> None:
    for version in PolicyVersion.objects.filter(effective_at__gt=after):
        _delete(actor, version)


def _delete(actor: Actor, version: PolicyVersion) -> None:
    before = {**_render(version), "effective_at": version.effective_at}
    log_event(actor=actor, verb="policy.withdrawn", obj=version, before=before)
    # Not by cascade, which would look for clocks through the whole table: none can refer to it yet.
    PolicyTrial.objects.filter(based_on=version).update(based_on=None)
    PolicyTrial.objects.filter(published_as=version).update(published_as=None)
    version.rules.all().delete()
    version.steps.all().delete()
    PolicyVersion.objects.filter(pk=version.pk)._raw_delete("default")
