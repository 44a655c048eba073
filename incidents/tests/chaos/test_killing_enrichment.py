"""Workers die by SIGKILL while they enrich: no incident is stuck, none is told of twice."""

import time

import pytest
from redis import Redis

from incidents.testing.lookups import RunningLookUps
from tracker.testing.chaos.installation import Installation

pytestmark = pytest.mark.chaos
COUNT = 60
IN_FLIGHT = 8
# Two leases, and the time that a busy machine takes.
RECOVERY_SECONDS = 240.0
MAKE = f"""
from incidents.models import IncidentCategory
from incidents.services.incidents import Origin, create_incident
from tracker.access import Actor
theft = IncidentCategory.objects.get(key="theft")
for n in range({COUNT}):
    values = {{"category": theft, "title": f"Bicycle {{n}} stolen", "latitude": 43.6 + n / 100, "longitude": -79.4}}
    create_incident(actor=Actor.system("test"), values=values, origin=Origin(ip=f"81.2.69.{{n + 1}}"))
"""


def say(path):
    """One address in ten is refused for good."""
    return (404, {}) if path.endswith("0") else (200, {"city": "Teststadt", "country_code": "DE"})


def test_workers_that_die_in_mid_enrichment_leave_nothing_stuck():
    with (
        RunningLookUps(say) as provider,
        Installation(
            ENRICHMENT_URL=provider.url("/lookup/{ip}"), ENRICHMENT_RATE_PER_MINUTE="100000", LOG_LEVEL="WARNING"
        ) as installation,
    ):
        installation.use_fresh_database("enriching")
        installation.manage("shell", "-c", MAKE)
        provider.delay_seconds = 1.5
        installation.start("worker", "beat")
        for asked in (3, IN_FLIGHT + 6):
            wait_until(lambda asked=asked: len(provider.calls) >= asked, "outside calls")
            installation.kill("worker")
            time.sleep(0.5)
            held = installation.query("SELECT count(*) FROM incidents_enrichmentrun WHERE state = 'running'")[0][0]
            assert held, "nothing was in flight"
            # The messages are lost as well.
            Redis(unix_socket_path=str(installation.valkey.socket())).flushall()
            installation.start("worker")
        provider.delay_seconds = 0.05

        wait_until(lambda: unfinished(installation) == 0, "end of the enrichment", RECOVERY_SECONDS)
        states = dict(installation.query("SELECT enrichment, count(*) FROM incidents_incident GROUP BY 1"))
        assert states == {"ENRICHED": COUNT - COUNT // 10, "FAILED": COUNT // 10}
        left = "SELECT count(*) FROM incidents_enrichmentrun WHERE state IN ('pending', 'running') OR lease IS NOT NULL"
        assert installation.query(left) == [(0,)]
        told = "SELECT count(*), count(DISTINCT object_id) FROM tracker_event WHERE verb LIKE 'incident.enrich%%'"
        assert installation.query(told) == [(COUNT, COUNT)]
        assert COUNT <= len(provider.calls) <= COUNT + 2 * IN_FLIGHT, "asked again beyond what was in flight"


def unfinished(installation):
    statement = "SELECT count(*) FROM incidents_incident WHERE enrichment IN ('NEW', 'ENRICHING')"
    return installation.query(statement)[0][0]


def wait_until(is_true, what, seconds=90.0):
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline, f"no {what} within {seconds} s"
        time.sleep(0.05)
