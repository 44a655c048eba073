"""Files that no row names go after a day; one that is named stays, whatever its age."""

import os
import signal
import subprocess
import sys
from datetime import timedelta

import pytest

from incidents.models import Attachment
from incidents.services import orphans
from incidents.sweeps import sweep_files
from incidents.testing.factories import make_attachment, make_issue
from incidents.testing.incident_factories import make_incident, make_incident_file
from tracker import clock
from tracker.files.keeping import keep_file, list_keys
from tracker.files.names import storage_shards
from tracker.files.uploads import Upload, incoming_directory
from tracker.models import SweepHeartbeat
from tracker.schedules import default_schedules
from tracker.testing.factories import make_user
from tracker.testing.services import make_child_environment

pytestmark = pytest.mark.django_db
DIES_BETWEEN_FILE_AND_ROW = """
import django, os, signal
django.setup()
from incidents.models import Attachment, Issue
from incidents.services import attachments
from tracker.access import Actor
from tracker.files.uploads import Upload
from tracker.models import User
attachments.write_attachment = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
upload = Upload.of_chunks("half-done", [b"lost"])
half = Upload.of_chunks("half-received", [b"lost"])
attachments.attach_file(actor=Actor.of_user(User.objects.get()), issue=Issue.objects.get(), upload=upload)
"""


@pytest.fixture(autouse=True)
def _own_disk(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def kept():
    return {key for shard in storage_shards() for key in list_keys(shard)}


def keep(content=b"orphan"):
    with Upload.of_chunks("x", [content]) as upload:
        return keep_file(upload)


def test_a_file_without_a_row_goes_after_a_day(move_clock):
    row = make_attachment(make_issue(), preview_key=keep())
    orphan = keep()
    named = {row.storage_key, row.preview_key}
    move_clock(by=timedelta(hours=23))
    young = keep()
    assert sweep_files() == 0
    move_clock(by=timedelta(hours=24, minutes=1))
    assert sweep_files() == 1
    assert kept() == named | {young}
    assert orphan not in kept()
    assert SweepHeartbeat.objects.get(name="sweep_files").rows == 1
    move_clock(by=timedelta(days=3650))
    assert sweep_files() == 1
    assert kept() == named


def test_files_of_a_deleted_issue_or_incident_go_too(move_clock):
    make_attachment(make_issue()).issue.delete()
    kept_with_it = make_incident_file(make_incident(), make_user())
    move_clock(by=timedelta(hours=25))
    assert sweep_files() == 1
    assert kept() == {kept_with_it.storage_key}
    kept_with_it.incident.delete()
    assert not Attachment.objects.exists()
    assert sweep_files() == 1
    assert kept() == set()


def test_what_is_not_ours_is_left_alone(settings, move_clock):
    keep()
    shard = settings.MEDIA_ROOT / "attachments" / "ab"
    shard.mkdir(exist_ok=True)
    (shard / "README").write_text("not a key")
    (settings.MEDIA_ROOT / "else").write_text("not ours")
    move_clock(by=timedelta(hours=25))
    assert sweep_files() == 1
    assert (shard / "README").exists()
    assert (settings.MEDIA_ROOT / "else").exists()


def test_a_run_is_limited_and_the_next_goes_on(move_clock, monkeypatch):
    monkeypatch.setattr(orphans, "MAX_DELETED", 2)
    monkeypatch.setattr(orphans, "BATCH_SIZE", 1)
    make_attachment(make_issue())
    for _ in range(5):
        keep()
    move_clock(by=timedelta(hours=25))
    assert [sweep_files() for _ in range(4)] == [2, 2, 1, 0]


def test_beside_a_database_without_files_hardly_anything_goes(move_clock):
    for _ in range(12):
        keep()
    move_clock(by=timedelta(hours=25))
    assert sweep_files() == 10


def test_it_is_scheduled_at_two_in_the_night():
    assert str(default_schedules()["sweep_files"].when) == "daily at 02:00 UTC"


@pytest.mark.attack
@pytest.mark.django_db(transaction=True)
def test_killed_between_file_and_row_there_is_never_a_row_without_file(settings, move_clock):
    make_issue(reporter=make_user())
    done = subprocess.run(
        [sys.executable, "-c", DIES_BETWEEN_FILE_AND_ROW],
        env=make_child_environment(MEDIA_ROOT=str(settings.MEDIA_ROOT)),
        capture_output=True,
        timeout=30,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert not Attachment.objects.exists()
    assert len(kept()) == 1
    (half,) = incoming_directory().iterdir()
    assert sweep_files() == 0
    old = (clock.now() - timedelta(hours=25)).timestamp()
    os.utime(half, (old, old))
    move_clock(by=timedelta(hours=24, minutes=1))
    assert sweep_files() == 2
    assert kept() == set()
    assert not half.exists()
