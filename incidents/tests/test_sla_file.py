"""The SLA file: applied when it changes, whole or not at all."""

import os
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

from incidents.models import PolicyVersion, SLAConfigFile
from incidents.services.policy_versions import publish_version
from incidents.services.sla_file import load_sla_file, reload_sla_file, sla_file_state
from incidents.sla.documents import default_document
from incidents.sweeps import reload_sla
from incidents.testing.ticket_events import SYSTEM, at
from tracker.access import Actor
from tracker.exceptions import Conflict, PermissionDenied
from tracker.models import SweepHeartbeat
from tracker.testing.factories import make_user

pytestmark = pytest.mark.django_db

GOOD = "tiers: {gold: {high: {response: %d, resolution: 180}}}\n"
BAD = "tiers: {gold: {high: {response: -3, resolution: soon}}}\nthreshold: 5\n"


@pytest.fixture
def path(tmp_path: Path):
    """The file that SLA_CONFIG_PATH names."""
    file = tmp_path / "sla.yaml"
    file.write_text(GOOD % 30)
    with override_settings(SLA_CONFIG_PATH=str(file)):
        yield file


def newest() -> PolicyVersion:
    return PolicyVersion.objects.order_by("-number")[0]


def test_the_file_is_applied_once_and_again_when_it_says_something_else(path):
    reload_sla()
    assert (newest().source, newest().rules.get().response_minutes) == ("file", 30)
    number = newest().number
    assert reload_sla() == 0
    path.write_text("# a comment more\n" + GOOD % 30)
    os.utime(path, (1, 1))
    assert reload_sla() == 0
    path.write_text(GOOD % 20)
    assert reload_sla() == 1
    assert (newest().number, newest().rules.get().response_minutes) == (number + 1, 20)
    assert sla_file_state().word == "ok"
    assert SweepHeartbeat.objects.get(name="reload_sla").runs_total == 4


def test_an_atomic_replace_is_seen(path, tmp_path):
    reload_sla_file()
    other = tmp_path / "next"
    other.write_text(GOOD % 25)
    os.utime(other, (path.stat().st_atime, path.stat().st_mtime))
    other.replace(path)
    assert reload_sla_file() is not None
    assert newest().rules.get().response_minutes == 25


def test_a_configmap_that_turns_its_link_is_seen(tmp_path):
    for name, minutes in (("v1", 30), ("v2", 40)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "sla.yaml").write_text(GOOD % minutes)
    data = tmp_path / "..data"
    data.symlink_to("v1")
    (tmp_path / "sla.yaml").symlink_to("..data/sla.yaml")
    with override_settings(SLA_CONFIG_PATH=str(tmp_path / "sla.yaml")):
        reload_sla_file()
        (tmp_path / "..tmp").symlink_to("v2")
        (tmp_path / "..tmp").rename(data)
        reload_sla_file()
    assert newest().rules.get().response_minutes == 40


def test_a_bad_file_keeps_the_last_good_one_and_is_written_down_once(path, move_clock):
    move_clock(to=at(0))
    reload_sla_file()
    path.write_text(BAD)
    move_clock(to=at(1))
    assert reload_sla_file() is None
    move_clock(to=at(2))
    reload_sla_file()
    assert newest().rules.get().response_minutes == 30
    state = sla_file_state()
    assert (state.word, state.applied_at) == ("bad", at(0))
    for place in ("tiers.gold.high.response", "tiers.gold.high.resolution", "threshold"):
        assert f"{place}: " in state.faults
    assert SLAConfigFile.objects.get().refused_at == at(1)
    path.write_text(GOOD % 30)
    reload_sla_file()
    assert (sla_file_state().word, newest().number) == ("ok", 2)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"a: [", b"- x\n", b"x" * 300_000, b"a: &x {b: *x}\n"])
def test_nonsense_is_a_bad_file_and_never_an_accident(path, content):
    reload_sla_file()
    path.write_bytes(content)
    assert reload_sla_file() is None
    assert sla_file_state().word == "bad"
    assert newest().rules.get().response_minutes == 30


def test_a_missing_file_changes_nothing_and_shows(path):
    reload_sla_file()
    path.unlink()
    reload_sla_file()
    assert "cannot be read" in sla_file_state().faults
    assert newest().source == "file"


def test_without_a_file_there_is_nothing_to_tell(path):
    assert sla_file_state().word == "pending"
    with override_settings(SLA_CONFIG_PATH=""):
        assert reload_sla_file() is None
        assert sla_file_state().word == "none"


def test_the_file_wins_over_what_was_scheduled_before_it_came(path):
    with override_settings(SLA_CONFIG_PATH=""):
        publish_version(actor=SYSTEM, document=default_document(), effective_at=at(9e6))
    reload_sla_file()
    assert newest().source == "file"
    assert PolicyVersion.objects.filter(effective_at=at(9e6)).count() == 0


def test_the_settings_thresholds_hold_in_a_file_without_any(path):
    reload_sla_file()
    with override_settings(ALERT_THRESHOLD=0.5):
        assert reload_sla_file() is not None
    assert [float(step.percent) for step in newest().steps.all()] == [50, 100]


def test_the_command_publishes(tmp_path):
    file = tmp_path / "sla.yaml"
    file.write_text(GOOD % 30)
    assert "Published version 2" in run("load_sla", str(file))
    assert "Nothing is new" in run("load_sla", str(file))


def test_the_command_checks_without_storing_anything(tmp_path):
    file = tmp_path / "sla.yaml"
    file.write_text(GOOD % 30)
    assert run("load_sla", str(file), "--check") == "No faults: 1 rules, 1 calendars, 2 thresholds.\n"
    assert PolicyVersion.objects.count() == 0


@pytest.mark.parametrize("options", [[], ["--check"]])
def test_the_command_names_every_fault_on_a_line_and_stores_nothing(tmp_path, options):
    file, stderr = tmp_path / "sla.yaml", StringIO()
    file.write_text(BAD)
    with pytest.raises(CommandError, match="nothing was changed"):
        call_command("load_sla", str(file), *options, stderr=stderr)
    assert {line.split(": ")[0] for line in stderr.getvalue().splitlines()} == {
        "tiers.gold.high.response", "tiers.gold.high.resolution", "threshold",
    }  # fmt: skip
    assert PolicyVersion.objects.count() == 0


def test_the_command_says_when_there_is_no_such_file():
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("load_sla", "/nowhere/sla.yaml", stderr=StringIO())


def test_another_file_than_the_owning_one_is_refused(path, tmp_path):
    other = tmp_path / "other.yaml"
    other.write_text(GOOD % 1)
    with pytest.raises(Conflict, match="SLA_CONFIG_PATH"):
        load_sla_file(actor=SYSTEM, path=str(other))
    assert load_sla_file(actor=SYSTEM, path=str(path)) is not None


def test_a_maintainer_may_not_load_a_file(path):
    with pytest.raises(PermissionDenied):
        load_sla_file(actor=Actor.of_user(make_user("maintainer")), path=str(path))


def run(*arguments: str) -> str:
    stdout = StringIO()
    call_command(*arguments, stdout=stdout)
    return stdout.getvalue()
