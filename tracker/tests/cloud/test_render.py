"""render.yaml: the same commands and settings as everywhere, and no deployment before the checks have passed."""

import shlex

import yaml

from tracker.testing.composition import SECRET_NAMES, commands, known_names
from tracker.testing.services import CHECKOUT

BLUEPRINT = yaml.safe_load((CHECKOUT / "render.yaml").read_text())
SERVICES = {service["name"]: service for service in BLUEPRINT["services"]}
PROGRAMS = {kind: SERVICES[f"tracker-{kind}"] for kind in ("web", "worker", "beat")}
GROUP = {entry["key"]: entry for group in BLUEPRINT["envVarGroups"] for entry in group["envVars"]}


def own_settings(service):
    return {entry["key"]: entry for entry in service["envVars"] if "key" in entry}


def test_each_service_starts_what_the_image_starts():
    assert {kind: shlex.split(service["dockerCommand"]) for kind, service in PROGRAMS.items()} | {
        "migrate": shlex.split(PROGRAMS["web"]["preDeployCommand"])
    } == commands()


def test_nothing_is_deployed_before_the_checks_have_passed():
    assert {service["autoDeployTrigger"] for service in PROGRAMS.values()} == {"checksPass"}
    assert {service["branch"] for service in PROGRAMS.values()} == {"main"}
    assert PROGRAMS["web"]["healthCheckPath"] == "/health"


def test_every_setting_is_one_and_no_secret_stands_in_the_file():
    for service in PROGRAMS.values():
        entries = GROUP | own_settings(service)
        assert set(entries) - known_names() == set()
        assert {"DATABASE_URL", "REDIS_URL", "SECRET_KEY", "ALLOWED_HOSTS"} <= set(entries)
        assert not [name for name, entry in entries.items() if SECRET_NAMES.search(name) and "value" in entry]


def test_a_group_asks_for_nothing_and_refers_to_nothing():
    """Render takes neither in groups."""
    assert {frozenset(entry) for entry in GROUP.values()} == {
        frozenset({"key", "value"}),
        frozenset({"key", "generateValue"}),
    }


def test_what_is_referred_to_is_there_and_closed_to_the_world():
    databases = {database["name"]: database for database in BLUEPRINT["databases"]}
    for service in PROGRAMS.values():
        settings = own_settings(service)
        assert settings["DATABASE_URL"]["fromDatabase"]["name"] in databases
        assert SERVICES[settings["REDIS_URL"]["fromService"]["name"]]["type"] == "keyvalue"
    assert databases["tracker-database"]["ipAllowList"] == SERVICES["tracker-valkey"]["ipAllowList"] == []
    assert SERVICES["tracker-valkey"]["maxmemoryPolicy"] == "noeviction"
