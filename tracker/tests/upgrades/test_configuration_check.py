"""What is allowed and still not what an operator wants is named, with the variable and what to put there."""

import ipaddress

import pytest
from django.core.checks import run_checks
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from tracker.checks import CONFIGURATION, INSTALLATION, find_faults, installation
from tracker.schema_state import SchemaState

WELL = {
    "SECRET_KEY": "long-and-random-0123456789",
    "DATABASE_URL": "postgresql://tracker:random@db/tracker",
    "REDIS_URL": "redis://:random@valkey/0",
    "SITE_URL": "https://tracker.example.com",
    "ALLOWED_HOSTS": ["tracker.example.com"],
    "SECURE_SSL_REDIRECT": True,
    "TRUSTED_PROXIES": [ipaddress.ip_network("10.0.0.0/8")],
    "METRICS_NETWORKS": [ipaddress.ip_network("10.0.0.0/8")],
    "OUTGOING_ALLOWED_NETWORKS": [],
    "EMAIL_URL": "smtp+tls://mail.example.com",
}
EVERYBODY = [ipaddress.ip_network("::/0")]


def ask_settings(settings, **changes):
    for name, value in {**WELL, **changes}.items():
        setattr(settings, name, value)
    return run_checks(tags=[CONFIGURATION], include_deployment_checks=True)


def test_nothing_is_said_about_settings_that_are_well(settings):
    assert ask_settings(settings) == []


@pytest.mark.parametrize(
    ("changes", "variable", "id_"),
    [
        ({"SECRET_KEY": "change-me-to-fifty-random-characters"}, "SECRET_KEY", "tracker.W001"),
        ({"DATABASE_URL": "postgresql://tracker:change-me@db/tracker"}, "DATABASE_URL", "tracker.W001"),
        ({"SITE_URL": "http://tracker.example.com"}, "SITE_URL", "tracker.W002"),
        ({"SITE_URL": "https://elsewhere.example.com"}, "ALLOWED_HOSTS", "tracker.W003"),
        ({"ALLOWED_HOSTS": ["*"]}, "ALLOWED_HOSTS", "tracker.W004"),
        ({"TRUSTED_PROXIES": []}, "TRUSTED_PROXIES", "tracker.W005"),
        ({"TRUSTED_PROXIES": EVERYBODY}, "TRUSTED_PROXIES", "tracker.W006"),
        ({"OUTGOING_ALLOWED_NETWORKS": EVERYBODY}, "OUTGOING_ALLOWED_NETWORKS", "tracker.W006"),
        ({"EMAIL_URL": "consolemail://"}, "EMAIL_URL", "tracker.I007"),
        ({"REDIS_URL": "redis://valkey/0"}, "REDIS_URL", "tracker.W008"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_trap_is_named_with_its_variable_and_never_with_its_value(settings, changes, variable, id_):
    (found,) = ask_settings(settings, **changes)
    assert found.id == id_
    assert variable in found.msg
    assert variable in found.hint or "Valkey" in found.hint
    assert not any(
        isinstance(value, str) and "change-me" in value and value in str(found) for value in changes.values()
    )


@pytest.mark.django_db
def test_nothing_is_said_about_an_installation_that_is_well():
    assert run_checks(tags=[INSTALLATION], databases=["default"]) == []


@pytest.mark.django_db(transaction=True)
def test_a_pooler_between_is_looked_for_outside_transactions():
    assert run_checks(tags=[INSTALLATION], databases=["default"]) == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("setting", "value", "id_"),
    [
        ("OLDEST_POSTGRESQL", 990_000, "tracker.E101"),
        ("LONGEST_SKEW_SECONDS", -1, "tracker.W105"),
        ("SERVER", "SELECT 180000, 'LATIN1', true, false, '18'", "tracker.E102"),
        ("SERVER", "SELECT 180000, 'UTF8', false, false, '18'", "tracker.W103"),
        ("SERVER", "SELECT 180000, 'UTF8', true, true, '18'", "tracker.E104"),
        ("read_schema_state", lambda: SchemaState(1, ("tracker.0099_new",), ()), "tracker.E107"),
        ("read_schema_state", lambda: SchemaState(1, (), ("tracker.0099_new",)), "tracker.W108"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.startswith("tracker.") else "",
)
def test_each_fault_of_an_installation_is_named_with_a_way_out(monkeypatch, setting, value, id_):
    monkeypatch.setattr(installation, setting, value)
    (found,) = find_faults()
    assert found.id == id_
    assert found.hint


@pytest.mark.django_db
def test_a_folder_that_cannot_be_written_is_named(settings, tmp_path):
    (tmp_path / "file").touch()
    settings.MEDIA_ROOT = tmp_path / "file" / "media"
    assert [found.id for found in find_faults()] == ["tracker.E109"]


@pytest.mark.django_db
def test_prepare_says_what_it_found_and_stops_where_nothing_could_work(monkeypatch, capsys):
    monkeypatch.setattr(installation, "LONGEST_SKEW_SECONDS", -1)
    call_command("prepare")
    assert "tracker.W105" in capsys.readouterr().err
    monkeypatch.setattr(installation, "OLDEST_POSTGRESQL", 990_000)
    with pytest.raises(CommandError, match="cannot work"):
        call_command("prepare")
    assert "PostgreSQL 15" in capsys.readouterr().err


@pytest.mark.django_db
def test_prepare_leaves_a_database_of_a_later_release_alone_unless_told_otherwise():
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('tracker', '0999_later', now())")
    with pytest.raises(CommandError, match=r"later release .*tracker\.0999_later"):
        call_command("prepare")
    call_command("prepare", allow_newer=True)
