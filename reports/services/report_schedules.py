"""Reports that come by themselves: each round of a schedule asks for a report for each of its recipients.

A report is its recipient's own, computed with their rights: what stands in the letter, behind its link and in its file
is what they may see anyway, and nobody must judge what a sum gives away.
"""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django_celery_beat.models import PeriodicTask

from reports.exports.documents import DOCUMENT_FORMATS
from reports.kinds import find_kind
from reports.models import Report, ReportMailing, ReportRound
from reports.services.parameters import check_parameters
from reports.services.report_news import RUNNER
from reports.services.reports import delete_report, request_report
from tracker import clock
from tracker.access import Actor
from tracker.exceptions import DomainError, FieldError, InvalidInput
from tracker.models import User
from tracker.schedule_times import last_due, read_when
from tracker.services.events import log_event

GENERATE_REPORT = "reports.sweeps.generate_report"
MAX_RECIPIENTS = 20
LEAST_SECONDS = 15 * 60
# Older ones make room, so that a schedule never uses up what a person may keep.
KEPT_OF_A_SCHEDULE = 60
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Order:
    """What a schedule asks for."""

    kind: str
    parameters: Mapping[str, Any]
    recipients: Sequence[str]
    file_format: str = ""


def read_order(kwargs: Mapping[str, Any]) -> Order:
    """The order that a periodic task's arguments hold.

    Raises:
        InvalidInput: names what is wrong: `kind`, `parameters.NAME`, `recipients` or `format`.
    """
    parameters, recipients = kwargs.get("parameters") or {}, kwargs.get("recipients")
    if not isinstance(parameters, Mapping):
        raise InvalidInput.of_field("parameters", "Must be an object.")
    # Judged as Tracker itself: whether a recipient may ask for it is seen when it comes to them.
    check_parameters(actor=RUNNER, kind=find_kind(str(kwargs.get("kind", ""))), parameters=parameters)
    order = Order(str(kwargs["kind"]), parameters, _read_recipients(recipients), str(kwargs.get("format") or ""))
    if order.file_format and order.file_format not in DOCUMENT_FORMATS:
        raise InvalidInput.of_field("format", f"Choose one of {', '.join(DOCUMENT_FORMATS)}, or none.")
    return order


def order_due_reports() -> int:
    """Asks for the reports of every schedule that has come round; answers how many were asked for.

    Any number of workers may run it. A schedule that is new, was changed or is off begins with its next time.
    """
    rows = PeriodicTask.objects.filter(task=GENERATE_REPORT).select_related("interval", "crontab").order_by("pk")
    now, names, count = clock.now(), [], 0
    for row in rows:
        names.append(row.name)
        try:
            count += _order_round(row, now)
        except Exception:
            # One schedule that breaks must not keep the others, or reports that wait, from being made.
            logger.exception("A schedule of reports broke.", extra={"schedule": row.name})
    ReportRound.objects.exclude(schedule__in=names).delete()
    return count


@transaction.atomic
def _order_round(row: PeriodicTask, now: datetime) -> int:
    when = read_when(row)
    if when is None:
        logger.warning("A schedule's time is none that Tracker knows.", extra={"schedule": row.name})
        return 0
    due_at, times = last_due(when, now), str(when)
    # A row that somebody else is at needs nobody twice.
    _, is_new = ReportRound.objects.get_or_create(schedule=row.name, defaults={"times": times, "due_at": due_at})
    last = ReportRound.objects.select_for_update(skip_locked=True).filter(schedule=row.name).first()
    if is_new or last is None or (last.times == times and last.due_at >= due_at):
        return 0
    is_round = last.times == times and row.enabled
    last.times, last.due_at = times, due_at
    last.save()
    return _order_reports(row.name, row.kwargs, due_at) if is_round else 0


def _order_reports(schedule: str, kwargs: str, due_at: datetime) -> int:
    try:
        order = read_order(json.loads(kwargs))
    except (InvalidInput, ValueError) as error:
        _log_refusal(schedule, "", str(error))
        return 0
    people = {person.email.lower(): person for person in User.objects.filter(email__in=order.recipients)}
    count = 0
    for address in order.recipients:
        person = people.get(address)
        if person is None or not person.is_active or person.is_unconfirmed:
            _log_refusal(schedule, address, "Nobody active has this address.")
            continue
        try:
            with transaction.atomic():
                _order_report(schedule, order, person, due_at)
            count += 1
        except DomainError as error:
            _log_refusal(schedule, address, error.message)
    return count


def _order_report(schedule: str, order: Order, person: User, due_at: datetime) -> None:
    actor = Actor.of_user(person)
    _make_room(actor, schedule)
    report = request_report(actor=actor, kind=order.kind, parameters=order.parameters, as_of=due_at, schedule=schedule)
    ReportMailing.objects.create(report=report, person=person, file_format=order.file_format, created_at=clock.now())


def _make_room(actor: Actor, schedule: str) -> None:
    own = Report.objects.filter(owner=actor.user, schedule=schedule, finished_at__isnull=False).order_by("-id")
    for report in own.defer("result")[KEPT_OF_A_SCHEDULE - 1 : 2 * KEPT_OF_A_SCHEDULE]:
        delete_report(actor=RUNNER, report=report)


def _read_recipients(recipients: Any) -> list[str]:
    if not isinstance(recipients, list) or not 1 <= len(recipients) <= MAX_RECIPIENTS:
        raise InvalidInput.of_field("recipients", f"1 to {MAX_RECIPIENTS} e-mail addresses.")
    faults, addresses = [], []
    for place, text in enumerate(recipients):
        try:
            validate_email(text)
            addresses.append(text.lower())
        except (ValidationError, TypeError):
            faults.append(FieldError("recipients", "This is no e-mail address.", place))
    if faults:
        raise InvalidInput("recipients: each must be an e-mail address.", details=faults)
    return list(dict.fromkeys(addresses))


def _log_refusal(schedule: str, address: str, reason: str) -> None:
    log_event(
        actor=RUNNER,
        verb="schedule.refused",
        object_type="schedule",
        object_id=schedule,
        data={"recipient": address, "reason": reason[:500]},
    )
