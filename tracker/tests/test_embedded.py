"""The embedded engines, each started for real in a folder of its own."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
from redis import Redis

from tracker import embedded
from tracker.testing.services import CHECKOUT

# A process of Tracker that uses both engines, says so, and lives until its input closes.
MEMBER = """
import signal
import sys
from pathlib import Path
from tracker import embedded
# A run in the background ignores interrupts, and its children would.
signal.signal(signal.SIGINT, signal.default_int_handler)
try:
    print(embedded.ensure_postgres(Path(sys.argv[1])), embedded.ensure_valkey(Path(sys.argv[1])), flush=True)
except embedded.EngineError as error:
    sys.exit(f"error: {error}")
sys.stdin.read()
"""
NOBODY = 65534
PATIENCE_SECONDS = 120
# Engines are killed and waited for, which takes too long for the suite; CI runs them before it.
pytestmark = pytest.mark.chaos


class Member:
    """A running process that has joined the engines under `var`."""

    def __init__(self, var: Path, *prefix: str, **environment: str) -> None:
        self.process = subprocess.Popen(
            [*prefix, sys.executable, "-c", MEMBER, str(var)],
            # Another user may not write the figures of a coverage run.
            env={k: v for k, v in os.environ.items() if not k.startswith("COVERAGE")}
            | {"PYTHONPATH": str(CHECKOUT), **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def urls(self) -> tuple[str, str]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.process.communicate()[1]
        database_url, redis_url = line.split()
        return database_url, redis_url

    def leave(self) -> str:
        return self.process.communicate(timeout=PATIENCE_SECONDS)[1]

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def var(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "var"
    yield folder
    for place in tmp_path.rglob("postgres.lock"):
        embedded.leave(place.with_suffix(""))
        embedded.leave(place.with_name("valkey"))
        embedded.stop_engines(place.parent)


@pytest.fixture
def join(var: Path) -> Iterator[Callable[..., Member]]:
    members: list[Member] = []

    def start(folder: Path = var, *prefix: str, **environment: str) -> Member:
        members.append(Member(folder, *prefix, **environment))
        return members[-1]

    yield start
    for member in members:
        if member.process.poll() is None:
            member.kill()


def ask(database_url: str, statement: str) -> object:
    with psycopg.connect(database_url, autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


def pids(var: Path) -> tuple[int | None, int | None]:
    return embedded.Postgres(var / "postgres").pid(), embedded.Valkey(var / "valkey").pid()


def test_the_last_process_to_leave_stops_both_engines(var, join):
    first, second = join(), join()
    urls = first.urls()
    assert second.urls() == urls
    assert ask(urls[0], "SELECT count(*) FROM pg_database WHERE datname = 'tracker'") == 1
    assert Redis.from_url(urls[1]).ping()
    running = pids(var)

    first.leave()
    assert pids(var) == running
    second.leave()
    assert pids(var) == (None, None)


def test_many_processes_that_start_at_once_share_one_server(var, join):
    members = [join() for _ in range(4)]
    assert len({member.urls() for member in members}) == 1
    assert None not in pids(var)


def test_a_killed_process_leaves_nothing_that_its_successors_do_not_tidy_up(var, join):
    killed = join()
    urls = killed.urls()
    before = pids(var)
    killed.kill()
    assert pids(var) == before

    successor = join()
    assert successor.urls() == urls
    successor.leave()
    assert pids(var) == (None, None)


def test_a_forked_child_keeps_the_engines_after_its_parent_has_gone(var):
    code = MEMBER.replace("sys.stdin.read()", "import os\nif os.fork() == 0: sys.stdin.read()")
    parent = subprocess.Popen(
        [sys.executable, "-c", code, str(var)],
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )
    parent.wait(timeout=PATIENCE_SECONDS)
    assert None not in pids(var)

    assert parent.stdin is not None
    parent.stdin.close()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while pids(var) != (None, None) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert pids(var) == (None, None)


def test_what_was_committed_survives_a_kill_of_the_server(var):
    url = embedded.ensure_postgres(var)
    ask(url, "CREATE TABLE kept AS SELECT 42 AS n")
    embedded.Postgres(var / "postgres").kill()
    assert pids(var)[0] is None

    assert embedded.ensure_postgres(var) == url
    assert ask(url, "SELECT n FROM kept") == 42


def test_valkey_comes_back_empty_after_a_kill(var):
    url = embedded.ensure_valkey(var)
    Redis.from_url(url).set("a", 1)
    embedded.Valkey(var / "valkey").kill()
    assert embedded.ensure_valkey(var) == url
    assert Redis.from_url(url).get("a") is None


@pytest.mark.parametrize(
    "content", ["{living}\n/somewhere/else\n", "{living}\n{data}\n1\n5432\n\n\n\nready\n", "", "x"]
)
def test_a_stale_pid_file_is_not_believed(var, content):
    embedded.ensure_postgres(var)
    embedded.leave(var / "postgres")
    data = var / "postgres"
    (data / "postmaster.pid").write_text(content.format(living=os.getpid(), data=data))

    url = embedded.ensure_postgres(var)
    assert ask(url, "SELECT 1") == 1
    assert embedded.Postgres(data).pid() != os.getpid()


def test_engines_whose_folder_was_deleted_under_them_are_replaced(var, join):
    member = join()
    member.urls()
    old = pids(var)
    shutil.rmtree(var)

    heir = join()
    urls = heir.urls()
    assert ask(urls[0], "SELECT 1") == 1
    assert Redis.from_url(urls[1]).ping()
    for pid in old:
        assert pid is not None
        assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_two_checkouts_of_the_same_name_never_meet(tmp_path, var):
    one, other = tmp_path / "one" / "tracker" / "var", tmp_path / "other" / "tracker" / "var"
    first, second = embedded.ensure_postgres(one), embedded.ensure_postgres(other)
    ask(first, "CREATE TABLE mine ()")
    assert ask(second, "SELECT to_regclass('mine')") is None
    Redis.from_url(embedded.ensure_valkey(one)).set("mine", 1)
    assert Redis.from_url(embedded.ensure_valkey(other)).get("mine") is None


def test_the_copy_of_a_running_checkout_gets_a_server_of_its_own(tmp_path, var):
    first = embedded.ensure_postgres(var)
    copy = tmp_path / "copy"
    shutil.copytree(var, copy, ignore=lambda _, names: [name for name in names if name.startswith(".s.")])
    for path in [copy / "postgres", *(copy / "postgres").rglob("*")]:
        os.chown(path, *(getattr((var / "postgres").stat(), name) for name in ("st_uid", "st_gid")))

    second = embedded.ensure_postgres(copy)
    assert ask(first, "SHOW data_directory") != ask(second, "SHOW data_directory")


@pytest.mark.parametrize("name", ["a folder with 'quotes' and spaces", "deep/" * 12 + "x" * 60])
def test_any_path_will_do(tmp_path, var, join, name):
    folder = tmp_path / name / "var"
    member = join(folder)
    urls = member.urls()
    assert ask(urls[0], "SELECT 1") == 1
    assert Redis.from_url(urls[1]).ping()
    assert embedded.ensure_postgres(folder) == urls[0]


def test_neither_engine_listens_on_the_network(var, join):
    # 5433 stands for a port that is taken or meant for another server.
    urls = join(PGPORT="5433", PGHOST="example.invalid").urls()
    assert ask(urls[0], "SHOW listen_addresses") == ""
    assert Redis.from_url(urls[1]).config_get("port")["port"] == "0"
    for pid in pids(var):
        assert pid is not None
        assert not psutil.Process(pid).net_connections("tcp")


def test_a_run_is_durable_and_a_test_is_fast(tmp_path, var):
    assert ask(embedded.ensure_postgres(var), "SHOW fsync") == "on"
    assert ask(embedded.ensure_postgres(tmp_path / "test", is_durable=False), "SHOW fsync") == "off"


def test_the_sort_order_does_not_depend_on_the_machine(var, join):
    url = join(LC_ALL="C", LANG="C").urls()[0]
    assert ask(url, "SELECT datlocale FROM pg_database WHERE datname = current_database()") == "C.UTF-8"
    assert ask(url, "SELECT lower('ÄÖÜ')") == "äöü"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")
class TestUsers:
    """root and a plain user, each with and without the other's leftovers."""

    # The one capability lets the user read an interpreter that lies in root's home, and write nothing.
    AS_NOBODY = (
        *("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"),
        *("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search", "env", "HOME=/tmp"),
    )

    @pytest.fixture
    def home(self, tmp_path):
        """A folder that the plain user owns and can reach."""
        probe = subprocess.run([*self.AS_NOBODY, sys.executable, "-c", "import psycopg"], cwd="/", check=False)
        if probe.returncode:
            pytest.skip("this interpreter cannot be run by another user")
        home = tmp_path / "home"
        home.mkdir()
        os.chown(home, NOBODY, NOBODY)
        for folder in (tmp_path, *tmp_path.parents):
            folder.chmod(folder.stat().st_mode | 0o055)
        return home

    def test_a_plain_user_runs_both_engines(self, home, var, join):
        urls = join(home / "var", *self.AS_NOBODY).urls()
        assert ask(urls[0], "SELECT 1") == 1
        for pid in pids(home / "var"):
            assert pid is not None
            assert psutil.Process(pid).uids().real == NOBODY

    def test_roots_postgresql_runs_as_a_user_of_its_own(self, var, join):
        join().urls()
        pid = pids(var)[0]
        assert pid is not None
        assert psutil.Process(pid).username() == "pgserver"

    def test_root_takes_up_a_users_data_without_taking_them_away(self, home, var, join):
        folder = home / "var"
        user = join(folder, *self.AS_NOBODY)
        ask(user.urls()[0], "CREATE TABLE kept ()")
        user.leave()

        root = join(folder)
        assert ask(root.urls()[0], "SELECT to_regclass('kept')::text") == "kept"
        root.leave()

        again = join(folder, *self.AS_NOBODY)
        assert ask(again.urls()[0], "SELECT to_regclass('kept')::text") == "kept"

    def test_a_user_in_roots_folder_is_told_so_in_one_line(self, home, tmp_path, var, join):
        join().urls()
        stranger = join(var, *self.AS_NOBODY)
        error = stranger.leave()
        assert error.startswith("error: ")
        assert len(error.splitlines()) == 1
        assert "make clean" in error


def test_settings_do_not_import_the_engines_where_services_are_named():
    code = "import sys, tracker.settings; sys.exit('tracker.embedded' in sys.modules)"
    environment = {
        **os.environ,
        "PYTHONPATH": str(CHECKOUT),
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "SECRET_KEY": "s" * 50,
        "ALLOWED_HOSTS": "example.org",
    }
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)


def test_an_interrupt_in_the_terminal_does_not_reach_the_engines(var, join):
    member = join()
    member.urls()
    for pid in pids(var):
        assert pid is not None
        assert os.getpgid(pid) != os.getpgid(member.process.pid)
    member.process.send_signal(signal.SIGINT)
    member.process.wait(timeout=PATIENCE_SECONDS)
    assert pids(var) == (None, None)
