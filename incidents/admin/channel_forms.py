"""What people type about channels. Address and secret are asked for and never shown."""

from typing import Any

from django import forms

from incidents.choices import KINDS_FOR_ALERTS, SLAState
from incidents.models import Channel
from incidents.services.channels import mask_address
from tracker.admin.base import AccessForm

STATES = [(SLAState.ALERT.value, "Alerts"), (SLAState.BREACH.value, "Breaches")]
WORDS = ("priorities", "tiers", "projects")


class UnseenInput(forms.PasswordInput):
    """A text box that shows what is being typed and never what was sent or stored."""

    input_type = "text"


class WordsField(forms.CharField):
    """Words, comma separated."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            required=False, max_length=6_000, widget=forms.TextInput(attrs={"class": "vTextField"}), **kwargs
        )

    def clean(self, value: Any) -> list[str]:
        """The words."""
        return [word.strip() for word in super().clean(value).split(",") if word.strip()]


class ChannelForm(AccessForm):
    """Name, kind, address, secret, and what it wants to hear of."""

    kind = forms.ChoiceField(choices=[("", "---------"), *KINDS_FOR_ALERTS])
    url = forms.CharField(
        label="Address", required=False, max_length=2_000,
        widget=UnseenInput(attrs={"class": "vTextField", "autocomplete": "off", "spellcheck": "false"}),
    )  # fmt: skip
    secret = forms.CharField(
        required=False, max_length=200, strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="Signs the body of a webhook (HMAC-SHA256).",
    )  # fmt: skip
    states = forms.MultipleChoiceField(
        label="Hears of", choices=STATES, required=False, widget=forms.CheckboxSelectMultiple, help_text="None = both."
    )
    priorities = WordsField(help_text="Such as: critical, high. Empty = any.")
    tiers = WordsField(help_text="Such as: gold. Empty = any.")
    projects = WordsField(help_text="Keys of projects, such as: OPS. Empty = any, and tickets without one.")
    min_level = forms.IntegerField(label="From escalation level", required=False, min_value=0, max_value=1_000)

    class Meta:
        model = Channel
        fields = ("name", "kind", "is_enabled")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        channel: Channel = self.instance
        self.initial.update({"url": "", "secret": ""})
        filters = channel.filters or {}
        self.initial["states"] = filters.get("states", [])
        self.initial["min_level"] = filters.get("min_level") or None
        self.initial.update({name: ", ".join(filters.get(name, [])) for name in WORDS})
        address = self.fields["url"]
        address.help_text = "https:// …, or e-mail addresses, comma separated."
        if channel.pk is not None:
            address.help_text = f"Empty = as it is: {mask_address(channel)}"
            self.fields["secret"].help_text += " Empty = as it is."

    def read_fields(self) -> dict[str, Any]:
        """What the service is to write: what was given, and what was changed."""
        values = self.cleaned_data
        is_new = self.instance.pk is None
        fields = {name: values[name] for name in ("name", "kind", "is_enabled") if is_new or name in self.changed_data}
        fields |= {name: values[name] for name in ("url", "secret") if values[name] or (is_new and name == "url")}
        filters = {name: values[name] for name in ("states", *WORDS, "min_level") if values[name]}
        if is_new or filters != self.instance.filters:
            fields["filters"] = filters
        return fields

    def _post_clean(self) -> None:
        """Nothing: the service checks what a channel may be, and the row stays as it is until then."""
