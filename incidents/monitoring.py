"""What tickets, incidents, alerts and deliveries add to /healthz and /metrics."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from incidents import enrichment
from incidents.choices import Notice, RunState
from incidents.models import Alert, Clock, Delivery, EnrichmentRun, Incident, Ticket
from incidents.services.sla_file import sla_file_state
from tracker import clock, gauges, health
from tracker.gauges import count_by, estimate_rows
from tracker.health import Check, Grade
from tracker.models import Event

DELIVERIES_ARE_LATE_AFTER = timedelta(seconds=60)
DEAD_ONES_MATTER_FOR = timedelta(hours=24)


def incidents_created() -> int:
    """How many incidents have ever been reported: those that there are, and those that were deleted."""
    return estimate_rows(Incident._meta.db_table) + Event.objects.filter(verb="incident.deleted").count()


def delivery_queue_age_seconds() -> float:
    """How long the oldest delivery that is due has waited; 0 where none is."""
    return _age(
        Delivery.objects.filter(status__in=["pending", "leased"]).order_by("next_attempt_at"), "next_attempt_at"
    )


def due_clock_age_seconds() -> float:
    """How long the oldest deadline that is due has waited for its sweep; 0 where none is."""
    return _age(Clock.objects.filter(next_check_at__isnull=False).order_by("next_check_at"), "next_check_at")


def look_up_age_seconds() -> float:
    """How long the oldest look-up about an incident that is due has waited; 0 where none is."""
    waiting = EnrichmentRun.objects.filter(state=RunState.PENDING).order_by("next_attempt_at")
    names = (*enrichment.LOCAL, *enrichment.REMOTE)
    return max(_age(waiting.filter(provider=name), "next_attempt_at") for name in names)


def _age(rows: QuerySet[Any], column: str) -> float:
    oldest = rows.values_list(column, flat=True).first()
    return max(0.0, (clock.now() - oldest).total_seconds()) if oldest else 0.0


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
    age = GaugeMetricFamily("tracker_queue_age_seconds", "Wait of the oldest piece of due work.", labels=["queue"])
    age.add_metric(["deliveries"], delivery_queue_age_seconds())
    age.add_metric(["clocks"], due_clock_age_seconds())
    age.add_metric(["enrichments"], look_up_age_seconds())
    tickets = CounterMetricFamily("tracker_tickets_created", "Tickets taken in.")
    tickets.add_metric([], estimate_rows(Ticket._meta.db_table))
    incidents = CounterMetricFamily("tracker_incidents_created", "Incidents reported.")
    incidents.add_metric([], incidents_created())
    yield from (alerts, fired, deliveries, age, tickets, incidents)


health.register(
    Check("deliveries", _check_deliveries, is_vital=False),
    Check("sla_config", _check_sla_config, is_vital=False),
)
gauges.register("incidents", _collect)
gauges.register_total("incidents_created", incidents_created)
