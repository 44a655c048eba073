"""The set statements behind incidents/services/alerts.py."""

# Claimed first and written second, by place (ctid): the lock keeps the place still, and joining back by id lets the
# planner hash the whole table. One statement for both could miss a row that was updated in between.
CLAIM = """
SELECT ctid::text FROM incidents_clock WHERE next_check_at <= %s
 ORDER BY next_check_at LIMIT %s FOR UPDATE SKIP LOCKED
"""

STEPS = """
steps AS MATERIALIZED (
  SELECT version_id, percent, state, level, channels,
         row_number() OVER (PARTITION BY version_id ORDER BY percent) AS place FROM incidents_escalationstep)
"""

MOMENT_FORMAT = """'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'"""

# Below the highest threshold that was told there may be one that a later version of the policy brought in.
FIRE = f"""
WITH {STEPS},
crossed AS MATERIALIZED (
  SELECT c.id AS clock_id, c.ticket_id, c.kind, c.cycle, c.target_minutes, c.state AS clock_state, c.stopped_at,
         s.percent, s.state AS sla_state, s.level, s.channels, x.at AS crossed_at
    FROM incidents_clock c
    CROSS JOIN LATERAL unnest(c.crossings) WITH ORDINALITY AS x(at, place)
    JOIN steps s ON s.version_id = c.policy_id AND s.place = x.place
   WHERE c.ctid = ANY(%(places)s::tid[]) AND x.at <= %(now)s
     AND (s.percent > c.alerted_percent OR NOT EXISTS (
           SELECT FROM incidents_alert a
            WHERE a.clock_id = c.id AND a.percent = s.percent AND a.state <> 'withdrawn'))),
fired AS (
  INSERT INTO incidents_alert (ticket_id, clock_id, kind, cycle, percent, sla_state, level, channels, state, round,
                               crossed_at, fired_at, resolved_at, details)
  SELECT ticket_id, clock_id, kind, cycle, percent, sla_state, level, to_jsonb(channels),
         CASE WHEN clock_state = 'stopped' THEN 'resolved' ELSE 'firing' END, 1, crossed_at, %(now)s,
         CASE WHEN clock_state = 'stopped' THEN stopped_at END,
         jsonb_build_object('elapsed_minutes', round(target_minutes * percent / 100, 2)::float8,
                            'target_minutes', target_minutes, 'percent_used', percent::float8)
    FROM crossed ORDER BY clock_id, percent
  ON CONFLICT (clock_id, percent) DO UPDATE
     SET state = excluded.state, round = incidents_alert.round + 1, crossed_at = excluded.crossed_at,
         fired_at = excluded.fired_at, resolved_at = excluded.resolved_at, withdrawn_at = NULL,
         details = excluded.details
   WHERE incidents_alert.state = 'withdrawn'
  RETURNING id, ticket_id, kind, sla_state, level, crossed_at, details, state),
logged AS (
  INSERT INTO tracker_event (at, verb, actor_label, request_id, object_type, object_id, data)
  SELECT %(now)s, 'alert.fired', %(actor)s, '', 'alert', f.id::text, jsonb_build_object(
         'alert_id', f.id, 'ticket_id', t.external_id, 'sla_type', f.kind, 'state', f.sla_state, 'details', f.details,
         'escalation_level', f.level, 'timestamp', to_char(f.crossed_at AT TIME ZONE 'UTC', {MOMENT_FORMAT}),
         'priority', t.priority, 'customer_tier', t.customer_tier, 'status', t.status, 'alert_state', f.state)
    FROM fired f
    JOIN incidents_ticket t ON t.id = f.ticket_id ORDER BY f.id)
SELECT id FROM fired ORDER BY id
"""

ADVANCE = f"""
WITH {STEPS},
state AS MATERIALIZED (
  SELECT c.id,
         max(s.percent) FILTER (WHERE x.at <= %(now)s) AS alerted,
         max(s.level) FILTER (WHERE x.at <= %(now)s) AS level,
         min(x.at) FILTER (WHERE x.at > %(now)s) AS next_check_at
    FROM incidents_clock c
    LEFT JOIN LATERAL unnest(c.crossings) WITH ORDINALITY AS x(at, place) ON true
    LEFT JOIN steps s ON s.version_id = c.policy_id AND s.place = x.place
   WHERE c.ctid = ANY(%(places)s::tid[]) GROUP BY c.id)
UPDATE incidents_clock c
   SET alerted_percent = greatest(c.alerted_percent, coalesce(s.alerted, 0)),
       escalation_level = greatest(c.escalation_level, coalesce(s.level, 0)), next_check_at = s.next_check_at
  FROM state s WHERE c.ctid = ANY(%(places)s::tid[]) AND c.id = s.id
"""


_TABLE = "json_to_recordset(%(table)s) AS r(clock_id bigint, is_stopped boolean, crossed numeric[])"
WITHDRAW = f"""
UPDATE incidents_alert a SET state = 'withdrawn', withdrawn_at = %(now)s FROM {_TABLE}
 WHERE a.clock_id = r.clock_id AND a.percent <> ALL(r.crossed) AND a.state <> 'withdrawn' RETURNING a.id
"""
RESOLVE = f"""
UPDATE incidents_alert a SET state = 'resolved', resolved_at = %(now)s FROM {_TABLE}
 WHERE a.clock_id = r.clock_id AND r.is_stopped AND a.state IN ('firing', 'acked') RETURNING a.id
"""
# A late event may show that a clock that had stopped runs on; nobody is told twice of what it crossed.
REOPEN = f"""
UPDATE incidents_alert a SET state = CASE WHEN acknowledged_at IS NULL THEN 'firing' ELSE 'acked' END,
       resolved_at = NULL
  FROM {_TABLE} WHERE a.clock_id = r.clock_id AND NOT r.is_stopped AND a.state = 'resolved'
"""
LOG_CHANGE = f"""
INSERT INTO tracker_event (at, verb, actor_label, request_id, object_type, object_id, data)
SELECT %(now)s, %(verb)s, 'system:replay', '', 'alert', a.id::text, jsonb_build_object(
       'alert_id', a.id, 'ticket_id', t.external_id, 'sla_type', a.kind, 'state', a.state, 'details', a.details,
       'escalation_level', a.level, 'timestamp', to_char(%(now)s AT TIME ZONE 'UTC', {MOMENT_FORMAT}))
  FROM incidents_alert a JOIN incidents_ticket t ON t.id = a.ticket_id WHERE a.id = ANY(%(ids)s) ORDER BY a.id
"""
