"""What people type in the portal. The rules of what may be kept are the services'; forms read what was typed."""

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django import forms
from django.utils import timezone

from incidents.models import IncidentCategory
from incidents.portal.form_bodies import MAX_PHOTOS, PHOTOS
from incidents.portal.form_keys import FormKey, read_form_key
from incidents.portal.local_times import find_moments, read_local, write_offset
from incidents.portal.senders import Sender
from incidents.services.field_checks import MAX_DESCRIPTION_CHARACTERS, MAX_TITLE_CHARACTERS
from incidents.services.incident_fields import MAX_PLACE_CHARACTERS
from tracker.access import may
from tracker.exceptions import DomainError
from tracker.models import Factory

# A longer list is no help on a telephone.
MAX_FACTORIES = 200
TOO_OLD = "This page was open for a long time. Look it over, and send it again."
TOO_QUICK = "That was quicker than anybody types. Look it over, and send it again."
# What services call otherwise than the forms do.
FIELD_NAMES = {"file": PHOTOS, "timezone": "occurred_at"}


class PhotosInput(forms.FileInput):
    """Several files at once; the bytes are read before the form sees anything."""

    allow_multiple_selected = True

    def value_from_datadict(self, data: Any, files: Any, name: str) -> None:
        """Nothing: see form_bodies.py."""


class NumberInput(forms.TextInput):
    """A number as people write it, with a point or a comma before its decimals."""

    def __init__(self) -> None:
        super().__init__({"inputmode": "decimal"})

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """The number with a point."""
        value = super().value_from_datadict(data, files, name)
        return value.replace(",", ".") if isinstance(value, str) else value


def photos_field(help_text: str) -> forms.Field:
    """Where photos are chosen, or taken on a telephone."""
    widget = PhotosInput(attrs={"accept": "image/*", "multiple": True})
    return forms.Field(label="Photos", required=False, widget=widget, help_text=help_text)


class PortalForm(forms.Form):
    """A form whose faults stand beside their fields."""

    def refuse(self, error: DomainError) -> None:
        """Shows what a service refused."""
        named = {FIELD_NAMES.get(detail.field, detail.field): detail.message for detail in error.details}
        for name, message in named.items():
            self.add_error(name if name in self.fields else None, message)
        if not named:
            self.add_error(None, error.message)


class WhatForm(PortalForm):
    """What happened: all that a reporter may change afterwards."""

    category = forms.ModelChoiceField(
        queryset=IncidentCategory.objects.none(),
        to_field_name="key",
        empty_label=None,
        label="What kind of thing is it?",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose one.", "invalid_choice": "Choose one of these."},
    )
    description = forms.CharField(
        label="What happened?",
        max_length=MAX_DESCRIPTION_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="In your own words. **Bold**, lists and links work as in Markdown.",
        error_messages={"required": "Say what happened."},
    )

    def __init__(self, data: Mapping[str, Any] | None = None, **options: Any) -> None:
        super().__init__(data, **options)
        self.fields["category"].queryset = IncidentCategory.objects.filter(archived_at=None)  # type: ignore[attr-defined]


class ReportForm(WhatForm):
    """A whole report."""

    photos = photos_field(f"Up to {MAX_PHOTOS}, each up to 20 MB, all together up to 30 MB.")
    place = forms.CharField(
        label="Where?", required=False, max_length=MAX_PLACE_CHARACTERS, help_text="Building, gate, street, town."
    )
    latitude = forms.FloatField(required=False, widget=NumberInput())
    longitude = forms.FloatField(required=False, widget=NumberInput())
    factory = forms.ModelChoiceField(queryset=Factory.objects.none(), required=False, empty_label="None of these")
    occurred_at = forms.CharField(
        label="When?", required=False, max_length=30, widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )
    occurred_which = forms.CharField(required=False, max_length=1)
    loss_estimate = forms.DecimalField(
        label="Estimated loss", required=False, widget=NumberInput(),
        help_text="About how much the damage or what is missing is worth.",
    )  # fmt: skip
    title = forms.CharField(
        label="Title",
        required=False,
        max_length=MAX_TITLE_CHARACTERS,
        help_text="Without one we take your first words.",
    )
    email = forms.EmailField(
        label="Your e-mail", required=False, max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        help_text="So that we can ask you something. Whoever works on your report sees it, nobody else.",
    )  # fmt: skip
    timezone = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(self, data: Mapping[str, Any] | None = None, *, sender: Sender) -> None:
        super().__init__(data)
        self.sender = sender
        self.key: FormKey | None = None
        self.zone: tzinfo = timezone.get_current_timezone()
        # The two moments of a double hour, with how they are told apart.
        self.two_moments: list[tuple[str, str]] = []
        if sender.is_unknown:
            self.zone = _read_zone(str((data or {}).get("timezone", "")))
            del self.fields["factory"]
        else:
            del self.fields["email"], self.fields["timezone"]
            self._offer_factories()
        self.fields["occurred_at"].help_text = f"Empty means just now. Times are in {self.zone}."

    def clean_occurred_at(self) -> datetime | None:
        """The moment that the typed time means in the reporter's zone."""
        text = self.cleaned_data["occurred_at"]
        if not text:
            return None
        try:
            moments = find_moments(read_local(text), self.zone)
        except (ValueError, OverflowError):
            raise forms.ValidationError("A day and a time, such as 2026-03-31 14:30.") from None
        if not moments:
            raise forms.ValidationError(f"Clocks in {self.zone} were put forward then: this time was left out.")
        if len(moments) == 1:
            return moments[0]
        self.two_moments = [(str(number), write_offset(moment, self.zone)) for number, moment in enumerate(moments)]
        which = str(self.data.get("occurred_which", ""))
        if which not in ("0", "1"):
            raise forms.ValidationError(f"Clocks in {self.zone} were put back then: say below which of the two it was.")
        return moments[int(which)]

    def clean(self) -> dict[str, Any]:
        """Whoever is unknown sends a page that is ours, and has taken their time over it."""
        self.key = read_form_key(str(self.data.get("key", "")))
        if self.sender.is_unknown:
            if self.key is None:
                raise forms.ValidationError(TOO_OLD)
            if self.key.is_too_quick:
                raise forms.ValidationError(TOO_QUICK)
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        return cleaned

    @property
    def values(self) -> dict[str, Any]:
        """What the service is given: the fields that were filled in."""
        names = {*self.fields} - {PHOTOS, "occurred_which", "email", "timezone"}
        return {name: self.cleaned_data[name] for name in names if self.cleaned_data[name] not in (None, "")}

    def _offer_factories(self) -> None:
        rows = Factory.objects.all()
        may_see = may(self.sender.actor, "factories", "list")
        if may_see and 0 < len(rows[: MAX_FACTORIES + 1]) <= MAX_FACTORIES:
            self.fields["factory"].queryset = rows  # type: ignore[attr-defined]
        else:
            del self.fields["factory"]


class ReplyForm(PortalForm):
    """More about a report."""

    body = forms.CharField(
        label="In words", required=False, max_length=65_536, widget=forms.Textarea(attrs={"rows": 4})
    )
    photos = photos_field(f"Up to {MAX_PHOTOS}, all together up to 30 MB.")


def _read_zone(name: str) -> tzinfo:
    return ZoneInfo(name if name in available_timezones() else "UTC")
