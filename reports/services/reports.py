"""Asking for reports, finding them, and letting go of them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from reports.choices import UNFINISHED_STATES, ReportState
from reports.kinds import find_kind
from reports.models import Report
from reports.services.digests import digest_question
from reports.services.parameters import check_parameters
from reports.services.quotas import check_room
from reports.services.report_news import log_report
from reports.services.report_rights import (
    check_rights,
    check_taking,
    find_report,
    may_ask_for,
    person_behind,
    visible_reports,
)
from reports.tasks import RUN_REPORTS, ring
from tracker import access, clock
from tracker.access import Actor
from tracker.exceptions import Conflict, InvalidInput, NotFound
from tracker.files.keeping import forget_files
from tracker.models import Project
from tracker.periods import FIRST_YEAR

MAX_SCHEDULE_CHARACTERS = 200

__all__ = [
    "cancel_report",
    "delete_report",
    "find_report",
    "may_ask_for",
    "request_report",
    "rerun_report",
    "visible_reports",
]


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
        PermissionDenied, NotAuthenticated: see access.yaml, reports.create, the kind's resources and what it takes out.
        InvalidInput: no such kind, a parameter that is not right, a moment in the future.
        Throttled, QuotaExceeded: too many that are not finished, or kept.
    """
    access.require(actor, "reports", "create")
    chosen = find_kind(kind)
    check_rights(actor, chosen)
    if as_of is not None and as_of > clock.now():
        raise InvalidInput.of_field("as_of", "Must not be in the future.")
    if as_of is not None and as_of.year < FIRST_YEAR:
        raise InvalidInput.of_field("as_of", f"Must not be before {FIRST_YEAR}.")
    checked = check_parameters(actor=person_behind(actor), kind=chosen, parameters=parameters)
    check_taking(actor, chosen, checked)
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
    report.digest = _digest(report)
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


def _digest(report: Report) -> str:
    return digest_question(
        kind=report.kind,
        parameters=report.parameters,
        as_of=report.as_of,
        owner_role=report.owner_role,
        project_id=report.project_id,
    )


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
