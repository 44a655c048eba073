"""What people do with channels. Addresses and secrets go in and never come out, not even into the log."""

import logging
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet

from incidents.channels.email import split_recipients
from incidents.choices import ChannelKind, Notice
from incidents.models import Channel, Delivery
from incidents.services.channel_fields import CHECKS
from incidents.services.deliveries import log_deliveries
from incidents.services.delivery_statements import CANCEL_CHANNEL
from incidents.tasks import DELIVER, ring
from tracker import access, clock
from tracker.access import Actor
from tracker.addresses import OutgoingRefused, check_url
from tracker.exceptions import Conflict, FieldError, InvalidInput
from tracker.services.events import log_event

MASK = "••••••"
CONFIGURED_NAME = "slack"
SECRET_FIELDS = frozenset({"url", "secret"})
logger = logging.getLogger(__name__)


def visible_channels(actor: Actor) -> QuerySet[Channel]:
    """The channels in use that `actor` may know of: all or none, as access.yaml says. The one of people is no one's."""
    in_use = Channel.objects.filter(deleted_at=None).exclude(kind=ChannelKind.PERSON)
    return in_use if access.decide(actor, "channels", "list").is_for_all_rows else in_use.none()


@transaction.atomic
def create_channel(*, actor: Actor, **fields: Any) -> Channel:
    """A new channel from name, kind, url and, as wished, secret, filters, is_enabled.

    Raises:
        PermissionDenied, NotAuthenticated: the actor may not.
        InvalidInput: `details` names each field that is wrong.
        Conflict: the name is taken.
    """
    access.require(actor, "channels", "create")
    channel = Channel()
    _apply(channel, fields, required=("name", "kind", "url"))
    _save(channel)
    log_event(actor=actor, verb="channel.created", obj=channel, after=_told(channel, fields))
    return channel


@transaction.atomic
def update_channel(*, actor: Actor, channel: Channel, **fields: Any) -> Channel:
    """Changes some of a channel's fields; switching it off cancels what waits for it. Raises as `create_channel`."""
    access.require(actor, "channels", "update")
    channel = _lock(channel)
    before = _told(channel, fields)
    was_enabled, old_url = channel.is_enabled, channel.url
    _apply(channel, fields)
    if channel.url != old_url or (channel.is_enabled and not was_enabled):
        channel.broken_at, channel.consecutive_failures, channel.next_send_at = None, 0, None
    _save(channel)
    cancelled = _cancel_waiting(actor, channel, "the channel was switched off") if not channel.is_enabled else 0
    after = _told(channel, fields)
    log_event(
        actor=actor, verb="channel.updated", obj=channel, before=before, after=after, data={"cancelled": cancelled}
    )
    return channel


@transaction.atomic
def delete_channel(*, actor: Actor, channel: Channel) -> None:
    """Takes a channel out of use for good: its address is forgotten, its name free, its deliveries stay to be read."""
    access.require(actor, "channels", "delete")
    channel = _lock(channel)
    name = channel.name
    channel.name = f"{name[:40]} (deleted {channel.pk})"
    channel.url = channel.secret = ""
    channel.is_enabled, channel.deleted_at = False, clock.now()
    channel.save()
    cancelled = _cancel_waiting(actor, channel, "the channel was deleted")
    log_event(actor=actor, verb="channel.deleted", obj=channel, before={"name": name}, data={"cancelled": cancelled})


@transaction.atomic
def mute_channel(*, actor: Actor, channel: Channel, until: datetime | None) -> Channel:
    """Keeps a channel quiet until a moment (aware); None ends that. What is muted is not told afterwards."""
    access.require(actor, "channels", "transition")
    if until is not None and until <= clock.now():
        raise InvalidInput.of_field("until", "Must be in the future.")
    channel = _lock(channel)
    before, channel.muted_until = channel.muted_until, until
    channel.save(update_fields=["muted_until"])
    cancelled = _cancel_waiting(actor, channel, "the channel was muted") if until is not None else 0
    log_event(
        actor=actor,
        verb="channel.muted" if until is not None else "channel.unmuted",
        obj=channel,
        before={"muted_until": before},
        after={"muted_until": until},
        data={"cancelled": cancelled},
    )
    return channel


@transaction.atomic
def send_test(*, actor: Actor, channel: Channel) -> Delivery:
    """Writes a test message to the outbox; its delivery shows how it ended. A muted channel is tested all the same."""
    access.require(actor, "channels", "transition")
    channel = _lock(channel)
    if not channel.is_enabled:
        raise Conflict("Switch the channel on to test it.")
    now = clock.now()
    payload = {"headline": "Test from Tracker", "text": f"{actor.label} sent this to see whether {channel.name} works."}
    delivery = Delivery.objects.create(
        channel=channel, notice=Notice.TEST, payload=payload, created_at=now, next_attempt_at=now
    )
    log_event(actor=actor, verb="channel.tested", obj=channel, data={"delivery_id": delivery.pk})
    ring(DELIVER)
    return delivery


def ensure_configured_channel() -> Channel | None:
    """The channel that SLACK_WEBHOOK_URL asks for, made or brought up to date; None where the setting is empty.

    The environment owns its address. Everything else about it, also whether it is on, is left to the admins.
    """
    url = settings.SLACK_WEBHOOK_URL
    if not url:
        return None
    actor = Actor.system("settings")
    channel = Channel.objects.filter(name=CONFIGURED_NAME, deleted_at=None).first()
    try:
        if channel is None:
            return create_channel(actor=actor, name=CONFIGURED_NAME, kind=ChannelKind.SLACK, url=url)
        return update_channel(actor=actor, channel=channel, url=url) if channel.url != url else channel
    except InvalidInput as refusal:
        logger.error("SLACK_WEBHOOK_URL is not usable.", extra={"reason": refusal.details[0].message})
    except Conflict:
        logger.debug("Another process made the channel of SLACK_WEBHOOK_URL.")
    return channel


def mask_address(channel: Channel) -> str:
    """Enough of a channel's address to tell it from others, and not enough to use it."""
    if not channel.url:
        return ""
    if channel.kind == ChannelKind.EMAIL:
        return ", ".join(f"{MASK}@{address.rpartition('@')[2]}" for address in split_recipients(channel.url))
    try:
        return check_url(channel.url, settings.OUTGOING_ALLOWED_NETWORKS).masked
    except OutgoingRefused:
        return MASK


def _lock(channel: Channel) -> Channel:
    try:
        rows = Channel.objects.exclude(kind=ChannelKind.PERSON).select_for_update(no_key=True)
        return rows.get(pk=channel.pk, deleted_at=None)
    except Channel.DoesNotExist:
        raise Conflict("The channel was deleted.") from None


def _save(channel: Channel) -> None:
    try:
        with transaction.atomic():
            channel.save()
    except IntegrityError:
        raise Conflict(f"There is a channel named {channel.name} already.") from None


def _apply(channel: Channel, fields: dict[str, Any], required: tuple[str, ...] = ()) -> None:
    """Sets the fields after checking them all; every fault is named at once."""
    details = [FieldError(name, "Is missing.") for name in required if not fields.get(name)]
    details += [FieldError(name, "Unknown or read-only.") for name in fields if name not in CHECKS]
    for name in CHECKS:
        if name in fields and not any(error.field == name for error in details):
            try:
                setattr(channel, name, CHECKS[name](fields[name], channel))
            except ValueError as error:
                details.append(FieldError(name, str(error)))
    if "kind" in fields and "url" not in fields and channel.url:
        details.append(FieldError("url", "Give the address again for another kind."))
    if details:
        raise InvalidInput("The channel cannot be saved like this.", details=details)


def _told(channel: Channel, fields: dict[str, Any]) -> dict[str, Any]:
    """What the log may say of these fields."""
    return {
        name: (MASK if getattr(channel, name) else "") if name in SECRET_FIELDS else getattr(channel, name)
        for name in CHECKS
        if name in fields
    }


def _cancel_waiting(actor: Actor, channel: Channel, reason: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(CANCEL_CHANNEL, {"channel": channel.pk, "reason": reason})
        ids = [row[0] for row in cursor.fetchall()]
    log_deliveries(actor=actor, verb="delivery.cancelled", ids=ids)
    return len(ids)
