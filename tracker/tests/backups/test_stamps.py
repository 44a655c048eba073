"""A database that was restored elsewhere goes on above every place in the log that the lost one gave out."""

import pytest
from django.db import connection

from tracker.access import Actor
from tracker.admin.live import read_live_cursor
from tracker.backups import stamps
from tracker.models import Event
from tracker.realtime.positions import decode_cursor
from tracker.services.events import log_event

pytestmark = pytest.mark.django_db
FAR = 10**9


def newest():
    with connection.cursor() as cursor:
        cursor.execute("SELECT xid::text::bigint FROM tracker_event ORDER BY xid DESC, id DESC LIMIT 1")
        return cursor.fetchone()[0]


def tell():
    log_event(actor=Actor.system("test"), verb="backup.made")
    return newest()


def test_elsewhere_new_lines_come_after_all_that_readers_of_the_lost_one_may_have_seen():
    before = tell()
    stamps.go_on_above(before + FAR, cluster="another")
    assert tell() > before + FAR + stamps.ROOM - 10
    assert stamps.read_horizon() > before + FAR
    assert decode_cursor(read_live_cursor()).xid > before + FAR


def test_a_second_restore_goes_on_above_the_first():
    stamps.go_on_above(FAR, cluster="another")
    first = tell()
    stamps.go_on_above(stamps.read_horizon(), cluster="a third")
    assert tell() > first + stamps.ROOM // 2
    assert Event.objects.count() == 2


def test_where_it_came_from_it_counts_on_by_itself():
    before = stamps.read_horizon()
    stamps.go_on_above(before, cluster=stamps.find_cluster())
    assert stamps.read_horizon() - before < FAR
