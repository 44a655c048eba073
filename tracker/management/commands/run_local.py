"""`manage.py run_local`, which is `make run`: everything of Tracker on this machine, in the foreground."""

import http.client
import os
import socket
import sys
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from tracker.access import Actor
from tracker.models import Event
from tracker.services.first_admin import FirstAdmin, ensure_first_admin
from tracker.supervisor import Program, Supervisor

WORKER = ("worker", "--concurrency", "2", "--without-gossip", "--without-mingle", "-l", "INFO")
STUB_HOST = "127.0.0.1"
FIRST_STUB_PORT = 9009
PROBE_TIMEOUT_SECONDS = 2.0


class Command(BaseCommand):
    """Prepares the database, then runs web, worker, beat and a stub receiver until Ctrl-C."""

    help = "Runs web, worker, beat and a stub receiver until Ctrl-C, on a database made ready for them."
    requires_system_checks = []

    def handle(self, **options: Any) -> None:
        """Runs the command."""
        host, port = settings.API_HOST, settings.API_PORT
        if settings.IS_PRODUCTION:
            raise CommandError("run_local is for local runs; set TRACKER_LOCAL=1 if this is one.")
        if not _is_free(host, port):
            raise CommandError(f"Port {port} is taken. Stop what uses it, or choose another one: PORT={port + 1}")
        stub_port = _find_free_port(STUB_HOST, FIRST_STUB_PORT)
        environment = _child_environment(stub_port)
        admin = self._prepare()
        python = [sys.executable, "-u"]
        programs = [
            Program("web", [*python, "-m", "gunicorn"]),
            Program("worker", [*python, "-m", "celery", "--quiet", "-A", "tracker", *WORKER]),
            Program("beat", [*python, "-m", "celery", "--quiet", "-A", "tracker", "beat", "--pidfile=", "-l", "INFO"]),
            Program("stub", [*python, "manage.py", "stub_receiver", "--host", STUB_HOST, "--port", str(stub_port)]),
        ]
        supervisor = Supervisor(programs, environment=environment, output=sys.stdout)
        os.chdir(settings.BASE_DIR)

        def announce() -> None:
            for line in _describe(host, port, stub_port, admin):
                supervisor.say(line)

        code = supervisor.run(is_ready=lambda: _is_healthy(host, port), on_ready=announce)
        if code:
            raise CommandError("A part of Tracker does not stay alive; its last lines above say why.")

    def _prepare(self) -> FirstAdmin:
        self.stdout.write("Preparing the database …")
        settings.STATIC_ROOT.mkdir(exist_ok=True)
        call_command("prepare")
        admin = ensure_first_admin(
            actor=Actor.system("run_local"),
            email=os.environ.get("DJANGO_SUPERUSER_EMAIL") or "admin@example.com",
            password=os.environ.get("DJANGO_SUPERUSER_PASSWORD", ""),
            password_file=settings.VAR_DIR / "admin-password",
        )
        if not Event.objects.filter(verb="demo.seeded").exists():
            call_command("seed_demo", stdout=self.stdout)
        return admin


def _child_environment(stub_port: int) -> dict[str, str]:
    """What the programs need to share our engines, so that none of them starts any."""
    return {
        **os.environ,
        "TRACKER_LOCAL": "1",
        "DATABASE_URL": settings.DATABASE_URL,
        "REDIS_URL": settings.REDIS_URL,
        "API_HOST": settings.API_HOST,
        "API_PORT": str(settings.API_PORT),
        "TRACKER_VAR_DIR": str(settings.VAR_DIR),
        "PROMETHEUS_MULTIPROC_DIR": str(settings.VAR_DIR / "metrics"),
        # Engines and worker of a local run may well belong to root, as in a container.
        "PYTHONWARNINGS": "ignore:You're running the worker with superuser",
        "SLACK_WEBHOOK_URL": settings.SLACK_WEBHOOK_URL or f"http://{STUB_HOST}:{stub_port}/slack/ok",
    }


def _describe(host: str, port: int, stub_port: int, admin: FirstAdmin) -> list[str]:
    address = f"http://{host}:{port}"
    lost = f"the one you chose (lost? .venv/bin/python manage.py changepassword {admin.email})"
    return [
        f"Tracker is ready at {address}",
        f"  log in at {address}/admin/ as {admin.email}, password {admin.password or lost}",
        f"  what goes to Slack and webhooks is shown at http://{STUB_HOST}:{stub_port}/",
        "  Ctrl-C stops everything; the data stay under var/",
    ]


def _is_free(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def _find_free_port(host: str, first: int) -> int:
    for port in range(first, first + 50):
        if _is_free(host, port):
            return port
    raise CommandError(f"No port from {first} to {first + 49} is free for the stub receiver.")


def _is_healthy(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=PROBE_TIMEOUT_SECONDS)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
