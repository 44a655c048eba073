"""One number for what a set of ticket events has become, whatever the order, batches and time in which it came."""

import hashlib
from typing import Final

from django.db import connection, transaction

# Left out: keys and times of receipt, which tell how the events came, and what sweeps have made of the clocks.
STATEMENTS: Final = (
    """
    SELECT t.external_id, t.priority, t.customer_tier, t.status, t.category, t.title, t.description, t.url, p.key,
           t.sender_assignee, t.attributes, t.created_at, t.updated_at, t.sequence, t.due_at, t.alert_at, t.breach_at,
           t.is_open, t.has_sla
      FROM incidents_ticket t LEFT JOIN tracker_project p ON p.id = t.project_id
     ORDER BY t.external_id COLLATE "C"
    """,
    """
    SELECT t.external_id, encode(e.fingerprint, 'hex'), e.updated_at, e.sequence, e.created_at, e.priority,
           e.customer_tier, e.status, e.extra
      FROM incidents_ticketevent e JOIN incidents_ticket t ON t.id = e.ticket_id
     ORDER BY t.external_id COLLATE "C", e.fingerprint
    """,
    """
    SELECT t.external_id, c.kind, c.cycle, v.number, c.target_minutes, c.state, c.verdict, c.started_at, c.stopped_at,
           c.due_at, c.elapsed_seconds, c.anchor_at, c.crossings
      FROM incidents_clock c JOIN incidents_ticket t ON t.id = c.ticket_id
      JOIN incidents_policyversion v ON v.id = c.policy_id
     WHERE c.state <> 'void' ORDER BY t.external_id COLLATE "C", c.kind, c.cycle
    """,
)


@transaction.atomic
def hash_state() -> str:
    """SHA-256 (hex) over all tickets, their history, and their clocks with the verdicts."""
    digest = hashlib.sha256()
    with connection.cursor() as cursor:
        # Everything is read: where there are no statistics yet, the planner might go row by row for minutes.
        cursor.execute("SET LOCAL enable_nestloop = off")
        for statement in STATEMENTS:
            digest.update(b"\x1d")
            with cursor.copy(f"COPY ({statement}) TO STDOUT") as copy:
                for block in copy:
                    digest.update(block)
        cursor.execute("SET LOCAL enable_nestloop = on")
    return digest.hexdigest()
