"""P16: the analysis of incidents, against bare statements that count the same."""

from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

from incidents.services.incident_analysis import analyse_incidents
from incidents.services.incident_scope import AnalysisScope
from tracker.access import Actor
from tracker.testing.bench import Bench, Finding, alternate, at_least, at_most, workload
from tracker.testing.bench.rounds import time_call

# As many as the bicycle thefts of Toronto, over as many years and about as dense in the middle.
ROWS = 12_852
MOST_MILLISECONDS = 200
FILL = """
INSERT INTO incidents_incident (category_id, title, description, description_html, severity, status, enrichment,
    recovery, place, latitude, longitude, loss_estimate, reporter_label, city, region, country, nearest_place, timezone,
    attributes, source, source_id, occurred_at, created_at, updated_at, done_at)
SELECT (SELECT min(id) FROM incidents_incidentcategory) + CASE WHEN i %% 20 = 0 THEN i %% 4 ELSE 0 END,
    'Bicycle theft ' || i, repeat('text ', 40), '', 'medium', 'DONE', 'ENRICHED',
    (ARRAY['missing', 'missing', 'recovered', 'unknown'])[1 + i %% 4], 'Neighbourhood ' || i %% 140,
    43.58 + 0.24 * power(random(), 2), -79.62 + 0.5 * random(), i %% 3000, '', 'Toronto', 'Ontario', 'CA', '',
    'America/Toronto', '{}', '', '', at, at, at, at
FROM generate_series(1, %(count)s) i, LATERAL (
    SELECT timestamptz '2014-01-01' + random() * interval '4 years' + i * interval '0' AS at
)
"""
BARE = (
    "SELECT category_id, recovery, count(*), sum(loss_estimate) FROM incidents_incident GROUP BY 1, 2",
    "SELECT date_trunc('month', occurred_at AT TIME ZONE 'Europe/Berlin')::date, category_id, count(*) "
    "FROM incidents_incident GROUP BY 1, 2",
    "SELECT extract(isodow FROM occurred_at AT TIME ZONE timezone)::int, "
    "extract(hour FROM occurred_at AT TIME ZONE timezone)::int, count(*) FROM incidents_incident GROUP BY 1, 2",
    "SELECT floor(latitude / 0.0045)::int, floor(longitude / 0.0062)::int, count(*), "
    "mode() WITHIN GROUP (ORDER BY place) FROM incidents_incident GROUP BY 1, 2 ORDER BY 3 DESC LIMIT 150",
)


@workload("P16", "analysis of incidents, against the bare statements; what it takes for 12,852")
def measure(bench: Bench) -> Iterator[Finding]:
    """Everything that the page and the API show, but the page itself; the bare side counts somewhat less."""
    bench.empty("incidents_incident")
    bench.execute(FILL, {"count": ROWS})
    bench.execute("VACUUM ANALYZE incidents_incident")
    scope, actor = AnalysisScope(ZoneInfo("Europe/Berlin")), Actor.system("bench")
    with bench.raw_connection() as raw:

        def count_bare() -> list[list[tuple[Any, ...]]]:
            return [raw.execute(sql).fetchall() for sql in BARE]

        sides = {
            "ours": lambda: time_call(lambda: analyse_incidents(actor=actor, scope=scope)),
            "raw": lambda: time_call(count_bare),
        }
        for side in sides.values():
            side()
        seconds = alternate(sides, bench.pick(9, 31))
    told = {side: f"{taken * 1000:.0f} ms" for side, taken in seconds.items()}
    yield at_least("raw / ours", seconds["raw"] / seconds["ours"], 0.5, **told)
    yield at_most("analysis of 12,852 incidents", seconds["ours"] * 1000, MOST_MILLISECONDS, unit="ms")
