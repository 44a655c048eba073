"""What a restore holds back, and the buttons that let it go."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.safestring import SafeString

from incidents.models import DeliveryHold
from incidents.services.delivery_holds import describe_hold, find_hold, release_deliveries
from tracker import clock
from tracker.access import may
from tracker.admin.base import AccessAdmin, actor_of
from tracker.admin.formats import render_badge, write_moment
from tracker.admin.site import Panel, TrackerAdminSite
from tracker.exceptions import DomainError

site: TrackerAdminSite = admin.site  # type: ignore[assignment]


class ReleaseForm(forms.Form):
    """Which of what waits may go out."""

    what = forms.ChoiceField(choices=[("all", "all"), ("since", "since"), ("none", "none")])
    before = forms.DateTimeField(required=False, label="the moment of the loss")

    def clean(self) -> dict[str, Any]:
        """A moment belongs to `since`."""
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("what") == "since" and not cleaned.get("before"):
            self.add_error("before", "Lost at: say when, in your time zone, or choose another button.")
        return cleaned


@admin.register(DeliveryHold)
class DeliveryHoldAdmin(AccessAdmin[DeliveryHold]):
    """After a restore nothing is sent until somebody says here what may."""

    resource = "deliveries"
    page_template = "admin/incidents/deliveryhold/page.html"
    menu = ("Delivery", 3)
    live_types = "delivery"
    list_display = ("began_cell", "state_cell", "made_cell", "released_cell", "released_by", "cancelled")
    list_display_links = ("began_cell",)
    ordering = ("-id",)
    empty_hint = "No restore has held deliveries back."

    def get_urls(self) -> list[Any]:
        """With an address to release."""
        return [self.page_url("release", self.release_view), *super().get_urls()]

    def describe(self, request: HttpRequest, hold: DeliveryHold) -> dict[str, Any]:
        """What the page shows."""
        held = describe_hold() if hold.released_at is None else None
        return {
            "title": "Held deliveries" if held else "Deliveries that were held",
            "hold": hold,
            "held": held,
            "badge": self.state_cell(hold),
            "may_release": held is not None and self.is_allowed(request, "transition", hold),
        }

    def release_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Lets go what may go."""
        hold = self.take_posted(request, object_id, "transition")
        if isinstance(hold, HttpResponse):
            return hold
        form = ReleaseForm(request.POST)
        if not form.is_valid():
            messages.error(request, " ".join(str(text) for texts in form.errors.values() for text in texts))
            return HttpResponseRedirect(self.object_url(hold))
        what, before = form.cleaned_data["what"], form.cleaned_data["before"]
        moment = {"all": None, "since": before, "none": clock.now()}[what]
        try:
            done = release_deliveries(actor=actor_of(request), cancel_before=moment)
        except DomainError as error:
            messages.error(request, error.message)
        else:
            messages.success(request, f"Deliveries go out again; {done.cancelled:,} cancelled.")
        return HttpResponseRedirect(self.object_url(hold))

    @admin.display(description="held since")
    def began_cell(self, hold: DeliveryHold) -> str:
        """When it began."""
        return write_moment(hold.began_at)

    @admin.display(description="state")
    def state_cell(self, hold: DeliveryHold) -> SafeString:
        """Whether it still holds."""
        return render_badge("Released", "ok") if hold.released_at else render_badge("Held", "breach")

    @admin.display(description="backup of")
    def made_cell(self, hold: DeliveryHold) -> str:
        """The moment of the backup."""
        return write_moment(hold.backup_made_at)

    @admin.display(description="released")
    def released_cell(self, hold: DeliveryHold) -> str:
        """When it ended."""
        return write_moment(hold.released_at)


def hold_panel(request: HttpRequest) -> Panel | None:
    """Says before all else that nothing is sent; nothing where nothing is held."""
    if not may(actor_of(request), "deliveries", "list") or (hold := find_hold()) is None:
        return None
    return Panel(
        "admin/incidents/panels/held.html", {"hold": hold}, position=-1, is_wide=True, live_types=("delivery",)
    )


site.add_panel(hold_panel)
