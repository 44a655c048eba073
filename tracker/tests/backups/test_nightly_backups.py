"""The nightly backup: off until a folder is named, and missed where it does not come."""

from datetime import timedelta

import pytest

from tracker import clock
from tracker.backups import monitoring
from tracker.checks.backups import check_backups
from tracker.health import Grade
from tracker.models import Backup
from tracker.sweeps import back_up

pytestmark = pytest.mark.django_db


def made(*, ago, **values):
    at = clock.now() - ago
    return Backup.objects.create(
        started_at=at, finished_at=at, location="/srv/backups/x.tar", release="0.1.0", **values
    )


@pytest.fixture
def _folder(settings, tmp_path):
    settings.BACKUP_DIRECTORY = tmp_path


def figures():
    return {one.name: [sample.value for sample in one.samples] for one in monitoring._collect()}


def test_without_a_folder_the_sweep_makes_nothing_and_nobody_misses_it(settings):
    settings.BACKUP_DIRECTORY = None
    assert back_up() == 0
    assert monitoring._check_backup() is Grade.OK
    assert figures()["tracker_backup_age_seconds"] == []
    assert "BACKUP_DIRECTORY" in monitoring._describe().facts[0].note


@pytest.mark.usefixtures("_folder")
def test_one_that_does_not_come_is_missed_but_not_on_the_first_day(move_clock):
    assert monitoring._check_backup() is Grade.OK
    move_clock(by=timedelta(hours=27))
    assert monitoring._check_backup() is Grade.DEGRADED
    made(ago=timedelta(hours=25))
    assert monitoring._check_backup() is Grade.OK
    made(ago=timedelta(hours=1), error="The disk is full.")
    move_clock(by=timedelta(hours=29))
    assert monitoring._check_backup() is Grade.DEGRADED
    assert figures()["tracker_backup_failing"] == [1]
    assert [fact.tone for fact in monitoring._describe().facts] == ["breach", "", "breach"]


def test_what_keeps_it_from_being_made_is_told_at_the_start(settings, tmp_path, monkeypatch):
    settings.BACKUP_DIRECTORY = tmp_path
    assert check_backups(None, databases=["default"]) == []
    (tmp_path / "file").write_text("in the way")
    settings.BACKUP_DIRECTORY = tmp_path / "file" / "backups"
    monkeypatch.setattr("tracker.backups.postgresql._candidates", lambda name: iter(()))
    found = check_backups(None, databases=["default"])
    assert [message.id for message in found] == ["tracker.W110", "tracker.W111"]
    assert "postgresql-client-" in found[0].hint
