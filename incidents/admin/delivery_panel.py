"""The first page's box about deliveries: what does not get through, and to whom."""

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse

from incidents.admin.badges import channel_badge
from incidents.admin.dashboard import count_capped
from incidents.choices import DeliveryStatus
from incidents.models import Delivery
from incidents.services.channels import visible_channels
from tracker.access import may
from tracker.admin.base import actor_of
from tracker.admin.site import Panel, TrackerAdminSite

ROWS = 8
LIVE = ("delivery", "channel")
site: TrackerAdminSite = admin.site  # type: ignore[assignment]


def deliveries_panel(request: HttpRequest) -> Panel | None:
    """What was given up, what is tried again, and how each channel fares, the worst first."""
    actor = actor_of(request)
    if not may(actor, "deliveries", "list"):
        return None
    address = reverse("admin:incidents_delivery_changelist")
    dead = count_capped(Delivery.objects.filter(status=DeliveryStatus.DEAD))
    again = count_capped(Delivery.objects.filter(status=DeliveryStatus.PENDING, attempts__gt=0))
    channels = visible_channels(actor).defer("url", "secret").order_by("-consecutive_failures", "name")
    context = {
        "figures": [
            ("Never arrived", "breach" if dead != "0" else "quiet", dead, f"{address}?status=dead"),
            ("Tried again", "alert" if again != "0" else "quiet", again, f"{address}?status=retried"),
        ],
        "channels": [(channel, channel_badge(channel)) for channel in channels[:ROWS]],
        "may_add": may(actor, "channels", "create"),
    }
    return Panel("admin/incidents/panels/deliveries.html", context, position=21, live_types=LIVE)


site.add_panel(deliveries_panel)
