"""Making reports: each is claimed, computed outside of the claim's transaction, and ended under its own lease."""

import logging
import time
from datetime import datetime

from celery.exceptions import SoftTimeLimitExceeded
from django.db import DatabaseError, OperationalError
from psycopg.errors import QueryCanceled

from incidents.models import PolicyVersion
from incidents.services.policy_versions import ensure_default_policy
from reports.choices import ReportState
from reports.kinds import find_kind
from reports.kinds.contract import Kind, Question, WithFile
from reports.models import Report
from reports.services.leases import Claim, claim_report, hold_slot, take_back_lost
from reports.services.report_ends import Answer, fail_report, finish_report, settle_result
from reports.services.report_news import RUNNER
from reports.services.report_rights import REACH, check_rights
from reports.services.snapshots import open_snapshot, settled_moment
from reports.services.watching import ReportStopped, Watch
from reports.tasks import RUN_REPORTS, ring
from tracker.access import Actor
from tracker.exceptions import DomainError, PermissionDenied
from tracker.files.keeping import forget_files

MOST_POLICY_VERSIONS = 100
NO_MEMORY = "It needs more memory than a worker has; ask for less at once."
NO_TIME = "It took longer than a statement may; ask for less at once."
logger = logging.getLogger(__name__)


def run_due_reports(*, stop_after_seconds: float = 40.0) -> int:
    """Makes the reports that wait, one after the other, until none does or the time is over; answers how many ended.

    Safe to run anywhere at any time: where enough others are at it, it only looks after reports of lost workers.
    """
    stop_at, ended = time.monotonic() + stop_after_seconds, 0
    take_back_lost()
    with hold_slot() as has_slot:
        while has_slot and time.monotonic() < stop_at and (claim := claim_report()) is not None:
            ended += run_report(claim)
    if has_slot and Report.objects.filter(state=ReportState.PENDING).exists():
        ring(RUN_REPORTS)
    return ended


def run_report(claim: Claim) -> bool:
    """Computes one report and writes how it ended; False where it was not this run that ended it."""
    report, lease = claim.report, claim.lease
    try:
        answer = _compute(claim)
    except ReportStopped:
        return False
    except DomainError as error:
        return fail_report(report, lease=lease, reason=error.message)
    except MemoryError:
        reason = NO_MEMORY
    except SoftTimeLimitExceeded:
        reason = NO_TIME
    except OperationalError as error:
        if not isinstance(error.__cause__, QueryCanceled):
            # The database is away: not the report's fault. The lease ends, and somebody tries again.
            raise
        reason = NO_TIME
    except Exception as error:
        logger.exception("A report broke.", extra={"operation": report.kind})
        reason = f"Internal error: {type(error).__name__}."
    else:
        return _finish(claim, answer)
    return fail_report(report, lease=lease, reason=reason)


def _finish(claim: Claim, answer: Answer) -> bool:
    is_ours = False
    try:
        is_ours = finish_report(claim.report, lease=claim.lease, answer=answer)
    finally:
        if not is_ours and answer.file is not None:
            forget_files([answer.file.storage_key])
    return is_ours


def _compute(claim: Claim) -> Answer:
    report = claim.report
    kind, actor = find_kind(report.kind), _owner_of(report)
    check_rights(actor, kind)
    _settle_moment(claim)
    if kind.reads_policy:
        ensure_default_policy()
    with Watch(claim) as watch:
        question = Question(actor, report.parameters, _moment_of(report), watch.tell)
        try:
            with open_snapshot():
                computed, versions = kind.compute(question), _policy_versions(kind, question)
        except DatabaseError:
            if watch.is_stopped:
                raise ReportStopped from None
            raise
    made = computed if isinstance(computed, WithFile) else WithFile(computed, None)
    try:
        answer = Answer(settle_result(made.result), versions, made.file)
        # What cannot be shown is not ready.
        kind.present(answer.result, report.parameters)
    except BaseException:
        if made.file is not None:
            forget_files([made.file.storage_key])
        raise
    return answer


def _owner_of(report: Report) -> Actor:
    """Whose rights bound the report: its owner's as they are now, which must not have become smaller.

    Raises:
        PermissionDenied: they have.
    """
    if report.owner_id is None:
        return RUNNER
    owner = report.owner
    if owner is None or not owner.is_active or report.owner_role not in REACH[owner.role]:
        raise PermissionDenied("Whoever asked for it has lost the rights to see it.")
    return Actor.of_user(owner)


def _settle_moment(claim: Claim) -> None:
    """Says up to when history counts, where nobody did; another attempt keeps it."""
    report = claim.report
    if report.as_of is None:
        report.as_of = settled_moment()
        Report.objects.filter(pk=report.pk, lease=claim.lease).update(as_of=report.as_of)


def _moment_of(report: Report) -> datetime:
    if report.as_of is None:
        raise RuntimeError("A report is computed as of a moment.")
    return report.as_of


def _policy_versions(kind: Kind, question: Question) -> list[int]:
    if not kind.reads_policy:
        return []
    effective = PolicyVersion.objects.filter(effective_at__lte=question.as_of).order_by("-number")
    return sorted(effective.values_list("number", flat=True)[:MOST_POLICY_VERSIONS])
