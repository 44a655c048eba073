"""Which backups are kept: by day, week and month, each rule counting from its first; and never none."""

from datetime import UTC, datetime, timedelta

import pytest

from tracker import clock
from tracker.access import Actor
from tracker.models import Backup, Event
from tracker.services.backup_keeping import DAILY, MONTHLY, OTHERS, WEEKLY, how_long, take_away_old

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 11, 2, 2, 30, tzinfo=UTC)


def make(path, at, *, kept_until, **values):
    path.write_bytes(b"backup")
    return Backup.objects.create(
        started_at=at, finished_at=at, location=str(path), release="0.1.0", kept_until=kept_until, **values
    )


@pytest.mark.parametrize(
    ("at", "earlier", "span"),
    [
        (MONDAY, [], MONTHLY),
        (MONDAY, [MONDAY - timedelta(days=5)], MONTHLY),
        (MONDAY + timedelta(days=7), [MONDAY], WEEKLY),
        (MONDAY + timedelta(days=1), [MONDAY], DAILY),
        (MONDAY + timedelta(hours=5), [MONDAY], OTHERS),
    ],
)
def test_the_first_of_a_month_a_week_and_a_day_is_kept_longest(at, earlier, span):
    assert how_long(at, earlier) == span


def test_half_a_year_of_nights_leaves_seven_days_four_weeks_and_six_months():
    nights = [MONDAY + timedelta(days=number) for number in range(190)]
    kept = []
    for number, night in enumerate(nights):
        kept = [(at, until) for at, until in kept if until >= night]
        kept.append((night, night + how_long(night, [at for at, _ in kept] + nights[max(0, number - 40) : number])))
    last = nights[-1]
    assert {at for at, _ in kept} >= {last - timedelta(days=days) for days in range(7)}
    assert len({(at.year, at.month) for at, _ in kept}) >= 6
    assert len(kept) <= 7 + 5 + 7


def test_what_has_had_its_time_goes_but_never_the_newest_whole_one(tmp_path):
    now = clock.now()
    past = now - timedelta(days=30)
    old, newest = (
        make(tmp_path / name, past + timedelta(days=number), kept_until=past + timedelta(days=8))
        for number, name in enumerate(["tracker-1.tar", "tracker-2.tar"])
    )
    elsewhere = make(tmp_path.parent / "tracker-3.tar", past - timedelta(days=1), kept_until=past)
    make(tmp_path / "tracker-4.tar", past + timedelta(days=2), kept_until=None, error="The disk is full.")
    assert take_away_old(actor=Actor.system("test"), directory=tmp_path) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["tracker-2.tar", "tracker-4.tar"]
    old.refresh_from_db()
    assert old.removed_at is not None
    assert elsewhere.removed_at is None
    assert newest.removed_at is None
    assert Event.objects.filter(verb="backup.removed", object_id=str(old.pk)).exists()
