"""After a restore nothing goes out until somebody says what may."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from incidents.models import Delivery, DeliveryHold
from incidents.services.delivery_holds import describe_hold, hold_deliveries, release_deliveries
from incidents.services.outbox import claim_deliveries, seconds_until_due
from incidents.testing.factories import make_alert, make_channel, make_delivery, make_ticket
from tracker import clock
from tracker.access import Actor
from tracker.choices import Role
from tracker.exceptions import Conflict, PermissionDenied
from tracker.models import Event
from tracker.testing.factories import make_user

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("test")


def hold():
    return hold_deliveries(actor=SYSTEM, backup_made_at=clock.now() - timedelta(hours=6))


def waiting(*, crossed_ago, **values):
    alert = make_alert(make_ticket(), crossed_at=clock.now() - crossed_ago)
    return make_delivery(alert=alert, channel=make_channel(), status="pending", **values)


def test_what_waits_is_not_taken_while_it_is_held_and_is_taken_afterwards():
    waiting(crossed_ago=timedelta(hours=1))
    assert hold() == 1
    assert claim_deliveries(limit=10) == []
    assert seconds_until_due() is None
    release_deliveries(actor=SYSTEM)
    assert len(claim_deliveries(limit=10)) == 1


def test_what_was_under_way_at_the_moment_of_the_backup_waits_as_well():
    delivery = waiting(crossed_ago=timedelta(hours=7))
    claim_deliveries(limit=10)
    hold()
    delivery.refresh_from_db()
    assert (delivery.status, delivery.lease, delivery.attempts) == ("pending", None, 1)
    held = describe_hold()
    assert (held.count, held.tried) == (1, 1)


def test_what_tells_of_something_before_the_loss_is_cancelled_though_it_was_written_after_the_restore():
    told, news = (waiting(crossed_ago=timedelta(hours=hours)) for hours in (5, 1))
    hold()
    done = release_deliveries(actor=SYSTEM, cancel_before=clock.now() - timedelta(hours=3))
    assert done.cancelled == 1
    assert list(Delivery.objects.filter(status="pending")) == [news]
    told.refresh_from_db()
    assert (told.status, told.last_error) == ("cancelled", "not sent after a restore")
    assert Event.objects.filter(verb="delivery.cancelled", object_id=str(told.pk)).count() == 1


def test_a_second_hold_is_the_same_one_and_there_is_none_to_release_twice():
    hold()
    hold()
    assert DeliveryHold.objects.count() == 1
    release_deliveries(actor=SYSTEM)
    with pytest.raises(Conflict):
        release_deliveries(actor=SYSTEM)
    assert list(Event.objects.filter(verb__startswith="delivery.").values_list("verb", flat=True).order_by("id")) == [
        "delivery.held",
        "delivery.released",
    ]


def test_a_reporter_neither_holds_nor_releases():
    reporter = Actor.of_user(make_user(role=Role.REPORTER))
    with pytest.raises(PermissionDenied):
        hold_deliveries(actor=reporter, backup_made_at=clock.now())
    hold()
    with pytest.raises(PermissionDenied):
        release_deliveries(actor=reporter)


def run(*arguments):
    out = StringIO()
    call_command("release_deliveries", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_says_what_waits_and_takes_no_moment_without_its_offset():
    assert "No deliveries are held." in run()
    hold()
    assert "0 wait" in run()
    waiting(crossed_ago=timedelta(hours=1))
    assert "1 wait, of what happened from" in run()
    with pytest.raises(CommandError, match="offset"):
        run("--cancel-before", "2026-11-21T03:10")
    assert "Released; 1 cancelled." in run("--none")
    with pytest.raises(CommandError, match="No deliveries are held"):
        run("--all")
