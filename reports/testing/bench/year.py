"""A year of work for the bench: issues, incidents and tickets, begun at a steady pace and mostly done by now."""

from tracker.testing.bench import Bench

_PROJECTS = """
INSERT INTO tracker_project (key, name, last_issue_number, created_at)
SELECT 'BENCH' || i, 'Project ' || i, 0, now() FROM generate_series(1, 20) i
"""
_STATUSES = """
INSERT INTO incidents_ticketstatus (key, name, category, is_guessed, created_at)
SELECT word, word, category, false, now() FROM (VALUES ('new', 'new'), ('in progress', 'active'),
    ('waiting', 'waiting'), ('resolved', 'resolved')) AS words(word, category) ON CONFLICT DO NOTHING
"""
_WORK = """
INSERT INTO incidents_{name} ({columns}, title, description, description_html, severity, status, reporter_label, source,
    source_id, created_at, updated_at, done_at)
SELECT {values}, '{name} ' || i, '', '', (ARRAY['low', 'medium', 'high', 'critical'])[1 + i %% 4],
    CASE WHEN done_at < now() THEN 'DONE' WHEN at + interval '9 hours' < now() THEN 'TRIAGED' ELSE 'OPEN' END, '', '',
    '', at, at, CASE WHEN done_at < now() THEN done_at END
FROM generate_series(1, %(count)s) i, LATERAL (SELECT now() - i * interval '365 days' / %(count)s AS at) a,
    LATERAL (SELECT at + (1 + i %% 90) * interval '7 hours' AS done_at) d,
    (SELECT array_agg(id ORDER BY id) AS ids FROM tracker_project) p
"""
_SPANS = """
INSERT INTO incidents_{name}span ({name}_id, status, severity, project_id, started_at, ended_at, started_by)
SELECT r.id, s.status, r.severity, r.project_id, s.started_at, s.ended_at, ''
FROM incidents_{name} r, LATERAL (SELECT least(coalesce(r.done_at, now()), r.created_at + interval '9 hours') AS at) t,
LATERAL (VALUES
    ('OPEN', r.created_at, CASE WHEN r.status <> 'OPEN' THEN t.at END),
    ('TRIAGED', CASE WHEN r.status <> 'OPEN' THEN t.at END, r.done_at),
    ('DONE', r.done_at, NULL)
) AS s(status, started_at, ended_at) WHERE s.started_at IS NOT NULL
"""
_TICKETS = """
INSERT INTO incidents_ticket (external_id, priority, customer_tier, status, category, title, description, url,
    sender_assignee, attributes, project_id, created_at, updated_at, received_at, is_open, has_sla)
SELECT 'T-' || i, (ARRAY['low', 'medium', 'high', 'urgent'])[1 + i %% 4], 'gold',
    CASE WHEN is_open THEN 'new' ELSE 'resolved' END, CASE WHEN is_open THEN 'new' ELSE 'resolved' END,
    '', '', '', '', '{}', p.ids[1 + i %% 20], at, CASE WHEN is_open THEN at ELSE at + interval '2 days' END, at,
    is_open, true
FROM generate_series(1, %(count)s) i, LATERAL (SELECT now() - i * interval '365 days' / %(count)s AS at) a,
    LATERAL (SELECT at + interval '2 days' > now() AS is_open) o,
    (SELECT array_agg(id ORDER BY id) AS ids FROM tracker_project) p
"""
_EVENTS = """
INSERT INTO incidents_ticketevent (ticket_id, fingerprint, updated_at, created_at, priority, customer_tier, status,
    extra, received_at)
SELECT t.id, decode(md5(t.id || '/' || s.status), 'hex'), s.at, t.created_at, t.priority, 'gold', s.status,
    jsonb_build_object('project', p.key), s.at
FROM incidents_ticket t JOIN tracker_project p ON p.id = t.project_id, LATERAL (VALUES
    ('new', t.created_at), ('in progress', t.created_at + interval '1 hour'),
    ('waiting', t.created_at + interval '9 hours'), ('resolved', t.created_at + interval '2 days')
) AS s(status, at) WHERE s.status = 'new' OR NOT t.is_open
"""
_CLOCKS = """
INSERT INTO incidents_clock (ticket_id, kind, cycle, policy_id, target_minutes, state, verdict, started_at, stopped_at,
    elapsed_seconds, anchor_at, crossings, alerted_percent, escalation_level)
SELECT t.id, k.kind, 1, 1, 480, 'stopped', CASE WHEN t.id % 10 = 0 THEN 'breached' ELSE 'met' END, t.created_at, k.at,
    3600, k.at, '{}', 0, 0
FROM incidents_ticket t, LATERAL (VALUES
    ('response', t.created_at + interval '1 hour'), ('resolution', t.created_at + interval '2 days')
) AS k(kind, at) WHERE NOT t.is_open
"""
_ALERTS = """
INSERT INTO incidents_alert (ticket_id, clock_id, kind, cycle, percent, sla_state, level, channels, state, round,
    crossed_at, fired_at, details)
SELECT ticket_id, id, kind, 1, s.percent, s.state, 1, '[]', 'resolved', 1, stopped_at - s.before, stopped_at, '{}'
FROM incidents_clock, (VALUES (85, 'alert', interval '40 minutes'), (100, 'breach', interval '10 minutes'))
    AS s(percent, state, before) WHERE verdict = 'breached'
"""


WORDS = {
    "issue": {"columns": "project_id, number, priority", "values": "p.ids[1 + i %% 20], i, 2"},
    "incident": {
        "columns": "project_id, category_id, enrichment, recovery, place, city, region, country, nearest_place, "
        "timezone, attributes, occurred_at",
        "values": "p.ids[1 + i %% 20], (SELECT min(id) FROM incidents_incidentcategory), 'ENRICHED', 'unknown', '', "
        "'', '', '', '', '', '{}', at",
    },
}


def fill_year(bench: Bench, *, work: int, tickets: int) -> None:
    """So many issues, half as many incidents, and so many tickets with four events, two clocks and some alerts."""
    bench.empty("incidents_issue", "incidents_incident", "incidents_ticket", "incidents_ticketevent", "incidents_clock")
    bench.empty("tracker_project", "reports_dailystat")
    bench.execute(_PROJECTS)
    bench.execute(_STATUSES)
    for name, words in WORDS.items():
        bench.execute(_WORK.format(name=name, **words), {"count": work if name == "issue" else work // 2})
        bench.execute(_SPANS.format(name=name))
    bench.execute(_TICKETS, {"count": tickets})
    for statement in (_EVENTS, _CLOCKS, _ALERTS):
        bench.execute(statement)
    bench.execute("VACUUM ANALYZE")
