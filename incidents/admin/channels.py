"""Channels: where alerts go, and how each fares. Addresses and secrets go in and never come out."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString

from incidents.admin.badges import channel_badge, delivery_badge
from incidents.admin.channel_forms import ChannelForm
from incidents.choices import ChannelKind
from incidents.models import Channel, Delivery
from incidents.services.channels import create_channel, delete_channel, mute_channel, send_test, update_channel
from tracker import clock
from tracker.admin.base import AccessAdmin, actor_of
from tracker.admin.formats import write_moment

DELIVERY_LIMIT = 10
MUTE_HOURS = (1, 4, 24, 72)


@admin.register(Channel)
class ChannelAdmin(AccessAdmin[Channel]):
    """Slack, webhooks and mailboxes."""

    resource = "channels"
    menu = ("Delivery", 1)
    list_display = ("name", "kind", "state_cell", "wants_cell", "success_cell", "failure_cell", "error_cell")
    search_fields = ("name",)
    ordering = ("name",)
    form = ChannelForm
    readonly_fields = ("state_cell", "wants_cell", "success_cell", "failure_cell", "last_error")
    change_form_template = "admin/incidents/channel/form.html"
    empty_hint = "No channel yet, so nobody is told of alerts. Add a Slack webhook, a webhook of your own or a mailbox."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Channel]:
        """The channels that were not deleted, without their secrets. The one of letters is nobody's to touch."""
        in_use = super().get_queryset(request).filter(deleted_at=None)
        return in_use.exclude(kind=ChannelKind.PERSON).defer("secret")

    def get_urls(self) -> list[Any]:
        """With addresses to test, mute and unmute."""
        return [
            self.page_url("test", self.test_view),
            self.page_url("mute", self.mute_view),
            self.page_url("unmute", self.unmute_view),
            *super().get_urls(),
        ]

    def get_fieldsets(self, request: HttpRequest, obj: Channel | None = None) -> Any:
        """The form for those who may edit, a few facts for those who may look."""
        facts = ("state_cell", "success_cell", "failure_cell", "last_error")
        if obj is not None and not self.has_change_permission(request, obj):
            return [(None, {"fields": ("name", "kind", "wants_cell", *facts)})]
        where = (None, {"fields": ("name", "kind", "url", "secret", "is_enabled")})
        wants = ("What it hears of", {"fields": ("states", "priorities", "tiers", "projects", "min_level")})
        return [where, wants] if obj is None else [where, wants, ("Health", {"fields": facts})]

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """With what may be done with the channel, and its last deliveries."""
        channel: Channel | None = context.get("original")
        if channel is not None:
            rows = Delivery.objects.filter(channel=channel).defer("payload").order_by("-id")[:DELIVERY_LIMIT]
            context |= {
                "deliveries": [(row, delivery_badge(row.status)) for row in rows],
                "may_use": self.is_allowed(request, "transition", channel),
                "is_muted": channel.muted_until is not None and channel.muted_until > clock.now(),
                "hours": MUTE_HOURS,
                "badge": channel_badge(channel),
            }
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Channel, form: Any, change: bool) -> None:
        """Writes through the service."""
        actor, fields = actor_of(request), form.read_fields()
        if change:
            update_channel(actor=actor, channel=obj, **fields)
        else:
            obj.pk = create_channel(actor=actor, **fields).pk

    def delete_model(self, request: HttpRequest, obj: Channel) -> None:
        """Takes it out of use through the service."""
        delete_channel(actor=actor_of(request), channel=obj)

    def test_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Sends a test."""
        return self.run_for_one(
            request, object_id, "transition",
            lambda channel: send_test(actor=actor_of(request), channel=channel),
            "A test is on its way; its delivery below shows how it ends.",
        )  # fmt: skip

    def mute_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Keeps it quiet for some hours."""
        hours = request.POST.get("hours", "")
        span = timedelta(hours=int(hours) if hours in {str(hour) for hour in MUTE_HOURS} else 1)
        return self.run_for_one(
            request, object_id, "transition",
            lambda channel: mute_channel(actor=actor_of(request), channel=channel, until=clock.now() + span),
            "Muted. What would have been told meanwhile is not told afterwards.",
        )  # fmt: skip

    def unmute_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Lets it be heard again."""
        return self.run_for_one(
            request, object_id, "transition",
            lambda channel: mute_channel(actor=actor_of(request), channel=channel, until=None),
            "It hears of alerts again.",
        )  # fmt: skip

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
