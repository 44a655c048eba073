"""P19: a pass of the auditor among a million alerts, and what is planted there found by one."""

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.db import connection

from incidents.intake.tickets import ingest_rows
from incidents.models import Alert, AuditFinding, AuditMark, Channel, Clock, Delivery, Ticket, TicketEvent
from incidents.services.alerts import sweep_due_clocks
from incidents.services.audit_passes import audit_lately
from incidents.testing.bench.events import TABLES, make_policy
from tracker import clock
from tracker.access import Actor
from tracker.models import Notification, User
from tracker.testing.bench import Bench, Finding, at_least, at_most, workload

GOAL_MILLISECONDS = 50
ALERTS_A_TICKET = 2
# How the copies of a row differ; `n` counts them. The rows of one ticket have neighbouring keys.
COPIES: tuple[tuple[type[Any], dict[str, str]], ...] = (
    (Ticket, {"id": "id + n", "external_id": "'COPY-' || n"}),
    (TicketEvent, {"id": "id + n", "ticket_id": "ticket_id + n"}),
    (Clock, {"id": "id + n * 2", "ticket_id": "ticket_id + n"}),
    (Alert, {"id": "id + n * 2", "ticket_id": "ticket_id + n", "clock_id": "clock_id + n * 2"}),
    (Delivery, {"id": "id + n * 2", "alert_id": "alert_id + n * 2", "key": "gen_random_uuid()"}),
)
SEND = """
UPDATE incidents_delivery SET status = 'sent', attempts = 1, sent_at = created_at, next_attempt_at = NULL
"""
# Each breaks another rule, at one of the newest tickets; %s is that ticket.
_ALERT = "(SELECT min(id) FROM incidents_alert WHERE ticket_id = %s)"
_CLOCK = "(SELECT max(id) FROM incidents_clock WHERE ticket_id = %s)"
PLANTS = (
    # Told by the reference alone, which looks at few.
    f"UPDATE incidents_clock SET elapsed_seconds = 60 WHERE id = {_CLOCK}",
    f"DELETE FROM incidents_delivery WHERE alert_id = {_ALERT}",
    "UPDATE incidents_delivery SET status = 'leased', leased_until = now() - interval '1 hour'"
    f" WHERE alert_id = {_ALERT}",
    f"UPDATE incidents_delivery SET status = 'pending', next_attempt_at = NULL WHERE alert_id = {_ALERT}",
    f"UPDATE incidents_delivery SET attempts = 0 WHERE alert_id = {_ALERT}",
    f"UPDATE incidents_alert SET state = 'withdrawn' WHERE id = {_ALERT}",
    f"UPDATE incidents_clock SET next_check_at = now() - interval '1 hour' WHERE id = {_CLOCK}",
    f"UPDATE incidents_clock SET next_check_at = NULL WHERE id = {_CLOCK}",
    f"UPDATE incidents_clock SET stopped_at = now() WHERE id = {_CLOCK}",
    "UPDATE incidents_ticket SET updated_at = updated_at + interval '1 second' WHERE id = %s",
    "UPDATE incidents_ticket SET due_at = now() WHERE id = %s",
    "UPDATE incidents_ticketevent SET logged_in_id = 999999999999 WHERE ticket_id = %s",
    f"UPDATE incidents_alert SET ticket_id = 0 WHERE id = {_ALERT}",
    "UPDATE incidents_clock SET alerted_percent = 0 WHERE ticket_id = %s",
)


@workload("P19", "a pass of the auditor among 1,000,000 alerts; what is planted there found by one")
def measure(bench: Bench) -> Iterator[Finding]:
    """Tickets an hour old, each with two clocks, two alerts and two deliveries that were sent."""
    alerts = bench.pick(20_000, 1_000_000)
    AuditFinding.objects.all().delete()
    AuditMark.objects.all().delete()
    fill(bench, alerts // ALERTS_A_TICKET)
    if found := audit_lately().found:
        raise RuntimeError(f"{found} findings where all should be well.")
    times = []
    for _ in range(bench.pick(20, 100)):
        started = time.perf_counter()
        audit_lately()
        times.append((time.perf_counter() - started) * 1000)
    times.sort()
    yield at_most(
        f"a pass among {alerts:,} alerts, p95",
        times[int(len(times) * 0.95)],
        GOAL_MILLISECONDS,
        unit=" ms",
        median=f"{times[len(times) // 2]:.1f} ms",
        most=f"{times[-1]:.1f} ms",
    )
    plant()
    audit_lately()
    rules = AuditFinding.objects.values_list("rule", flat=True).distinct().order_by("rule")
    yield at_least(f"{len(PLANTS) + 2} planted, told by one pass", len(rules), 12, unit=" rules")


def fill(bench: Bench, tickets: int) -> None:
    """One ticket by the ordinary way, and so many copies of all that belongs to it."""
    bench.empty(*TABLES)
    make_policy()
    Channel.objects.all().delete()
    Channel.objects.create(name="bench", kind="webhook", url="http://127.0.0.1:9/")
    Channel.objects.update(created_at=clock.now() - timedelta(days=1))
    moment = clock.now() - timedelta(hours=1)
    row = {
        "id": "CASE", "priority": "high", "customer_tier": "gold", "status": "new",
        "created_at": moment, "updated_at": moment,
    }  # fmt: skip
    ingest_rows(actor=Actor.system("bench"), rows=[row])
    if sweep_due_clocks().alerts != ALERTS_A_TICKET:
        raise RuntimeError("The shipped policy promises something else.")
    bench.execute(SEND)
    for model, changes in COPIES:
        fields = [field for field in model._meta.concrete_fields if not field.generated]
        columns = ", ".join(str(field.column) for field in fields)
        values = ", ".join(changes.get(str(field.column), str(field.column)) for field in fields)
        table = model._meta.db_table
        bench.execute(
            f"INSERT INTO {table} ({columns}) SELECT {values} FROM {table}, generate_series(1, {tickets - 1}) n"
        )
        bench.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")
        bench.execute(f"VACUUM ANALYZE {table}")


def plant() -> None:
    """One inconsistency each at the newest tickets; a letter that nobody writes, and a person in no group."""
    newest = Ticket.objects.order_by("-id").values_list("pk", flat=True)[: len(PLANTS)]
    with connection.cursor() as cursor:
        for statement, ticket in zip(PLANTS, newest, strict=True):
            cursor.execute(statement, [ticket])
    person = User(email="bench@example.com", role="maintainer")
    person.save()
    person.groups.clear()
    long_ago = clock.now() - timedelta(hours=1)
    Notification.objects.create(recipient=person, kind="assigned", headline="x", created_at=long_ago, mail_at=long_ago)
