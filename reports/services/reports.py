"""Asking for reports, finding them, and letting go of them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from reports.choices import UNFINISHED_STATES, ReportState
from reports.kinds import find_kind
from reports.kinds.contract import Kind
from reports.models import Report
from reports.services.digests import digest_question
from reports.services.parameters import check_parameters
from reports.services.quotas import check_room
from reports.services.report_news import log_report
from reports.tasks import RUN_REPORTS, ring
from tracker import access, clock
from tracker.access import Actor
from tracker.choices import Role
from tracker.exceptions import Conflict, InvalidInput, NotAuthenticated, NotFound, PermissionDenied
from tracker.files.keeping import forget_files
from tracker.models import Project
from tracker.row_ids import read_row_id
from tracker.services.projects import projects_of_person

# Each sees what was computed with rights like theirs or smaller ones.
REACH = {role: tuple(list(Role.values)[: place + 1]) for place, role in enumerate(Role.values)}
MAX_SCHEDULE_CHARACTERS = 200


def visible_reports(actor: Actor, action: str = "list") -> QuerySet[Report]:
    """The one rule of which reports an actor may see, or do `action` to: their own, and admins all.

    What somebody computed with greater rights than they have now is out of their reach, as are reports on projects
    that they may not know of. A token reaches no further than its owner.
    """
    decision = access.decide(actor, "reports", action)
    if not decision.is_allowed:
        return Report.objects.none()
    if actor.is_system:
        return Report.objects.all()
    person = actor.user
    if person is None:
        return Report.objects.none()
    if decision.is_for_all_rows and person.role == Role.ADMIN:
        return Report.objects.all()
    own = Report.objects.filter(owner=person, owner_role__in=REACH[person.role])
    if person.role == Role.REPORTER:
        own = own.filter(Q(project=None) | Q(project__in=projects_of_person(actor)))
    return own


def find_report(actor: Actor, name: str | int, action: str = "read") -> Report | None:
    """The report of this id, where the actor may know of it."""
    pk = read_row_id(str(name))
    return visible_reports(actor, action).filter(pk=pk).first() if pk is not None else None


def check_rights(actor: Actor, kind: Kind) -> None:
    """Whether the person behind `actor` may see what this kind of report counts.

    Raises:
        PermissionDenied, NotAuthenticated: see access.yaml, the kind's resources.
    """
    person = person_behind(actor)
    for resource in kind.resources:
        access.require(person, resource, "list")


def person_behind(actor: Actor) -> Actor:
    """A token's owner, for a token with the scope `reports` sees in them what its owner may."""
    return actor if actor.token_id is None or actor.user is None else Actor.of_user(actor.user)


def may_ask_for(actor: Actor, kind: Kind) -> bool:
    """Whether `request_report` would let this actor have such a report."""
    try:
        check_rights(actor, kind)
    except (NotAuthenticated, PermissionDenied):
        return False
    return access.may(actor, "reports", "create")


@transaction.atomic
def request_report(
    *,
    actor: Actor,
    kind: str,
    parameters: Mapping[str, Any],
    as_of: datetime | None = None,
    project: Project | None = None,
    schedule: str = "",
) -> Report:
    """Has a report made once the running transaction commits; where the same is under way already, that one.

    Args:
        parameters: as the kind's serializer takes them.
        as_of: the moment up to which history counts, not in the future; None for when the report begins.
        project: which it is about; without one, the project whose key is a parameter. Who may not see the project, may
            not see the report.
        schedule: the name of the schedule that asks.

    Raises:
        PermissionDenied, NotAuthenticated: see access.yaml, reports.create and the kind's resources.
        InvalidInput: no such kind, a parameter that is not right, a moment in the future.
        Throttled, QuotaExceeded: too many that are not finished, or kept.
    """
    access.require(actor, "reports", "create")
    chosen = find_kind(kind)
    check_rights(actor, chosen)
    if as_of is not None and as_of > clock.now():
        raise InvalidInput.of_field("as_of", "Must not be in the future.")
    checked = check_parameters(actor=person_behind(actor), kind=chosen, parameters=parameters)
    project = project or _find_project(checked)
    report = Report(
        kind=kind,
        parameters=checked,
        as_of=as_of,
        project=project,
        owner=actor.user,
        owner_label=actor.label[:120],
        owner_role=actor.user.role if actor.user is not None else "",
        schedule=schedule[:MAX_SCHEDULE_CHARACTERS],
        created_at=clock.now(),
    )
    report.digest = digest_question(
        kind=kind,
        parameters=checked,
        as_of=as_of,
        owner_role=report.owner_role,
        project_id=project.pk if project is not None else None,
    )
    return _store_or_join(actor, report)


def rerun_report(*, actor: Actor, report: Report) -> Report:
    """Asks the same again, as of the same moment: the answer has the same hash, where history was not told late.

    Raises: as `request_report`.
    """
    return request_report(
        actor=actor, kind=report.kind, parameters=report.parameters, as_of=report.as_of, project=report.project
    )


@transaction.atomic
def cancel_report(*, actor: Actor, report: Report) -> Report:
    """Ends a report that is not finished; whoever computes it stops within seconds.

    Raises:
        PermissionDenied, NotAuthenticated: see access.yaml, reports.transition. NotFound: it is out of reach.
        Conflict: it is finished.
    """
    access.require(actor, "reports", "transition")
    changed = _reachable(actor, report, "transition").filter(state__in=UNFINISHED_STATES)
    if not changed.update(state=ReportState.CANCELLED, finished_at=clock.now(), lease=None, leased_until=None):
        raise Conflict("This report is finished.")
    report.refresh_from_db()
    log_report(actor=actor, verb="report.cancelled", report=report)
    return report


@transaction.atomic
def delete_report(*, actor: Actor, report: Report) -> None:
    """Deletes a report and its file; one that is being computed is given up.

    Raises:
        PermissionDenied, NotAuthenticated: see access.yaml, reports.delete. NotFound: it is out of reach.
    """
    access.require(actor, "reports", "delete")
    row = _reachable(actor, report, "delete").select_for_update(of=("self",)).defer("result").first()
    if row is None:
        raise NotFound.unseen()
    if row.file_key:
        keys = [row.file_key]
        transaction.on_commit(lambda: forget_files(keys), robust=True)
    log_report(actor=actor, verb="report.deleted", report=row)
    row.delete()


def _find_project(parameters: Mapping[str, Any]) -> Project | None:
    key = parameters.get("project")
    return Project.objects.filter(key=key).first() if isinstance(key, str) and key else None


def _reachable(actor: Actor, report: Report, action: str) -> QuerySet[Report]:
    rows = visible_reports(actor, action).filter(pk=report.pk)
    if not rows.exists():
        raise NotFound.unseen()
    return rows


def _store_or_join(actor: Actor, report: Report) -> Report:
    same = Report.objects.filter(owner=report.owner, digest=report.digest, state__in=UNFINISHED_STATES)
    for _ in range(3):
        if (present := same.first()) is not None:
            return present
        check_room(report.owner)
        try:
            with transaction.atomic():
                report.save(force_insert=True)
        except IntegrityError:
            # Somebody asked the same at the same moment.
            continue
        asked = {"parameters": report.parameters, "as_of": report.as_of, "schedule": report.schedule}
        log_report(actor=actor, verb="report.requested", report=report, after=asked)
        ring(RUN_REPORTS)
        return report
    raise Conflict("The same report is being asked for by others at this moment; try again.")
