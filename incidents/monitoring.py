"""What tickets, incidents, alerts and deliveries add to /healthz and /metrics."""

from collections.abc import Iterator
from datetime import timedelta

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from incidents import enrichment
from incidents.choices import UNFINISHED_TRIALS, Notice, RunState
from incidents.models import Alert, Channel, Clock, Delivery, EnrichmentRun, Incident, PolicyTrial, Ticket
from incidents.services.sla_file import sla_file_state
from tracker import clock, gauges, health, queues
from tracker.gauges import count_by, estimate_rows
from tracker.health import Check, Grade
from tracker.models import Event, Notification
from tracker.queues import Queue, age_of_first

DELIVERIES_ARE_LATE_AFTER = timedelta(seconds=60)
DEAD_ONES_MATTER_FOR = timedelta(hours=24)
FAILING_AFTER = 3


def incidents_created() -> int:
    """How many incidents have ever been reported: those that there are, and those that were deleted."""
    return estimate_rows(Incident._meta.db_table) + Event.objects.filter(verb="incident.deleted").count()


def delivery_queue_age_seconds() -> float:
    """How long the oldest delivery that is due has waited; 0 where none is."""
    waiting = Delivery.objects.filter(status__in=["pending", "leased"])
    return age_of_first(waiting.order_by("next_attempt_at"), "next_attempt_at")


def due_clock_age_seconds() -> float:
    """How long the oldest deadline that is due has waited for its sweep; 0 where none is."""
    return age_of_first(Clock.objects.filter(next_check_at__isnull=False).order_by("next_check_at"), "next_check_at")


def look_up_age_seconds() -> float:
    """How long the oldest look-up about an incident that is due has waited; 0 where none is."""
    waiting = EnrichmentRun.objects.filter(state=RunState.PENDING).order_by("next_attempt_at")
    names = (*enrichment.LOCAL, *enrichment.REMOTE)
    return max(age_of_first(waiting.filter(provider=name), "next_attempt_at") for name in names)


def letter_age_seconds() -> float:
    """How long the oldest notification whose letter is due has waited; 0 where none is."""
    return age_of_first(Notification.objects.filter(mail_at__isnull=False).order_by("mail_at"), "mail_at")


def replay_age_seconds() -> float:
    """How long the oldest ticket that is to be judged anew has waited; 0 where none is."""
    waiting = Ticket.objects.filter(replay_requested_at__isnull=False).order_by("replay_requested_at")
    return age_of_first(waiting, "replay_requested_at")


def trial_age_seconds() -> float:
    """How long the oldest preview of a policy that nobody works on has waited; 0 where none does."""
    waiting = PolicyTrial.objects.filter(state__in=UNFINISHED_TRIALS, leased_until=None).order_by("pk")
    return age_of_first(waiting, "created_at")


def _check_deliveries() -> Grade:
    """Late ones mean that nobody sends; dead ones that somebody was not told."""
    if delivery_queue_age_seconds() > DELIVERIES_ARE_LATE_AFTER.total_seconds():
        return Grade.FAILED
    # One person's dead mailbox is no trouble of ours.
    dead = Delivery.objects.filter(status="dead").exclude(notice=Notice.LETTER)
    has_dead = dead.filter(created_at__gt=clock.now() - DEAD_ONES_MATTER_FOR).exists()
    return Grade.DEGRADED if has_dead else Grade.OK


def _check_sla_config() -> Grade:
    return Grade.DEGRADED if sla_file_state().word == "bad" else Grade.OK


def _collect() -> Iterator[Metric]:
    alerts = GaugeMetricFamily("tracker_alerts", "Alerts by state.", labels=["state"])
    for state, count in count_by(Alert._meta.db_table, "state").items():
        alerts.add_metric([state], count)
    fired = CounterMetricFamily("tracker_alerts_fired", "Alerts ever, by what was reached.", labels=["sla_state"])
    for sla_state, count in count_by(Alert._meta.db_table, "sla_state").items():
        fired.add_metric([sla_state], count)
    deliveries = GaugeMetricFamily("tracker_deliveries", "Deliveries by outcome.", labels=["status"])
    for status, count in count_by(Delivery._meta.db_table, "status").items():
        deliveries.add_metric([status], count)
    failing = GaugeMetricFamily("tracker_channels_failing", "Channels whose last attempts all failed.")
    failing.add_metric([], Channel.objects.filter(deleted_at=None, consecutive_failures__gte=FAILING_AFTER).count())
    tickets = CounterMetricFamily("tracker_tickets_created", "Tickets taken in.")
    tickets.add_metric([], estimate_rows(Ticket._meta.db_table))
    incidents = CounterMetricFamily("tracker_incidents_created", "Incidents reported.")
    incidents.add_metric([], incidents_created())
    yield from (alerts, fired, deliveries, failing, tickets, incidents)


health.register(
    Check("deliveries", _check_deliveries, is_vital=False),
    Check("sla_config", _check_sla_config, is_vital=False),
)
queues.register(
    Queue("clocks", "Deadlines that passed", "sweep_sla", due_clock_age_seconds),
    Queue("deliveries", "Deliveries", "deliver", delivery_queue_age_seconds),
    Queue("enrichments", "Look-ups about incidents", "enrich", look_up_age_seconds, is_held_back=True),
    Queue("letters", "Notifications to be mailed", "mail_people", letter_age_seconds),
    Queue("replays", "Tickets to be judged anew", "replay_tickets", replay_age_seconds),
    Queue("trials", "Previews of policies", "run_trials", trial_age_seconds, is_held_back=True),
)
gauges.register("incidents", _collect)
gauges.register_total("incidents_created", incidents_created)
