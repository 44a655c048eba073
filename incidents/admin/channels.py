"""Channels: where alerts go, and how each fares. Addresses and secrets go in and never come out."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from incidents.admin.badges import channel_badge
from incidents.models import Channel
from tracker.admin.base import AccessAdmin
from tracker.admin.formats import write_moment


@admin.register(Channel)
class ChannelAdmin(AccessAdmin[Channel]):
    """Slack, webhooks and mailboxes."""

    resource = "channels"
    menu = ("Delivery", 1)
    list_display = ("name", "kind", "state_cell", "wants_cell", "success_cell", "failure_cell", "error_cell")
    search_fields = ("name",)
    ordering = ("name",)
    fields = ("name", "kind", "is_enabled", "state_cell", "wants_cell", "success_cell", "failure_cell", "last_error")
    readonly_fields = ("state_cell", "wants_cell", "success_cell", "failure_cell", "last_error")
    empty_hint = "No channel yet, so nobody is told of alerts. Add a Slack webhook, a webhook of your own or a mailbox."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Channel]:
        """The channels that were not deleted, without their secrets."""
        return super().get_queryset(request).filter(deleted_at=None).defer("url", "secret")

    @admin.display(description="health")
    def state_cell(self, channel: Channel) -> SafeString:
        """Whether it can be heard."""
        return channel_badge(channel)

    @admin.display(description="hears of")
    def wants_cell(self, channel: Channel) -> str:
        """Its filters in words."""
        return tell_filters(channel.filters)

    @admin.display(description="last success")
    def success_cell(self, channel: Channel) -> str:
        """When something arrived."""
        return write_moment(channel.last_success_at)

    @admin.display(description="last failure")
    def failure_cell(self, channel: Channel) -> str:
        """When something did not."""
        return write_moment(channel.last_failure_at)

    @admin.display(description="last error")
    def error_cell(self, channel: Channel) -> str:
        """Why."""
        return channel.last_error[:120] or "–"


def tell_filters(filters: dict[str, Any]) -> str:
    """A channel's filters in words: "breach; tiers gold; level 2 and up"."""
    parts = [" and ".join(filters.get("states") or [])]
    parts += [f"{name} {', '.join(filters[name])}" for name in ("priorities", "tiers", "projects") if filters.get(name)]
    if int(filters.get("min_level") or 1) > 1:
        parts.append(f"level {filters['min_level']} and up")
    return "; ".join(part for part in parts if part) or "everything"
