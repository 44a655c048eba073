"""Every part is restarted, one after the other, under 100 requests a second: nobody notices."""

import time

import pytest

from incidents.testing.chaos.expectations import Channel
from tracker.testing import nginx
from tracker.testing.chaos.following import AlertFollower, EventFollower
from tracker.testing.chaos.load import Load, Request

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.skipif(not nginx.is_installed(), reason=nginx.WHY_SKIPPED),
]
READS = ("/v1/issues?limit=5", "/v1/tickets?limit=5", "/v1/alerts?limit=5", "/v1/incidents?limit=5", "/v1/projects")
MAKE_PROJECT = "from tracker.models import Project; Project.objects.create(key='OPS', name='Operation')"
LONGEST_OUTAGE_SECONDS = 10.0
COUNT_EVENTS = "SELECT count(*) FROM tracker_event WHERE verb LIKE %s"


class Site:
    """Two of each part behind nginx, clients at work, and listeners on both streams."""

    def __init__(self, world):
        self.world, self.installation = world, world.installation
        self.tickets = {}
        self.installation.set_own(API_RATE_PER_MINUTE="0")
        self.installation.start("web", "web2", "worker", "worker2", "beat", "beat2")
        self.installation.manage("shell", "-c", MAKE_PROJECT)
        scopes = "ingest,issues,read,stream"
        world.token = self.installation.manage("create_api_token", "admin@example.com", "--scopes", scopes)

    def requests(self):
        issue = Request("/v1/issues", lambda number: {"project": "OPS", "title": f"load {number}"})
        ticket = Request("/v1/tickets", self._plan)
        return [ticket, *(Request(path) for path in READS), issue, *(Request(path) for path in READS * 2)]

    def _plan(self, number):
        (self.tickets[number],) = self.world.plan(1, f"load{number}")
        return self.tickets[number].events()

    def check(self, load, *followers):
        """What was taken is there once, every event was heard once, and every alert goes out once."""
        taken = {outcome.number for outcome in load.outcomes if not outcome.is_failed}
        titles = [title for (title,) in self.installation.query("SELECT title FROM incidents_issue")]
        asked = {outcome.number for outcome in load.outcomes if outcome.request.path == "/v1/issues"}
        assert {f"load {number}" for number in asked & taken} <= set(titles)
        assert len(titles) == len(set(titles)), "an issue was made twice"
        self.world.tickets = [ticket for number, ticket in self.tickets.items() if number in taken]
        self.world.wait_until_all_is_told()
        self.world.check()
        for follower, verbs in followers:
            expected = self.installation.query(COUNT_EVENTS, verbs)[0][0]
            self.world.wait_until(lambda: len(follower.heard) >= expected, what=f"last of {verbs}", seconds=30)  # noqa: B023
            cursors = [message["cursor"] for message in follower.heard]
            assert len(cursors) == len(set(cursors)) == expected, verbs


@pytest.fixture
def site(make_world):
    made = Site(make_world([Channel("everything")]))
    yield made
    made.installation.set_own(API_RATE_PER_MINUTE="6000")


def run(site, steps, capsys, *, seconds_between=1.0):
    ports = [site.installation.ports[name] for name in ("web", "web2")]
    with (
        nginx.run_nginx(ports, transport="plain") as front,
        EventFollower(front.http_port, site.world.token, "issue") as events,
        AlertFollower(front.http_port, site.world.token) as alerts,
        Load(front.http_port, site.world.token, site.requests()) as load,
    ):
        took = {}
        for name, step in steps.items():
            time.sleep(seconds_between)
            began = time.monotonic()
            step(front)
            took[name] = round(time.monotonic() - began, 1)
        time.sleep(seconds_between)
        load.__exit__()
        with capsys.disabled():
            print(
                f"\n{load.describe()}; seconds: {took}; streams opened {events.connected} and {alerts.connected} times"
            )
        site.check(load, (events, "issue.%"), (alerts, "alert.%"))
    return load


def restart(site, *names):
    return {name: lambda front, name=name: site.installation.restart(name) for name in names}


def test_a_rolling_restart_fails_no_request(site, capsys):
    steps = {"nginx": lambda front: front.reload(), **restart(site, "web", "web2", "worker", "beat")}
    load = run(site, steps, capsys)
    assert load.failed() == []


@pytest.mark.slow
def test_every_part_restarted_twice_fails_no_request_and_a_lost_database_is_told_with_503(site, capsys):
    installation = site.installation
    parts = restart(site, "web", "web2", "worker", "worker2", "beat", "beat2")
    again = {f"{name} again": step for name, step in parts.items()}
    steps = {"nginx": lambda front: front.reload(), **parts, "nginx again": lambda front: front.reload(), **again}
    load = run(site, steps, capsys)
    assert load.failed() == []
    ports = [installation.ports[name] for name in ("web", "web2")]

    def restart_valkey():
        installation.valkey.kill()
        installation.valkey.start()

    for name, step in {"valkey": restart_valkey, "postgres": installation.crash_postgres}.items():
        with (
            nginx.run_nginx(ports, transport="plain") as front,
            Load(front.http_port, site.world.token, site.requests()) as load,
        ):
            time.sleep(2)
            step()
            time.sleep(LONGEST_OUTAGE_SECONDS + 2)
        with capsys.disabled():
            print(f"\n{name}: {load.describe()}")
        failed = load.failed()
        assert {(outcome.status, outcome.retry_after != "") for outcome in failed} <= {(503, True)}
        if failed:
            assert failed[-1].began - failed[0].began < LONGEST_OUTAGE_SECONDS
        if name == "valkey":
            assert failed == []
