"""Repairs: each does what the ordinary services do with such rows, and nothing that would have to be guessed."""

import uuid
from collections.abc import Sequence

from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.db.models import F, Max, Q
from django.db.models.functions import Coalesce, Greatest

from incidents.choices import DeliveryStatus, Notice, RunState
from incidents.models import Alert, Clock, Delivery, EnrichmentRun, Issue, Ticket
from incidents.services.alerts import sweep_due_clocks
from incidents.services.deliveries import log_deliveries, route_alerts
from incidents.services.enrichment_rows import mend_stuck
from incidents.services.enrichments import take_back_lost
from incidents.services.mailings import mail_people_due
from incidents.services.replays import replay_requested, request_replay
from incidents.tasks import DELIVER, ring
from tracker import clock
from tracker.access import Actor
from tracker.models import Factory, ProductionPoint, Project, User
from tracker.services.partitions import create_partitions
from tracker.services.production import lock_factory

# A repair is part of a pass, which must not go on for long.
MAX_SECONDS = 10.0
AUDITOR = Actor.system("audit")


def replay_tickets(keys: Sequence[str]) -> None:
    """Judges tickets anew from their history, and tells what comes of it."""
    request_replay(Ticket.objects.filter(pk__in=keys))
    replay_requested(max_seconds=MAX_SECONDS)
    sweep_due_clocks(max_seconds=MAX_SECONDS)


def replay_of_clocks(keys: Sequence[str]) -> None:
    """Judges the tickets of these clocks anew."""
    replay_tickets([str(pk) for pk in Clock.objects.filter(pk__in=keys).values_list("ticket_id", flat=True)])


def replay_of_alerts(keys: Sequence[str]) -> None:
    """Judges the tickets of these alerts anew."""
    replay_tickets([str(pk) for pk in Alert.objects.filter(pk__in=keys).values_list("ticket_id", flat=True)])


def fire_due(keys: Sequence[str]) -> None:
    """Does what the sweep should have done."""
    sweep_due_clocks(max_seconds=MAX_SECONDS)


@transaction.atomic
def route_again(keys: Sequence[str]) -> None:
    """Writes the deliveries of alerts that are missing; those that are there stay as they are."""
    route_alerts([int(key) for key in keys], notice=Notice.FIRED)


@transaction.atomic
def free_deliveries(keys: Sequence[str]) -> None:
    """Makes deliveries due that nobody would take up again; they go out under the key of before."""
    unsent = Q(status=DeliveryStatus.LEASED) | Q(status=DeliveryStatus.PENDING, next_attempt_at=None)
    now = clock.now()
    is_held = Q(status=DeliveryStatus.LEASED, leased_until__gt=now, next_attempt_at__isnull=False)
    rows = Delivery.objects.filter(unsent & ~is_held, pk__in=keys).select_for_update(no_key=True)
    ids = list(rows.values_list("pk", flat=True))
    Delivery.objects.filter(pk__in=ids).update(
        status=DeliveryStatus.PENDING, lease=None, leased_until=None, next_attempt_at=now
    )
    log_deliveries(actor=AUDITOR, verb="delivery.retried", ids=ids)
    ring(DELIVER)


def mend_incidents(keys: Sequence[str]) -> None:
    """Makes the rows of look-ups that are missing, or writes what they came to."""
    with transaction.atomic():
        mend_stuck()


def take_back_look_ups(keys: Sequence[str]) -> None:
    """Frees look-ups whose worker is gone; one that has no term has had it."""
    lost = EnrichmentRun.objects.filter(pk__in=keys, state=RunState.RUNNING, leased_until=None)
    lost.update(leased_until=clock.now(), lease=Coalesce("lease", uuid.uuid4()))
    take_back_lost()


def write_letters_due(keys: Sequence[str]) -> None:
    """Does what the sweep of letters should have done."""
    mail_people_due(max_seconds=MAX_SECONDS)


@transaction.atomic
def raise_issue_numbers(keys: Sequence[str]) -> None:
    """Sets projects' counters to the highest number that was given away."""
    for project in Project.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk"):
        highest = Issue.objects.filter(project=project).aggregate(highest=Max("number"))["highest"] or 0
        Project.objects.filter(pk=project.pk).update(last_issue_number=Greatest(F("last_issue_number"), highest))


@transaction.atomic
def regroup_people(keys: Sequence[str]) -> None:
    """Puts people into the one group of their role, which decides."""
    for person in User.objects.filter(pk__in=keys).order_by("pk"):
        person.groups.set([Group.objects.get(name=str(person.role))])


@transaction.atomic
def recount_points(keys: Sequence[str]) -> None:
    """Counts the points of factories."""
    for row in Factory.objects.filter(pk__in=keys).order_by("pk"):
        factory = lock_factory(row)
        factory.points_count = ProductionPoint.objects.filter(factory=factory).count()
        factory.save(update_fields=["points_count"])


def make_months(keys: Sequence[str]) -> None:
    """Makes the partitions of the months to come."""
    create_partitions(actor=AUDITOR)


def raise_sequences(keys: Sequence[str]) -> None:
    """Sets sequences behind the highest number of their table; never back."""
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        for table in keys:
            cursor.execute(
                "SELECT setval(pg_get_serial_sequence(%s, 'id')::regclass, greatest("  # noqa: S608 - a table of ours
                f"nextval(pg_get_serial_sequence(%s, 'id')::regclass), (SELECT max(id) FROM {quote(table)})))",
                [table, table],
            )
