"""Each migration after the baseline is applied while the release before serves 100 requests a second: none fails."""

import random
import time
from datetime import UTC, datetime

import psycopg
import pytest

from incidents.testing.chaos.expectations import plan_tickets
from tracker.testing.chaos.installation import ADMIN
from tracker.testing.chaos.load import Load, Request
from tracker.testing.chaos.lock_watch import LockWatch
from tracker.testing.chaos.releases import check_out, commit_before, made_at
from tracker.testing.migration_lint import folder_of, later_migrations
from tracker.testing.services import CHECKOUT

pytestmark = pytest.mark.chaos
READS = ("/v1/issues?limit=5", "/v1/tickets?limit=5", "/v1/alerts?limit=5", "/v1/incidents?limit=5", "/v1/projects")
MAKE_PROJECT = "from tracker.models import Project; Project.objects.create(key='OPS', name='Operation')"
LONGEST_WAIT_SECONDS = 1.1
SECONDS_AROUND = 3.0
MIGRATIONS = later_migrations()


def make_requests():
    def ticket(number):
        plan = plan_tickets(1, random=random.Random(number), now=datetime.now(UTC), prefix=f"load{number}")
        return plan[0].events()

    def issue(number):
        return {"project": "OPS", "title": f"load {number}", "severity": "high"}

    return [*(Request(path) for path in READS), Request("/v1/tickets", ticket), Request("/v1/issues", issue)]


@pytest.fixture
def serve(installation, tmp_path):
    """`serve(commit)` runs that release, this one where there is none; answers a token for it."""

    def start(commit=None):
        installation.kill_all()
        installation.programs.clear()
        installation.valkey.start()
        installation.set_own(API_RATE_PER_MINUTE="0")
        installation.use_release(check_out(commit, tmp_path) if commit else CHECKOUT)
        installation.manage("shell", "-c", MAKE_PROJECT)
        token = installation.manage("create_api_token", ADMIN, "--scopes", "ingest,issues,read").splitlines()[-1]
        installation.start("web", "worker")
        return token

    yield start
    installation.kill_all()
    installation.programs.clear()
    installation.checkout = CHECKOUT
    installation.set_own(API_RATE_PER_MINUTE="6000")


def change_under_load(installation, token, change, capsys):
    with (
        Load(installation.port, token, make_requests()) as load,
        LockWatch(installation.postgres.url(installation.database)) as watch,
    ):
        time.sleep(SECONDS_AROUND)
        began = time.monotonic()
        change()
        took = time.monotonic() - began
        time.sleep(SECONDS_AROUND)
    with capsys.disabled():
        print(f"\n{load.describe()}; changed in {took:.1f} s, longest wait for a table {watch.longest:.2f} s")
    return load.failed(), watch.longest


def check_migration(app, name, installation, serve, capsys):
    commit = commit_before(folder_of(app) / f"{name}.py")
    if commit is None:
        pytest.skip("the history of this checkout does not reach to before this migration")
    token = serve(commit)

    def migrate():
        before, installation.checkout = installation.checkout, CHECKOUT
        installation.manage("migrate", app, name)
        installation.checkout = before

    failed, longest = change_under_load(installation, token, migrate, capsys)
    assert failed == []
    assert longest <= LONGEST_WAIT_SECONDS
    (found,) = installation.query("SELECT count(*) FROM django_migrations WHERE app = %s AND name = %s", app, name)
    assert found == (1,)


@pytest.mark.slow
@pytest.mark.parametrize(("app", "name"), [pytest.param(*key, id=".".join(key)) for key in MIGRATIONS])
def test_a_migration_goes_on_under_the_release_before(app, name, installation, serve, capsys):
    check_migration(app, name, installation, serve, capsys)


def test_the_newest_migration_goes_on_under_the_release_before(installation, serve, capsys):
    app, name = max(MIGRATIONS, key=lambda key: made_at(folder_of(key[0]) / f"{key[1]}.py"))
    check_migration(app, name, installation, serve, capsys)


@pytest.mark.slow
def test_what_would_hurt_is_noticed(installation, serve, capsys):
    token = serve()
    url = installation.postgres.url(installation.database)

    def break_inserts():
        with psycopg.connect(url) as connection:
            connection.execute("ALTER TABLE incidents_issue ADD COLUMN later integer NOT NULL DEFAULT 0")
            connection.execute("ALTER TABLE incidents_issue ALTER COLUMN later DROP DEFAULT")

    def hold_a_lock():
        with psycopg.connect(url) as connection:
            connection.execute("LOCK TABLE tracker_project IN ACCESS EXCLUSIVE MODE")
            time.sleep(LONGEST_WAIT_SECONDS + 0.5)

    _, longest = change_under_load(installation, token, hold_a_lock, capsys)
    assert longest > LONGEST_WAIT_SECONDS
    failed, _ = change_under_load(installation, token, break_inserts, capsys)
    assert failed
    assert {outcome.request.path for outcome in failed} == {"/v1/issues"}
