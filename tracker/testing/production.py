"""Tracker in production mode without containers: the commands, environments and health checks of Dockerfile and
docker-compose.yml, behind a real nginx with TLS, on a real PostgreSQL and a real Valkey (or RabbitMQ as broker).

What differs from containers is where things are: addresses are of this machine, ports are free ones, and /srv and
/tmp are folders of a temporary directory. Where the machine allows it, each process's file system is read-only.
"""

import secrets
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

from tracker.testing.chaos.installation import Installation
from tracker.testing.container_processes import Container
from tracker.testing.containers import Image, health_check_of, read_composition, read_example
from tracker.testing.image_files import build_files
from tracker.testing.nginx import Nginx, run_nginx
from tracker.testing.ports import find_free_ports
from tracker.testing.services import VAR

ADMIN, PASSWORD = "admin@example.com", "a long enough password"
NAME = "localhost"
# What a trial switches off, and what nobody sets in production.
NOT_OF_PRODUCTION = ("SECURE_SSL_REDIRECT", "SECURE_COOKIES", "NGINX_TRANSPORT", "CELERY_BROKER_URL")


class ProductionStack:
    """Everything of one production installation; all of it is gone when the `with` block ends.

    Args:
        webs: how many webs nginx shares requests among.
        workers: how many workers.
        broker_url: of RabbitMQ, where that carries the rings in place of Valkey.
        environment: settings of Tracker's processes beyond those of docker-compose.yml.
    """

    def __init__(self, *, webs: int = 2, workers: int = 2, broker_url: str = "", **environment: str) -> None:
        self.containers: dict[str, Container] = {}
        self._webs, self._workers, self._broker_url, self._own = webs, workers, broker_url, environment
        self._ports = find_free_ports(webs + 3)
        self._image, self._secret = Image.read(), secrets.token_urlsafe(48)
        self._site_url = f"https://{NAME}:{self._ports[-1]}"
        self._exit = ExitStack()
        self.engines: Installation
        self.nginx: Nginx

    def __enter__(self) -> "ProductionStack":
        with ExitStack() as until_all_stands:
            until_all_stands.callback(self._exit.close)
            self._set_up()
            until_all_stands.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._exit.close()

    @property
    def origin(self) -> str:
        """Where people reach it."""
        return self.nginx.origin

    @property
    def stub_origin(self) -> str:
        """Where the stub shows what was sent to Slack."""
        return f"http://127.0.0.1:{self._ports[self._webs]}"

    @property
    def webs(self) -> list[Container]:
        """The webs, in the order of nginx's list."""
        return [container for name, container in self.containers.items() if name.startswith("web")]

    def manage(self, *arguments: str) -> str:
        """Runs a management command in the image; what it printed. Raises AssertionError where it failed."""
        done = self._make("migrate", "manage").run("python", "manage.py", *arguments)
        assert done.returncode == 0, f"{arguments}: {done.stderr[-3000:]}"
        return done.stdout.strip()

    def query(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Asks the database on a connection of its own."""
        return self.engines.query(statement, *parameters)

    def stop_all(self) -> dict[str, int]:
        """Ends nginx, then all other processes at once, each in its own way; the exit codes."""
        codes = {"nginx": self.nginx.stop()}
        running = {name: container for name, container in self.containers.items() if container.is_running()}
        for container in running.values():
            container.terminate()
        return codes | {name: container.wait() for name, container in running.items()}

    def _set_up(self) -> None:
        VAR.mkdir(parents=True, exist_ok=True)
        # Not under /tmp, which a test may look at from inside.
        self.directory = Path(tempfile.mkdtemp(prefix="production-", dir=VAR.parent))
        self._exit.callback(shutil.rmtree, self.directory, ignore_errors=True)
        for name in ("media", "backups"):
            (self.directory / name).mkdir()
        build_files(self.directory / "tracker")
        self.engines = self._exit.enter_context(Installation())
        self._exit.callback(self._kill_all)
        self._run_migrate()
        names = [*(f"web-{number}" for number in range(self._webs)), "stub", "beat"]
        names += [f"worker-{number}" for number in range(self._workers)]
        for name in names:
            self.containers[name] = self._make(name.partition("-")[0], name)
            self.containers[name].start()
        for container in self.containers.values():
            container.wait_until_well()
        self.nginx = self._exit.enter_context(
            run_nginx(self._ports[: self._webs], ports=(self._ports[-2], self._ports[-1]))
        )

    def _run_migrate(self) -> None:
        """As the one-shot service does, whose success the others wait for."""
        container = self._make("migrate", "migrate")
        container.start()
        assert container.process is not None
        assert container.process.wait(timeout=180) == 0, container.log()[-3000:]

    def _kill_all(self) -> None:
        for container in self.containers.values():
            container.kill()

    def _make(self, service_name: str, name: str) -> Container:
        service = read_composition(self._variables())["services"][service_name]
        command = service.get("command") or self._image.command
        stub_port = str(self._ports[self._webs])
        scratch = self.directory / f"tmp-{name}"
        return Container(
            name=name,
            command=[{"9009": stub_port, "0.0.0.0": "127.0.0.1"}.get(word, word) for word in command],  # noqa: S104
            environment=self._environment(service, name, scratch),
            health_check=health_check_of(service, self._image),
            directory=self.directory / "tracker",
            scratch=scratch,
            volumes=[self.directory / "media", self.directory / "backups"],
        )

    def _variables(self) -> Mapping[str, str]:
        """.env as an operator fills it in for production."""
        example = {name: value for name, value in read_example().items() if name not in NOT_OF_PRODUCTION}
        return example | {
            "SECRET_KEY": self._secret,
            "DATABASE_URL": self.engines.postgres.url(),
            "CELERY_BROKER_URL": self._broker_url,
            "SITE_URL": self._site_url,
            "ALLOWED_HOSTS": NAME,
            "TRUSTED_PROXIES": "127.0.0.1/32",
            "OUTGOING_ALLOWED_NETWORKS": "127.0.0.0/8",
            "SLACK_WEBHOOK_URL": f"{self.stub_origin}/slack/ok",
            "DJANGO_SUPERUSER_EMAIL": ADMIN,
            "DJANGO_SUPERUSER_PASSWORD": PASSWORD,
        }

    def _environment(self, service: Mapping[str, Any], name: str, scratch: Path) -> dict[str, str]:
        places = {"/srv/media": str(self.directory / "media"), "/tmp": str(scratch)}  # noqa: S108
        environment = {**self._image.environment, **service["environment"]}
        environment = {
            key: places.get(value, value.replace("/tmp/", f"{scratch}/"))  # noqa: S108
            for key, value in environment.items()
            if key != "PATH"
        }
        number = int(name.partition("-")[2] or 0)
        return environment | {
            "REDIS_URL": self.engines.valkey.url(),
            "API_HOST": "127.0.0.1",
            "API_PORT": str(self._ports[number]),
            "STUB_PORT": str(self._ports[self._webs]),
            **self._own,
        }
