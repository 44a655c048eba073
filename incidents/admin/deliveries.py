"""Deliveries: each notice to each channel, and how it fared."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import ModelAdmin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from incidents.admin.badges import delivery_badge
from incidents.choices import DeliveryStatus, Notice
from incidents.models import Channel, Delivery
from incidents.services.deliveries import retry_delivery
from tracker.admin.base import AccessAdmin, actor_of
from tracker.admin.filters import ChoiceFilter
from tracker.admin.formats import write_moment
from tracker.row_ids import read_row_id

CHANNEL_LIMIT = 100
# Never the channel's address: it is a secret.
DELIVERY_FIELDS = (
    "id", "alert_id", "notice", "round", "key", "status", "attempts", "next_attempt_at", "response_status",
    "last_error", "digest_of_id", "created_at", "sent_at", "channel__id", "channel__name", "channel__kind",
)  # fmt: skip
Choices = Iterable[tuple[str, str]]


class StatusFilter(ChoiceFilter):
    """How it fared."""

    title = parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Delivery]) -> Choices:
        """The states, and those that failed and are tried again."""
        return [*((str(value), str(label)) for value, label in DeliveryStatus.choices), ("retried", "Tried again")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> QuerySet[Delivery]:
        """The deliveries in that state."""
        if self.value() == "retried":
            return queryset.filter(status=DeliveryStatus.PENDING, attempts__gt=0)
        return queryset.filter(status=self.value()) if self.value() else queryset


class NoticeFilter(ChoiceFilter):
    """What was told."""

    title = parameter_name = "notice"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Delivery]) -> Choices:
        """The notices."""
        return [(str(value), str(label)) for value, label in Notice.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> QuerySet[Delivery]:
        """The deliveries of that notice."""
        return queryset.filter(notice=self.value()) if self.value() else queryset


class ChannelFilter(ChoiceFilter):
    """To whom."""

    title = parameter_name = "channel"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Delivery]) -> Choices:
        """The channels; there are few."""
        channels = Channel.objects.order_by("name").values_list("pk", "name")[:CHANNEL_LIMIT]
        return [(str(pk), name) for pk, name in channels]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> QuerySet[Delivery]:
        """The deliveries to that channel."""
        return queryset.filter(channel_id=int(self.value() or 0)) if self.value() else queryset


@admin.register(Delivery)
class DeliveryAdmin(AccessAdmin[Delivery]):
    """The outbox, to be read; a dead delivery can be sent once more."""

    resource = "deliveries"
    page_template = "admin/incidents/delivery/page.html"
    menu = ("Delivery", 2)
    list_display = (
        "name_cell", "state_cell", "alert_cell", "channel", "attempts", "next_cell", "sent_cell", "response_status",
        "error_cell",
    )  # fmt: skip
    list_display_links = ("name_cell",)
    list_filter = (StatusFilter, ChannelFilter, NoticeFilter)
    ordering = ("-id",)
    search_fields = ("id",)
    search_help_text = "A delivery's number, or the number of its alert"
    empty_hint = "Nothing was sent yet. A delivery is written for each alert and each channel that wants to hear of it."

    actions = ("retry",)

    def get_urls(self) -> list[Any]:
        """With an address to try again."""
        return [self.page_url("retry", self.retry_view), *super().get_urls()]

    def describe(self, request: HttpRequest, delivery: Delivery) -> dict[str, Any]:
        """What the page shows."""
        is_dead = delivery.status == DeliveryStatus.DEAD
        return {
            "title": self.name_cell(delivery),
            "delivery": delivery,
            "badge": delivery_badge(delivery.status),
            "next_attempt": self.next_cell(delivery),
            "may_retry": is_dead and self.is_allowed(request, "transition", delivery),
        }

    def retry_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Takes one dead delivery up again."""
        return self.run_for_one(
            request, object_id, "transition",
            lambda delivery: retry_delivery(actor=actor_of(request), delivery=delivery),
            "It is tried again, under the same key.",
        )  # fmt: skip

    def has_transition_permission(self, request: HttpRequest) -> bool:
        """Whether deliveries may be taken up again."""
        return self.is_allowed(request, "transition")

    @admin.action(permissions=["transition"], description="Try again")
    def retry(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> HttpResponse | None:
        """Takes the ticked dead deliveries up again, all or none."""
        actor = actor_of(request)
        return self.run_for_each(
            request,
            queryset,
            lambda row: retry_delivery(actor=actor, delivery=row),
            "{count} deliveries are tried again.",
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        """With the channel's name and without its secrets."""
        return super().get_queryset(request).select_related("channel").only(*DELIVERY_FIELDS)

    def search(self, queryset: QuerySet[Delivery], term: str) -> QuerySet[Delivery]:
        """By number."""
        pk = read_row_id(term)
        return queryset.filter(pk=pk) | queryset.filter(alert_id=pk) if pk is not None else queryset.none()

    @admin.display(description="delivery")
    def name_cell(self, delivery: Delivery) -> str:
        """Its number and what it tells."""
        return f"{delivery.pk} {delivery.get_notice_display()}"

    @admin.display(description="status")
    def state_cell(self, delivery: Delivery) -> SafeString:
        """How it fared."""
        return delivery_badge(delivery.status)

    @admin.display(description="alert")
    def alert_cell(self, delivery: Delivery) -> SafeString | str:
        """What it is about."""
        if delivery.alert_id is None:
            return "–"
        address = reverse("admin:incidents_alert_change", args=[delivery.alert_id])
        return format_html('<a href="{}">alert {}</a>', address, delivery.alert_id)

    @admin.display(description="next attempt")
    def next_cell(self, delivery: Delivery) -> str:
        """When it is tried again."""
        is_waiting = delivery.status in (DeliveryStatus.PENDING, DeliveryStatus.LEASED)
        return write_moment(delivery.next_attempt_at) if is_waiting else "–"

    @admin.display(description="sent")
    def sent_cell(self, delivery: Delivery) -> str:
        """When it arrived."""
        return write_moment(delivery.sent_at)

    @admin.display(description="last error")
    def error_cell(self, delivery: Delivery) -> Any:
        """Why it failed."""
        return delivery.last_error[:120] or "–"
