"""Which channels hear of which alerts."""

from datetime import timedelta

import pytest

from incidents.choices import Notice
from incidents.models import Delivery
from incidents.services.deliveries import route_alerts
from incidents.testing.factories import make_alert, make_channel, make_ticket
from tracker import clock
from tracker.testing.factories import make_project

pytestmark = pytest.mark.django_db


def told(alert, notice: str = Notice.FIRED, status: str = "pending") -> set[str]:
    rows = Delivery.objects.filter(alert=alert, notice=notice, status=status)
    return set(rows.values_list("channel__name", flat=True))


def test_an_alert_goes_to_every_channel_that_is_on():
    alert = make_alert(make_ticket())
    make_channel(name="a"), make_channel(name="b"), make_channel(name="off", is_enabled=False)
    make_channel(name="gone", deleted_at=clock.now())
    route_alerts([alert.pk], notice=Notice.FIRED)
    assert told(alert) == {"a", "b"}


def test_the_step_of_the_policy_may_name_its_channels():
    alert = make_alert(make_ticket(), channels=["b"])
    make_channel(name="a"), make_channel(name="b")
    route_alerts([alert.pk], notice=Notice.FIRED)
    assert told(alert) == {"b"}


@pytest.mark.parametrize(
    ("filters", "is_told"),
    [
        ({}, True),
        ({"states": []}, True),
        ({"states": ["breach"]}, False),
        ({"states": ["alert", "breach"]}, True),
        ({"priorities": ["HIGH"]}, True),
        ({"priorities": ["low"]}, False),
        ({"tiers": ["gold"], "projects": ["OPS"]}, True),
        ({"tiers": ["silver"]}, False),
        ({"projects": ["WEB"]}, False),
        ({"min_level": 1}, True),
        ({"min_level": 2}, False),
    ],
)
def test_a_channel_hears_only_what_its_filters_let_through(filters, is_told):
    alert = make_alert(make_ticket(project=make_project(key="OPS")))
    make_channel(name="a", filters=filters)
    route_alerts([alert.pk], notice=Notice.FIRED)
    assert told(alert) == ({"a"} if is_told else set())


def test_a_ticket_without_project_passes_only_where_projects_do_not_matter():
    alert = make_alert(make_ticket())
    make_channel(name="any"), make_channel(name="ops", filters={"projects": ["OPS"]})
    route_alerts([alert.pk], notice=Notice.FIRED)
    assert told(alert) == {"any"}


def test_what_was_crossed_more_than_a_day_ago_rings_no_bell():
    make_channel(name="a")
    old = make_alert(make_ticket(), crossed_at=clock.now() - timedelta(hours=24, minutes=1))
    young = make_alert(make_ticket(), crossed_at=clock.now() - timedelta(hours=23, minutes=59))
    route_alerts([old.pk, young.pk], notice=Notice.FIRED)
    assert (told(old), told(young)) == (set(), {"a"})


def test_routing_twice_writes_nothing_twice_and_each_delivery_has_a_key_of_its_own():
    make_channel(name="a"), make_channel(name="b")
    ids = [make_alert(make_ticket()).pk for _ in range(3)]
    route_alerts(ids, notice=Notice.FIRED)
    route_alerts(ids, notice=Notice.FIRED)
    assert Delivery.objects.count() == 6
    assert len(set(Delivery.objects.values_list("key", flat=True))) == 6


def test_a_muted_channel_is_not_told_and_the_row_says_why():
    make_channel(name="quiet", muted_until=clock.now() + timedelta(hours=1))
    make_channel(name="awake", muted_until=clock.now() - timedelta(hours=1))
    alert = make_alert(make_ticket())
    route_alerts([alert.pk], notice=Notice.FIRED)
    assert told(alert) == {"awake"}
    assert told(alert, status="cancelled") == {"quiet"}
    assert Delivery.objects.get(channel__name="quiet").last_error == "the channel was muted"


@pytest.mark.parametrize("notice", [Notice.RESOLVED, Notice.WITHDRAWN])
def test_an_outcome_goes_to_those_who_were_told_and_replaces_what_still_waits(notice):
    for name in ("sent", "waiting", "dead", "muted"):
        make_channel(name=name)
    alert = make_alert(make_ticket())
    route_alerts([alert.pk], notice=Notice.FIRED)
    Delivery.objects.filter(channel__name="sent").update(status="sent")
    Delivery.objects.filter(channel__name="dead").update(status="dead")
    Delivery.objects.filter(channel__name="muted").update(status="cancelled")
    make_channel(name="new")
    route_alerts([alert.pk], notice=notice)
    assert told(alert, notice) == {"sent", "waiting"}
    fired = Delivery.objects.get(channel__name="waiting", notice=Notice.FIRED)
    assert (fired.status, fired.last_error) == ("cancelled", f"overtaken by {notice}")


def test_the_number_of_statements_does_not_depend_on_the_number_of_alerts(django_assert_num_queries):
    make_channel(), make_channel()
    ids = [make_alert(make_ticket()).pk for _ in range(20)]
    with django_assert_num_queries(1):
        route_alerts(ids, notice=Notice.FIRED)
    assert Delivery.objects.count() == 40
