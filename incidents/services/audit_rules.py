"""What must hold of tickets, their clocks, and the alerts and deliveries that come of them."""
# ruff: noqa: S608 - put together from the constants of this file alone

from incidents.services.audit_clocks import find_other_clocks
from incidents.services.audit_registry import Rows, Rule, by_statement, declare
from incidents.services.audit_repairs import (
    fire_due,
    free_deliveries,
    replay_of_alerts,
    replay_of_clocks,
    replay_tickets,
    route_again,
)
from incidents.services.delivery_statements import WANTED

_TOLD_LATELY = "SELECT ticket_id FROM incidents_ticketevent ORDER BY id DESC LIMIT %(most)s"
TICKETS = Rows("incidents_ticket", f"SELECT DISTINCT ticket_id FROM ({_TOLD_LATELY}) AS told")
# Each takes a millisecond to be lived through.
SAMPLE = Rows("incidents_ticket", TICKETS.lately, most=8, rolled=8)
CLOCKS = Rows(
    "incidents_clock",
    f"""SELECT c.id FROM incidents_clock c WHERE c.ticket_id IN ({_TOLD_LATELY})
        UNION SELECT clock_id FROM (SELECT clock_id FROM incidents_alert ORDER BY id DESC LIMIT %(most)s) AS fired""",
    most=100,
)
ALERTS = Rows("incidents_alert")
HISTORY = Rows("incidents_ticketevent")
DELIVERIES = Rows("incidents_delivery")

_STEPS = """(SELECT version_id, percent, state, row_number() OVER (PARTITION BY version_id ORDER BY percent) AS place
               FROM incidents_escalationstep)"""
_IS_JUDGED = "(t.replay_requested_at IS NULL OR t.replay_requested_at > %(now)s)"
_LIVE = "c.state IN ('running', 'paused')"

declare(
    Rule(
        "a ticket event belongs to a ticket", "ticketevent",
        by_statement("""
        SELECT e.id::text FROM incidents_ticketevent e
         WHERE e.id = ANY(%(ids)s) AND NOT EXISTS (SELECT 1 FROM incidents_ticket t WHERE t.id = e.ticket_id)"""),
        HISTORY,
    ),
    Rule(
        # What was older when the log was last pruned may be gone; other lines of that time stay.
        "a ticket event names the line of the log that says who sent it", "ticketevent",
        by_statement("""
        SELECT e.id::text FROM incidents_ticketevent e
         WHERE e.id = ANY(%(ids)s) AND e.received_at >= coalesce(
                 (SELECT pruned_before FROM tracker_retentionpolicy WHERE kind = 'log'), '-infinity')
           AND NOT EXISTS (SELECT 1 FROM tracker_event l WHERE l.id = e.logged_in_id)"""),
        HISTORY,
    ),
    Rule(
        "a ticket has a history, and stands at its newest moment", "ticket",
        by_statement("""
        SELECT t.id::text FROM incidents_ticket t
          LEFT JOIN LATERAL (SELECT max(e.updated_at) AS newest FROM incidents_ticketevent e
                              WHERE e.ticket_id = t.id) h ON true
         WHERE t.id = ANY(%(ids)s) AND h.newest IS DISTINCT FROM t.updated_at"""),
        TICKETS,
        repair=replay_tickets,
    ),
    Rule(
        "a ticket's nearest deadlines are those of its live clocks", "ticket",
        by_statement(f"""
        SELECT t.id::text FROM incidents_ticket t
          LEFT JOIN LATERAL (SELECT min(c.due_at) AS due_at FROM incidents_clock c
                              WHERE c.ticket_id = t.id AND {_LIVE}) d ON true
          LEFT JOIN LATERAL (
            SELECT min(x.at) FILTER (WHERE s.state <> 'breach') AS alert_at,
                   min(x.at) FILTER (WHERE s.state = 'breach') AS breach_at
              FROM incidents_clock c CROSS JOIN LATERAL unnest(c.crossings) WITH ORDINALITY AS x(at, place)
              JOIN {_STEPS} s ON s.version_id = c.policy_id AND s.place = x.place
             WHERE c.ticket_id = t.id AND {_LIVE}) m ON true
         WHERE t.id = ANY(%(ids)s) AND {_IS_JUDGED}
           AND (t.due_at, t.alert_at, t.breach_at) IS DISTINCT FROM (d.due_at, m.alert_at, m.breach_at)"""),
        TICKETS,
        repair=replay_tickets,
    ),
    Rule(
        "a clock is what its ticket's history makes of it, counted the slow way", "ticket",
        find_other_clocks, SAMPLE, repair=replay_tickets, sample=500,
    ),
    Rule(
        "what asks to be judged anew is, within ten minutes", "ticket",
        by_statement("""
        SELECT id::text FROM incidents_ticket WHERE replay_requested_at < %(now)s - interval '10 minutes'"""),
        repair=replay_tickets,
    ),
    Rule(
        "a clock belongs to a ticket", "clock",
        by_statement("""
        SELECT c.id::text FROM incidents_clock c
         WHERE c.id = ANY(%(ids)s) AND NOT EXISTS (SELECT 1 FROM incidents_ticket t WHERE t.id = c.ticket_id)"""),
        CLOCKS,
    ),
    Rule(
        "a stopped clock has stopped somewhen, a live one has not", "clock",
        by_statement("""
        SELECT id::text FROM incidents_clock WHERE id = ANY(%(ids)s)
           AND state <> 'void' AND (state = 'stopped') <> (stopped_at IS NOT NULL)"""),
        CLOCKS,
        repair=replay_of_clocks,
    ),
    Rule(
        "a due clock is swept within five minutes", "clock",
        by_statement("SELECT id::text FROM incidents_clock WHERE next_check_at < %(now)s - interval '5 minutes'"),
        repair=fire_due,
    ),
    Rule(
        "a clock wakes for the next step that nobody was told of", "clock",
        by_statement(f"""
        SELECT c.id::text FROM incidents_clock c
         WHERE c.id = ANY(%(ids)s) AND c.state <> 'void' AND EXISTS (
           SELECT FROM unnest(c.crossings) WITH ORDINALITY AS x(at, place)
             JOIN {_STEPS} s ON s.version_id = c.policy_id AND s.place = x.place
            WHERE x.at IS NOT NULL AND (c.next_check_at IS NULL OR c.next_check_at > x.at)
              AND (x.at > %(now)s OR (s.percent > c.alerted_percent AND NOT EXISTS (
                   SELECT FROM incidents_alert a
                    WHERE a.clock_id = c.id AND a.percent = s.percent AND a.state <> 'withdrawn'))))"""),
        CLOCKS,
        repair=replay_of_clocks,
    ),
    Rule(
        "every step that a clock was alerted for has its alert", "clock",
        by_statement(f"""
        SELECT DISTINCT c.id::text FROM incidents_clock c JOIN {_STEPS} s ON s.version_id = c.policy_id
         WHERE c.id = ANY(%(ids)s) AND c.alerted_percent >= s.percent AND c.crossings[s.place] IS NOT NULL
           AND NOT EXISTS (SELECT 1 FROM incidents_alert a
                            WHERE a.clock_id = c.id AND a.percent = s.percent AND a.state <> 'withdrawn')"""),
        CLOCKS,
        repair=replay_of_clocks,
    ),
    Rule(
        "an alert belongs to a ticket", "alert",
        by_statement("""
        SELECT a.id::text FROM incidents_alert a
         WHERE a.id = ANY(%(ids)s) AND NOT EXISTS (SELECT 1 FROM incidents_ticket t WHERE t.id = a.ticket_id)"""),
        ALERTS,
    ),
    Rule(
        "no alert stands for a step that its clock was not alerted for", "alert",
        by_statement("""
        SELECT a.id::text FROM incidents_alert a JOIN incidents_clock c ON c.id = a.clock_id
         WHERE a.id = ANY(%(ids)s) AND a.state <> 'withdrawn' AND a.percent > c.alerted_percent"""),
        ALERTS,
        repair=replay_of_alerts,
    ),
    Rule(
        "no alert fires for a clock that has stopped", "alert",
        by_statement("""
        SELECT a.id::text FROM incidents_alert a JOIN incidents_clock c ON c.id = a.clock_id
         WHERE a.id = ANY(%(ids)s) AND a.state IN ('firing', 'acked') AND c.state IN ('stopped', 'void')"""),
        ALERTS,
        repair=replay_of_alerts,
    ),
    Rule(
        # A channel that was changed since may have wanted something else then.
        "an alert that fired today goes to every channel that wants it", "alert",
        by_statement(f"""
        SELECT DISTINCT a.id::text FROM incidents_alert a
          JOIN incidents_ticket t ON t.id = a.ticket_id
          LEFT JOIN tracker_project p ON p.id = t.project_id
          JOIN incidents_channel c ON c.is_enabled AND c.deleted_at IS NULL AND c.kind <> 'person'
           AND (a.channels = '[]' OR a.channels ? c.name) AND c.created_at < a.fired_at
           AND a.level >= coalesce((c.filters->>'min_level')::int, 0) AND {WANTED}
         WHERE a.id = ANY(%(ids)s) AND a.state IN ('firing', 'acked')
           AND a.crossed_at > %(now)s - interval '23 hours' AND a.crossed_at > a.fired_at - interval '23 hours'
           AND t.updated_at <= a.fired_at
           AND NOT EXISTS (SELECT FROM incidents_delivery d WHERE d.alert_id = a.id AND d.channel_id = c.id
                              AND d.notice = 'fired' AND d.round = a.round)
           AND NOT EXISTS (SELECT FROM tracker_event l WHERE l.object_type = 'channel' AND l.object_id = c.id::text
                              AND l.verb = 'channel.updated' AND l.at >= a.fired_at)"""),
        ALERTS,
        repair=route_again,
    ),
    Rule(
        "a lease ends", "delivery",
        by_statement("""
        SELECT id::text FROM incidents_delivery
         WHERE status = 'leased' AND (leased_until IS NULL OR next_attempt_at IS NULL
                                      OR leased_until < %(now)s - interval '5 minutes')"""),
        repair=free_deliveries,
    ),
    Rule(
        "what is pending has a next attempt", "delivery",
        by_statement("SELECT id::text FROM incidents_delivery WHERE status = 'pending' AND next_attempt_at IS NULL"),
        repair=free_deliveries,
    ),
    Rule(
        "what is sent was attempted", "delivery",
        by_statement("""
        SELECT id::text FROM incidents_delivery WHERE id = ANY(%(ids)s)
           AND status = 'sent' AND (sent_at IS NULL OR (attempts = 0 AND digest_of_id IS NULL))"""),
        DELIVERIES,
    ),
)  # fmt: skip
