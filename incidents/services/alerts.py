"""Alerts: fired once per threshold by the sweep, and corrected when a late event changes what is known."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from django.db import connection, transaction
from django.db.models import QuerySet

from incidents.choices import AlertState, Notice
from incidents.models import Alert
from incidents.services.alert_statements import ADVANCE, CLAIM, FIRE, LOG_CHANGE, REOPEN, RESOLVE, WITHDRAW
from incidents.services.deliveries import route_alerts
from incidents.tasks import SWEEP_SLA, ring
from tracker import access, clock
from tracker.access import Actor
from tracker.exceptions import Conflict
from tracker.realtime import ring_stream
from tracker.services.events import log_event

BATCH_SIZE = 1_000


@dataclass(frozen=True, slots=True)
class SweepResult:
    """What one sweep did."""

    clocks: int
    alerts: int


class ClockOutcome(NamedTuple):
    """What a replay made of a clock that has alerts: those for other thresholds than `crossed` were never due."""

    clock_id: int
    is_stopped: bool
    crossed: list[float]


def sweep_due_clocks(*, batch_size: int = BATCH_SIZE, max_seconds: float = math.inf) -> SweepResult:
    """Fires the alerts of every threshold that is crossed and not yet told, batch by batch, each in a transaction.

    Any number of sweeps may run at once: each takes rows that no other holds. The cost is by what is due, not by what
    is open. After `max_seconds` no further batch is begun; the rest is rung for.
    """
    clocks = alerts = 0
    ends_at = time.monotonic() + max_seconds
    while True:
        taken, fired = _sweep_batch(batch_size)
        clocks += taken
        alerts += fired
        if taken < batch_size:
            break
        if time.monotonic() > ends_at:
            ring(SWEEP_SLA)
            break
    return SweepResult(clocks, alerts)


@transaction.atomic
def _sweep_batch(batch_size: int) -> tuple[int, int]:
    now = clock.now()
    actor = Actor.system("sweep")
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, [now, batch_size])
        places = [row[0] for row in cursor.fetchall()]
        if not places:
            return 0, 0
        cursor.execute(FIRE, {"places": places, "now": now, "actor": actor.label})
        fired = [row[0] for row in cursor.fetchall()]
        cursor.execute(ADVANCE, {"places": places, "now": now})
    if fired:
        route_alerts(fired, notice=Notice.FIRED)
        ring_stream()
    return len(places), len(fired)


def settle_alerts(outcomes: Sequence[ClockOutcome], *, gone: Sequence[int], now: datetime) -> None:
    """Brings alerts in line with what a replay showed: withdraws what was not crossed, resolves what has stopped.

    Args:
        outcomes: the replayed clocks that had alerts.
        gone: clocks that the history does not know any more; all their alerts are withdrawn.
        now: when this became known.
    """
    if not outcomes and not gone:
        return
    table = [outcome._asdict() for outcome in outcomes]
    table += [{"clock_id": pk, "is_stopped": True, "crossed": []} for pk in gone]
    parameters: dict[str, Any] = {"table": orjson.dumps(table).decode(), "now": now}
    _change(WITHDRAW, parameters, Notice.WITHDRAWN)
    _change(RESOLVE, parameters, Notice.RESOLVED)
    with connection.cursor() as cursor:
        cursor.execute(REOPEN, parameters)


def _change(sql: str, parameters: dict[str, Any], notice: Notice) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        ids = [row[0] for row in cursor.fetchall()]
        if not ids:
            return
        cursor.execute(LOG_CHANGE, {"ids": ids, "now": parameters["now"], "verb": f"alert.{notice}"})
    route_alerts(ids, notice=notice)
    ring_stream()


def visible_alerts(actor: Actor) -> QuerySet[Alert]:
    """The alerts that `actor` may know of: all or none, as access.yaml says. Who may only acknowledge may know too."""
    may_know = any(access.decide(actor, "alerts", action).is_for_all_rows for action in ("list", "transition"))
    return Alert.objects.all() if may_know else Alert.objects.none()


@transaction.atomic
def acknowledge_alert(*, actor: Actor, alert: Alert) -> Alert:
    """Says that somebody has taken an alert on; of two who say so at once, one is told that the other did.

    Raises:
        PermissionDenied, NotAuthenticated: the actor may not.
        Conflict: it is not firing any more.
    """
    access.require(actor, "alerts", "transition")
    now = clock.now()
    changed = Alert.objects.filter(pk=alert.pk, state=AlertState.FIRING).update(
        state=AlertState.ACKED, acknowledged_at=now, acknowledged_by=actor.user
    )
    alert.refresh_from_db()
    if not changed:
        raise Conflict(
            f"The alert is {alert.get_state_display().lower()}; only one that is firing can be acknowledged."
        )
    data = {
        "alert_id": alert.pk,
        "ticket_id": alert.ticket.external_id,
        "sla_type": alert.kind,
        "state": alert.sla_state,
        "details": alert.details,
        "escalation_level": alert.level,
        "timestamp": now,
    }
    before, after = {"state": AlertState.FIRING.value}, {"state": AlertState.ACKED.value}
    log_event(actor=actor, verb="alert.acknowledged", obj=alert, before=before, after=after, data=data)
    return alert
