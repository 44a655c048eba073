"""A real RabbitMQ of a test's own: its node, ports, folders, log and port mapper are nobody else's."""

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tracker.testing.ports import find_free_ports, is_listening, wait_until

WHY_SKIPPED = "RabbitMQ is missing: apt-get install rabbitmq-server"
# Past the script in /usr/sbin, which hands over to the system's own user and folders.
SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
START_TIMEOUT_SECONDS = 120.0
CONFIGURATION = """\
listeners.tcp.1 = 127.0.0.1:{port}
default_user = tracker
default_pass = {password}
loopback_users = none
disk_free_limit.absolute = 1MB
log.console = true
log.file = false
log.console.level = warning
"""


@dataclass(frozen=True, slots=True)
class RabbitMQ:
    """A running one: its CELERY_BROKER_URL, and what its own tools need to find it."""

    url: str
    environment: Mapping[str, str]

    def run(self, *command: str) -> int:
        """Runs one of its tools; the exit code."""
        found = [str(SERVER.parent / command[0]), *command[1:]]
        return subprocess.run(found, env=dict(self.environment), capture_output=True, check=False).returncode


def is_installed() -> bool:
    """Whether this machine has one."""
    return SERVER.exists() and shutil.which("epmd") is not None


@contextmanager
def run_rabbitmq() -> Iterator[RabbitMQ]:
    """Runs RabbitMQ until the block ends."""
    port, cluster_port, mapper_port = find_free_ports(3)
    password = secrets.token_urlsafe(16)
    with tempfile.TemporaryDirectory(prefix="tracker-rabbitmq-", ignore_cleanup_errors=True) as name:
        directory = Path(name)
        (directory / "rabbitmq.conf").write_text(CONFIGURATION.format(port=port, password=password), encoding="utf-8")
        (directory / "plugins").write_text("[].", encoding="utf-8")
        (directory / "empty").touch()
        environment = {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "HOME": name,
            # A tool that does not find its node would leave one where the test runs.
            "ERL_CRASH_DUMP_SECONDS": "0",
            "ERL_CRASH_DUMP": f"{name}/crash",
            "ERL_EPMD_PORT": str(mapper_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_CONF_ENV_FILE": f"{name}/empty",
            "RABBITMQ_NODENAME": f"tracker-{port}@localhost",
            "RABBITMQ_DIST_PORT": str(cluster_port),
            "RABBITMQ_MNESIA_BASE": f"{name}/data",
            "RABBITMQ_LOG_BASE": f"{name}/log",
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_CONFIG_FILE": f"{name}/rabbitmq.conf",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{name}/plugins",
            "RABBITMQ_PID_FILE": f"{name}/pid",
            "RABBITMQ_SERVER_START_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        }
        with (directory / "output").open("wb") as output:
            # The mapper of node names first: the node would start one that outlives it.
            commands = [["epmd", "-port", str(mapper_port), "-address", "127.0.0.1"], [str(SERVER)]]
            processes = [
                subprocess.Popen(command, env=environment, stdout=output, stderr=output, start_new_session=True)
                for command in commands
            ]
        try:
            wait_until(
                lambda: is_listening(port) or processes[1].poll() is not None,
                seconds=START_TIMEOUT_SECONDS,
                what=(directory / "output").read_text,
            )
            assert processes[1].poll() is None, (directory / "output").read_text()
            yield RabbitMQ(f"amqp://tracker:{password}@127.0.0.1:{port}//", environment)
        finally:
            for process in reversed(processes):
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
