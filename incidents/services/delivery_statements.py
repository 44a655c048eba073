"""The set statements behind the outbox.

One clock decides, the database's; `shift` is zero but where a test has moved the application's clock. Not
clock_timestamp(): the planner keeps a volatile function out of every index condition.
"""
# ruff: noqa: S608 - put together from the constants of this file alone

NOW = "(statement_timestamp() + %(shift)s)"
UNSENT = "('pending', 'leased')"

# Filters are lists of words, compared without regard to case; an empty list lets everything through.
_MATCHES = """
    (coalesce(c.filters->'{key}', '[]') = '[]' OR EXISTS (
      SELECT FROM jsonb_array_elements_text(c.filters->'{key}') AS wanted(word)
       WHERE lower(wanted.word) = lower({value})))
"""
WANTED = " AND ".join(
    _MATCHES.format(key=key, value=value)
    for key, value in {
        "states": "a.sla_state",
        "priorities": "t.priority",
        "tiers": "t.customer_tier",
        "projects": "coalesce(p.key, '')",
    }.items()
)
_NEW_ROW = f"""
  INSERT INTO incidents_delivery (alert_id, channel_id, notice, round, key, status, attempts, next_attempt_at,
                                  last_error, traceparent, created_at)
  SELECT a.id, c.id, %(notice)s, a.round, gen_random_uuid(),
         CASE WHEN c.muted_until > {NOW} THEN 'cancelled' ELSE 'pending' END, 0, {NOW},
         CASE WHEN c.muted_until > {NOW} THEN 'the channel was muted' ELSE '' END, %(traceparent)s, {NOW}
"""

ROUTE_FIRED = f"""
{_NEW_ROW}
    FROM incidents_alert a
    JOIN incidents_ticket t ON t.id = a.ticket_id
    LEFT JOIN tracker_project p ON p.id = t.project_id
    JOIN incidents_channel c ON c.is_enabled AND c.deleted_at IS NULL AND c.kind <> 'person'
     AND (a.channels = '[]' OR a.channels ? c.name)
     AND a.level >= coalesce((c.filters->>'min_level')::int, 0) AND {WANTED}
   WHERE a.id = ANY(%(alerts)s) AND a.crossed_at > {NOW} - %(historic)s
   ORDER BY a.id, c.id
  ON CONFLICT DO NOTHING
"""

# Whoever was told, or is about to be told, hears how it went on; whoever never heard of it does not.
ROUTE_OUTCOME = f"""
{_NEW_ROW}
    FROM incidents_alert a
    JOIN incidents_delivery told ON told.alert_id = a.id AND told.round = a.round AND told.notice = 'fired'
     AND told.status IN ('pending', 'leased', 'sent')
    JOIN incidents_channel c ON c.id = told.channel_id AND c.is_enabled AND c.deleted_at IS NULL
   WHERE a.id = ANY(%(alerts)s)
   ORDER BY a.id, c.id
  ON CONFLICT DO NOTHING
"""
# A "fired" that is still waiting says nothing that its outcome does not say. One that is part of a digest stays: the
# digest is repeated as it was, under the same key.
COLLAPSE = """
UPDATE incidents_delivery d SET status = 'cancelled', next_attempt_at = NULL, last_error = 'overtaken by ' || %(notice)s
 WHERE d.alert_id = ANY(%(alerts)s) AND d.notice = 'fired' AND d.status = 'pending' AND d.digest_of_id IS NULL
   AND EXISTS (SELECT FROM incidents_delivery later WHERE later.alert_id = d.alert_id AND later.round = d.round
                  AND later.channel_id = d.channel_id AND later.notice = %(notice)s AND later.status = 'pending')
   AND NOT EXISTS (SELECT FROM incidents_delivery folded WHERE folded.digest_of_id = d.id)
"""

_NOT_HELD = "NOT EXISTS (SELECT FROM incidents_deliveryhold h WHERE h.released_at IS NULL)"

# Free places per channel, and whether so many wait that they are folded: a channel that hangs may hold so many attempts
# and no more, on all machines together. The channel's row is locked while messages are taken from it, so that two
# workers cannot fill the same place; not against its key, or the sweep that writes new deliveries would wait.
ROOM = f"""
SELECT c.id, c.kind, c.name, c.url, c.secret,
       CASE WHEN c.consecutive_failures >= %(probing_after)s THEN 1 ELSE m.places END - busy.n,
       waiting.n > m.folds_above
  FROM incidents_channel c
  JOIN json_to_recordset(%(manners)s) AS m(kind text, places int, folds_above int) ON m.kind = c.kind
  CROSS JOIN LATERAL (
    SELECT count(*) AS n FROM incidents_delivery d
     WHERE d.channel_id = c.id AND d.status = 'leased' AND d.digest_of_id IS NULL AND d.next_attempt_at > {NOW}) busy
  CROSS JOIN LATERAL (
    SELECT count(*) AS n FROM (
      SELECT FROM incidents_delivery d
       WHERE d.channel_id = c.id AND d.status IN {UNSENT} AND d.next_attempt_at <= {NOW}
         AND d.attempts = 0 AND d.alert_id IS NOT NULL LIMIT m.folds_above + 1) first) waiting
 WHERE c.is_enabled AND c.deleted_at IS NULL AND coalesce(c.next_send_at <= {NOW}, true)
   AND EXISTS (SELECT FROM incidents_delivery d
                WHERE d.channel_id = c.id AND d.status IN {UNSENT} AND d.next_attempt_at <= {NOW})
   AND {_NOT_HELD}
 ORDER BY c.id
   FOR NO KEY UPDATE OF c SKIP LOCKED
"""
# What concerns one alert goes out in the order in which it was written.
DUE = f"""
SELECT r.channel, due.id, due.attempts, due.has_alert
  FROM json_to_recordset(%(wanted)s) AS r(channel bigint, most int)
  CROSS JOIN LATERAL (
    SELECT d.id, d.attempts, d.alert_id IS NOT NULL AS has_alert
      FROM incidents_delivery d
     WHERE d.channel_id = r.channel AND d.status IN {UNSENT} AND d.next_attempt_at <= {NOW} AND d.digest_of_id IS NULL
       AND (d.alert_id IS NULL OR (d.notice = 'fired' AND d.round = 1) OR NOT EXISTS (
            SELECT FROM incidents_delivery earlier
             WHERE earlier.alert_id = d.alert_id AND earlier.channel_id = d.channel_id AND earlier.id < d.id
               AND earlier.status IN {UNSENT}))
     ORDER BY d.next_attempt_at, d.id LIMIT r.most FOR UPDATE OF d SKIP LOCKED) due
"""
# The members of digests that were tried before.
FOLDED = f"""
SELECT id, digest_of_id FROM incidents_delivery WHERE digest_of_id = ANY(%(leads)s) AND status IN {UNSENT} FOR UPDATE
"""
# A lease moves the next attempt to its own end: whatever becomes of the worker, the row is due again then.
LEASE = f"""
WITH leased AS (
  UPDATE incidents_delivery d
     SET status = 'leased', lease = %(lease)s, attempts = d.attempts + 1, digest_of_id = r.digest_of,
         leased_until = {NOW} + %(term)s, next_attempt_at = {NOW} + %(term)s
    FROM json_to_recordset(%(rows)s) AS r(id bigint, digest_of bigint) WHERE d.id = r.id
  RETURNING d.id, d.digest_of_id, d.channel_id, d.key, d.notice, d.attempts, d.payload, d.created_at, d.traceparent,
            d.alert_id)
SELECT d.id, d.digest_of_id, d.channel_id, d.key, d.notice, d.attempts, d.payload, d.created_at, d.traceparent,
       a.kind, a.sla_state, a.level, a.details, a.percent,
       CASE d.notice WHEN 'resolved' THEN a.resolved_at WHEN 'withdrawn' THEN a.withdrawn_at END, a.crossed_at,
       t.id, t.external_id, t.title, t.priority, t.customer_tier, coalesce(p.key, '')
  FROM leased d
  LEFT JOIN incidents_alert a ON a.id = d.alert_id
  LEFT JOIN incidents_ticket t ON t.id = a.ticket_id
  LEFT JOIN tracker_project p ON p.id = t.project_id
 ORDER BY d.id
"""
HOLD_CHANNELS = f"UPDATE incidents_channel SET next_send_at = {NOW} + %(gap)s WHERE id = ANY(%(channels)s)"

_OUTCOMES = """json_to_recordset(%(rows)s) AS r(id bigint, lease uuid, is_sent boolean, is_dead boolean,
                                               is_void boolean, wait_seconds float8, response_status int,
                                               reason text)"""
# The lease in the WHERE is the fence: a worker that took too long finds its row in other hands and changes nothing.
# A failed attempt whose channel was switched off meanwhile ends here.
FINISH = f"""
UPDATE incidents_delivery d
   SET status = CASE WHEN r.is_sent THEN 'sent' WHEN r.is_dead THEN 'dead'
                     WHEN r.is_void OR NOT c.is_enabled OR c.deleted_at IS NOT NULL THEN 'cancelled' ELSE 'pending' END,
       next_attempt_at = CASE WHEN r.is_sent OR r.is_dead OR r.is_void OR NOT c.is_enabled OR c.deleted_at IS NOT NULL
                              THEN NULL ELSE {NOW} + make_interval(secs => r.wait_seconds) END,
       sent_at = CASE WHEN r.is_sent THEN {NOW} END, response_status = r.response_status,
       last_error = r.reason, lease = NULL, leased_until = NULL
  FROM {_OUTCOMES}, incidents_channel c
 WHERE d.id = r.id AND d.lease = r.lease AND c.id = d.channel_id
RETURNING d.id, d.channel_id, d.status
"""
# While the attempt was under way its outcome was written: then there is nothing left to try.
OVERTAKE = """
UPDATE incidents_delivery d
   SET status = 'cancelled', next_attempt_at = NULL, last_error = 'overtaken by ' || later.notice
  FROM incidents_delivery later
 WHERE d.id = ANY(%(ids)s) AND d.status = 'pending' AND d.notice = 'fired' AND d.digest_of_id IS NULL
   AND later.alert_id = d.alert_id AND later.channel_id = d.channel_id AND later.round = d.round
   AND later.notice IN ('resolved', 'withdrawn') AND later.status = 'pending'
   AND NOT EXISTS (SELECT FROM incidents_delivery folded WHERE folded.digest_of_id = d.id)
"""
# A channel that is well is written to once a second at most, however much it takes.
CHANNEL_HEALTH = f"""
UPDATE incidents_channel c
   SET consecutive_failures = CASE WHEN r.is_healthy THEN 0 ELSE c.consecutive_failures + r.failures END,
       last_success_at = CASE WHEN r.is_healthy THEN {NOW} ELSE c.last_success_at END,
       last_failure_at = CASE WHEN r.failures > 0 THEN {NOW} ELSE c.last_failure_at END,
       last_error = CASE WHEN r.failures > 0 THEN r.reason ELSE c.last_error END,
       broken_at = CASE WHEN r.is_healthy THEN NULL ELSE c.broken_at END,
       next_send_at = CASE WHEN r.hold_seconds IS NULL THEN c.next_send_at
                           ELSE greatest(c.next_send_at, {NOW} + make_interval(secs => r.hold_seconds)) END
  FROM json_to_recordset(%(rows)s) AS r(id bigint, is_healthy boolean, failures int, reason text, hold_seconds float8)
 WHERE c.id = r.id
   AND (r.failures > 0 OR r.hold_seconds IS NOT NULL OR c.consecutive_failures > 0 OR c.broken_at IS NOT NULL
        OR coalesce(c.last_success_at < {NOW} - interval '1 second', true))
"""

# How long until something is due that nothing holds back; null where nothing waits at all.
NEXT_DUE = f"""
SELECT extract(epoch FROM min(greatest(waiting.at, c.next_send_at)) - {NOW})
  FROM incidents_channel c
  CROSS JOIN LATERAL (
    SELECT d.next_attempt_at AS at FROM incidents_delivery d
     WHERE d.channel_id = c.id AND d.status IN {UNSENT} ORDER BY d.next_attempt_at LIMIT 1) waiting
 WHERE c.is_enabled AND c.deleted_at IS NULL AND {_NOT_HELD}
"""

CANCEL_OFF = f"""
UPDATE incidents_delivery d SET status = 'cancelled', next_attempt_at = NULL, lease = NULL, leased_until = NULL,
       last_error = 'the channel is off'
  FROM incidents_channel c
 WHERE c.id = d.channel_id AND (NOT c.is_enabled OR c.deleted_at IS NOT NULL)
   AND d.status IN {UNSENT} AND d.next_attempt_at <= {NOW}
RETURNING d.id
"""
CANCEL_CHANNEL = """
UPDATE incidents_delivery SET status = 'cancelled', next_attempt_at = NULL, last_error = %(reason)s
 WHERE channel_id = %(channel)s AND status = 'pending'
RETURNING id
"""
# What was under way when the backup was made: it may have arrived, or not.
FREE_LEASES = """
UPDATE incidents_delivery SET status = 'pending', lease = NULL, leased_until = NULL, next_attempt_at = %(now)s
 WHERE status = 'leased'
RETURNING id
"""
# What tells of something up to a moment. An alert that a restored database fires once more carries the old time.
_TOLD_OF = """
coalesce(CASE d.notice WHEN 'fired' THEN a.crossed_at WHEN 'resolved' THEN a.resolved_at
                       WHEN 'withdrawn' THEN a.withdrawn_at END, d.created_at)
"""
COUNT_HELD = f"""
SELECT count(*), count(*) FILTER (WHERE d.attempts > 0), min({_TOLD_OF}), max({_TOLD_OF})
  FROM incidents_delivery d LEFT JOIN incidents_alert a ON a.id = d.alert_id WHERE d.status IN {UNSENT}
"""
CANCEL_HELD = f"""
UPDATE incidents_delivery SET status = 'cancelled', next_attempt_at = NULL, last_error = 'not sent after a restore'
 WHERE id IN (SELECT d.id FROM incidents_delivery d LEFT JOIN incidents_alert a ON a.id = d.alert_id
               WHERE d.status = 'pending' AND {_TOLD_OF} < %(before)s)
RETURNING id
"""
LOG_DELIVERIES = f"""
INSERT INTO tracker_event (at, verb, actor_id, actor_label, request_id, object_type, object_id, data)
SELECT {NOW}, %(verb)s, %(actor_id)s, %(actor)s, %(request_id)s, 'delivery', d.id::text, jsonb_build_object(
       'channel', c.name, 'notice', d.notice, 'alert_id', d.alert_id, 'attempts', d.attempts, 'reason', d.last_error)
  FROM incidents_delivery d JOIN incidents_channel c ON c.id = d.channel_id
 WHERE d.id = ANY(%(ids)s) ORDER BY d.id
"""
