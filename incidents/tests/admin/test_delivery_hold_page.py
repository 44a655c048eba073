"""After a restore the back office says that nothing is sent, and lets go what may go."""

from datetime import timedelta

import pytest

from incidents.models import Delivery, DeliveryHold
from incidents.services.delivery_holds import hold_deliveries
from incidents.testing.factories import make_alert, make_channel, make_delivery, make_ticket
from tracker import clock
from tracker.access import Actor
from tracker.choices import Role
from tracker.testing.factories import make_user

pytestmark = pytest.mark.django_db
LIST = "/admin/incidents/deliveryhold/"


@pytest.fixture
def hold():
    for hours in (5, 1):
        alert = make_alert(make_ticket(), crossed_at=clock.now() - timedelta(hours=hours))
        make_delivery(make_channel(), alert)
    hold_deliveries(actor=Actor.system("restore"), backup_made_at=clock.now() - timedelta(hours=6))
    return DeliveryHold.objects.get()


def release(client, hold, **values):
    return client.post(f"{LIST}{hold.pk}/release/", values, follow=True).content.decode()


def test_the_first_page_says_so_and_leads_to_the_button(maintainer_client, hold):
    assert f"{LIST}{hold.pk}/change/" in maintainer_client.get("/admin/").content.decode()
    page = maintainer_client.get(f"{LIST}{hold.pk}/change/").content.decode()
    assert "Send what tells of later" in page
    assert "&lt;" not in page
    assert "Held" in maintainer_client.get(LIST).content.decode()


def test_what_tells_of_something_before_the_loss_is_cancelled(maintainer_client, hold):
    lost_at = (clock.now() - timedelta(hours=3)).strftime("%Y-%m-%dT%H:%M:%S")
    assert "Lost at: say when" in release(maintainer_client, hold, what="since")
    assert Delivery.objects.filter(status="pending").count() == 2
    assert "1 cancelled" in release(maintainer_client, hold, what="since", before=lost_at)
    assert Delivery.objects.filter(status="pending").count() == 1
    assert "No deliveries are held" in release(maintainer_client, hold, what="all")
    assert "Nothing is sent" not in maintainer_client.get("/admin/").content.decode()


def test_the_page_system_says_so_on_top_with_what_to_do(admin_client, hold):
    summary = (
        admin_client.get("/admin/system/")
        .content.decode()
        .partition('id="panel-summary"')[2]
        .partition("</section>")[0]
    )
    assert "Not well" in summary
    assert "nothing is sent until somebody says what may go" in summary
    release(admin_client, hold, what="none")
    assert "nothing is sent" not in admin_client.get("/admin/system/").content.decode()


def test_a_reporter_releases_nothing(client, hold):
    client.force_login(make_user(role=Role.REPORTER))
    client.post(f"{LIST}{hold.pk}/release/", {"what": "all"})
    assert DeliveryHold.objects.get().released_at is None
