"""What the System page tells of deliveries: what waits, what was given up, and how each channel fares."""

from datetime import datetime, timedelta

from django.db.models import Count, Q

from incidents.choices import DeliveryStatus
from incidents.models import Channel, Delivery
from incidents.services.delivery_holds import find_hold
from tracker import clock
from tracker.services.system import Cell, Content, Fact, Section, Tone, register_section

MOST_CHANNELS = 30
FAILING_AFTER = 3
RECENT = timedelta(hours=24)
PAGE = "admin:incidents_delivery_changelist"
HOLD_PAGE = "admin:incidents_deliveryhold_changelist"


def read_deliveries() -> Content:
    """By state, and by channel with the worst first."""
    recent = clock.now() - RECENT
    waiting = Delivery.objects.filter(status__in=[DeliveryStatus.PENDING, DeliveryStatus.LEASED])
    counts = waiting.aggregate(new=Count("pk", filter=Q(attempts=0)), again=Count("pk", filter=Q(attempts__gt=0)))
    dead = Delivery.objects.filter(status=DeliveryStatus.DEAD, created_at__gt=recent).count()
    by_channel = dict(waiting.order_by().values_list("channel").annotate(number=Count("pk")))
    channels = Channel.objects.filter(deleted_at=None).defer("url", "secret").order_by("-consecutive_failures", "name")
    return Content(
        facts=[
            *_tell_hold(),
            Fact("Waiting", counts["new"], page=PAGE),
            Fact("Tried again", counts["again"], tone=Tone.ALERT if counts["again"] else Tone.PLAIN),
            Fact(
                "Given up since yesterday",
                dead,
                tone=Tone.BREACH if dead else Tone.PLAIN,
                note="Mend the channel, then take them up again on the page of deliveries." if dead else "",
                page=PAGE,
            ),
        ],
        columns=("Channel", "State", "Waiting", "Last success", "Last error"),
        rows=[_tell_channel(channel, by_channel.get(channel.pk, 0)) for channel in channels[:MOST_CHANNELS]],
        empty="There is no channel yet: nobody is told of any alert.",
    )


def _tell_hold() -> list[Fact]:
    hold = find_hold()
    if hold is None:
        return []
    note = "A backup was restored: nothing is sent until somebody says what may go."
    return [Fact("Held since", hold.began_at, tone=Tone.BREACH, note=note, page=HOLD_PAGE)]


def _tell_channel(channel: Channel, waiting: int) -> list[Cell]:
    error = channel.last_error[:100] if channel.consecutive_failures else ""
    return [Cell(channel.name), _state_of(channel), Cell(waiting), Cell(channel.last_success_at), Cell(error)]


def _state_of(channel: Channel) -> Cell:
    now: datetime = clock.now()
    if not channel.is_enabled:
        return Cell("off", tone=Tone.QUIET)
    if channel.consecutive_failures >= FAILING_AFTER:
        return Cell(f"{channel.consecutive_failures:,} failures in a row", tone=Tone.BREACH)
    if channel.muted_until is not None and channel.muted_until > now:
        return Cell("muted", tone=Tone.QUIET)
    return Cell("failed last", tone=Tone.ALERT) if channel.consecutive_failures else Cell("ok", tone=Tone.OK)


register_section(Section("deliveries", "Deliveries", read_deliveries, position=55, is_wide=True))
