"""The set statements of forecasts: what became of promises, which are still to keep, and what is said of them."""

# A promise is decided when its clock stops in time, or at its deadline when it does not. What was open then and is
# decided since counts as it stands today, so that the past can be asked as well. Met ones leave at the step at which
# they stopped; breached ones were open at all of them.
COUNT_DECIDED = """
SELECT count(*) FILTER (WHERE at >= %(until)s - interval '30 days'),
       count(*) FILTER (WHERE at >= %(until)s - interval '90 days')
  FROM (SELECT CASE verdict WHEN 'met' THEN stopped_at ELSE due_at END AS at FROM incidents_clock
         WHERE verdict IS NOT NULL OR state IN ('running', 'paused')) decided
 WHERE at >= %(until)s - interval '90 days' AND at < %(until)s
"""
READ_CASES = """
WITH decided AS (
  SELECT c.kind, lower(btrim(t.priority)) AS priority, lower(btrim(t.customer_tier)) AS tier,
         c.verdict = 'met' AS is_met,
         least(%(steps)s - 1, floor(c.elapsed_seconds * %(steps)s / (c.target_minutes * 60.0)))::int AS step
    FROM incidents_clock c JOIN incidents_ticket t ON t.id = c.ticket_id
   WHERE (c.verdict = 'met' AND c.stopped_at >= %(since)s AND c.stopped_at < %(until)s)
      OR ((c.verdict = 'breached' OR c.state IN ('running', 'paused'))
          AND c.due_at >= %(since)s AND c.due_at < %(until)s)
), cells AS (
  SELECT kind, CASE GROUPING(priority) WHEN 1 THEN '' ELSE priority END AS priority,
         CASE GROUPING(tier) WHEN 1 THEN '' ELSE tier END AS tier, step,
         count(*) FILTER (WHERE is_met) AS met, count(*) FILTER (WHERE is_met IS NOT TRUE) AS breached
    FROM decided WHERE priority <> '' AND tier <> ''
   GROUP BY GROUPING SETS ((kind, priority, tier, step), (kind, priority, step), (kind, step))
)
SELECT kind, priority, tier, sum(breached)::int, array_agg(step), array_agg(met::int) FROM cells
 GROUP BY 1, 2, 3 HAVING sum(met + breached) >= %(fewest)s ORDER BY sum(met + breached) DESC, 1, 2, 3 LIMIT %(most)s
"""
READ_OPEN_CLOCKS = """
SELECT c.ticket_id, t.priority, t.customer_tier, c.kind, c.policy_id, c.target_minutes, c.state, c.elapsed_seconds,
       c.anchor_at
  FROM incidents_clock c JOIN incidents_ticket t ON t.id = c.ticket_id
 WHERE c.ticket_id = ANY(%(ids)s) AND t.is_open AND c.state IN ('running', 'paused')
   AND (c.due_at IS NULL OR c.due_at > %(now)s)
"""
# Only what says something else is written.
STORE = """
INSERT INTO incidents_ticketforecast AS f (ticket_id, chance, kind, step, breached, cases, likeness, changed_at)
SELECT r.ticket_id, r.chance, r.kind, r.step, r.breached, r.cases, r.likeness, %(now)s
  FROM json_to_recordset(%(rows)s) AS r(ticket_id bigint, chance float8, kind text, step int, breached int, cases int,
       likeness text)
 ORDER BY r.ticket_id
ON CONFLICT (ticket_id) DO UPDATE SET chance = excluded.chance, kind = excluded.kind, step = excluded.step,
   breached = excluded.breached, cases = excluded.cases, likeness = excluded.likeness, changed_at = excluded.changed_at
 WHERE (f.kind, f.step, f.breached, f.cases, f.likeness)
       IS DISTINCT FROM (excluded.kind, excluded.step, excluded.breached, excluded.cases, excluded.likeness)
"""
DROP_SETTLED = """
DELETE FROM incidents_ticketforecast WHERE ticket_id = ANY(%(ids)s) AND ticket_id <> ALL(%(kept)s)
"""
DROP_CLOSED = """
DELETE FROM incidents_ticketforecast f
 WHERE NOT EXISTS (SELECT 1 FROM incidents_ticket t WHERE t.id = f.ticket_id AND t.is_open)
"""
# Promises of tickets that came after the curves were learned, asked at each tenth of their target while still open.
READ_TRIALS = """
WITH decided AS (
  SELECT c.kind, t.priority, t.customer_tier, c.verdict = 'met' AS is_met,
         c.elapsed_seconds * 10 / (c.target_minutes * 60.0) AS tenths
    FROM incidents_clock c JOIN incidents_ticket t ON t.id = c.ticket_id
   WHERE c.started_at >= %(learned_at)s AND c.started_at < %(before)s
     AND ((c.verdict = 'met' AND c.stopped_at < %(now)s)
          OR ((c.verdict = 'breached' OR c.state IN ('running', 'paused')) AND c.due_at < %(now)s))
)
SELECT kind, priority, customer_tier, tenth * %(steps)s / 10, count(*), count(*) FILTER (WHERE is_met IS NOT TRUE)
  FROM decided JOIN generate_series(0, 9) AS tenth ON is_met IS NOT TRUE OR tenths >= tenth
 GROUP BY 1, 2, 3, 4
"""
