"""What people type about hooks and rules. A secret is asked for and never shown."""

from typing import Any

from django import forms

from incidents.admin.channel_forms import UnseenInput
from incidents.choices import HookKind
from incidents.models import Hook, HookRule, IncidentCategory
from incidents.services.hook_fields import MAX_SECRET_CHARACTERS
from tracker.admin.base import AccessForm

MAX_BODY_CHARACTERS = 1024 * 1024
ROWS = ("project", "category")
EVENT_HEADERS = {HookKind.GITHUB.value: "x-github-event", HookKind.SENTRY.value: "sentry-hook-resource"}


def live_categories() -> Any:
    """The categories that may still be chosen."""
    return IncidentCategory.objects.filter(archived_at=None)


def label_enabled(form: forms.ModelForm[Any]) -> None:
    """Calls the switch what people call it."""
    if "is_enabled" in form.fields:
        form.fields["is_enabled"].label = "Enabled"


class HookForm(AccessForm):
    """Who sends, what they sign with, where it goes, and how often they may."""

    secret = forms.CharField(
        required=False, max_length=MAX_SECRET_CHARACTERS,
        widget=UnseenInput(attrs={"class": "vTextField", "autocomplete": "off", "spellcheck": "false"}),
    )  # fmt: skip

    class Meta:
        model = Hook
        fields = ("name", "kind", "secret", "project", "category", "rate_per_minute", "is_enabled")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["secret"] = ""
        label_enabled(self)
        words = "GitHub and Sentry sign with it, and are refused without. The others have no use for it."
        self.fields["secret"].help_text = words + (" Empty = as it is." if self.instance.secret else "")
        if "category" in self.fields:
            self.fields["category"].queryset = live_categories()  # type: ignore[attr-defined]
            self.fields["category"].help_text = "Of incidents where no rule says otherwise; empty = Outage."
        if "project" in self.fields:
            self.fields["project"].help_text = "Of what comes in where no rule says otherwise; issues go to the inbox."
        if "rate_per_minute" in self.fields:
            self.fields["rate_per_minute"].help_text = "How many calls a minute are let through."

    def read_fields(self) -> dict[str, Any]:
        """What the service is to write: an empty secret is no change."""
        names = [name for name in self.Meta.fields if name in self.cleaned_data and name != "secret"]
        values = {name: self.cleaned_data[name] for name in names}
        if self.cleaned_data.get("secret"):
            values["secret"] = self.cleaned_data["secret"]
        return values

    def _post_clean(self) -> None:
        """Nothing: the service checks what a hook may be, and the row stays as it is until then."""


class ConditionsField(forms.CharField):
    """A condition a line: label = pattern."""

    widget = forms.Textarea

    def prepare_value(self, value: Any) -> Any:
        """Lines of what is stored."""
        return "\n".join(f"{name} = {pattern}" for name, pattern in value.items()) if isinstance(value, dict) else value

    def clean(self, value: Any) -> dict[str, str]:
        """The conditions by label."""
        conditions: dict[str, str] = {}
        for line in filter(None, map(str.strip, str(super().clean(value) or "").splitlines())):
            name, mark, pattern = line.partition("=")
            if not mark or not name.strip():
                raise forms.ValidationError(f"Not “label = pattern”: {line[:80]}")
            if name.strip() in conditions:
                raise forms.ValidationError(f"{name.strip()[:80]} stands here twice.")
            conditions[name.strip()] = pattern.strip()
        return conditions


class RuleForm(AccessForm):
    """Which signals it is about, and what they become."""

    conditions = ConditionsField(
        required=False,
        max_length=8_000,
        widget=forms.Textarea(attrs={"rows": 5, "class": "vLargeTextField", "placeholder": "team = ops*"}),
        help_text="A line each, all must match: label = pattern, with * and ?. Empty = every signal. “Try it” shows "
        "the labels of a call.",
    )

    class Meta:
        model = HookRule
        fields = (
            "name", "hook", "conditions", "target", "category", "project", "title_template", "severity_template",
            "is_enabled",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        texts = {
            "hook": "Empty = every hook.",
            "category": "Of an incident; empty = as the hook says.",
            "project": "Empty = as the hook says.",
            "title_template": "Such as: {label.team|nobody}: {title}. Empty = the sender's own.",
            "severity_template": "Such as: critical, or {label.impact|low}. Empty = what the sender says.",
        }
        label_enabled(self)
        for name, text in texts.items():
            if name in self.fields:
                self.fields[name].help_text = text
        if "category" in self.fields:
            self.fields["category"].queryset = live_categories()  # type: ignore[attr-defined]

    def read_fields(self) -> dict[str, Any]:
        """What the service is to write."""
        return {name: self.cleaned_data[name] for name in self.Meta.fields if name in self.cleaned_data}

    def _post_clean(self) -> None:
        """Nothing: the service checks what a rule may be."""


class TrialForm(forms.Form):
    """A payload, and which hook it would come to."""

    hook = forms.ModelChoiceField(Hook.objects.order_by("name"), empty_label=None)
    event = forms.CharField(
        required=False,
        max_length=60,
        help_text="What GitHub says in X-GitHub-Event and Sentry in Sentry-Hook-Resource.",
    )
    body = forms.CharField(
        label="Payload",
        max_length=MAX_BODY_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 12, "class": "vLargeTextField", "spellcheck": "false"}),
        strip=False,
    )

    def read_headers(self) -> dict[str, str]:
        """The headers that the sender would send."""
        name = EVENT_HEADERS.get(self.cleaned_data["hook"].kind)
        return {name: self.cleaned_data["event"]} if name else {}
