"""A policy as a form: rules in order, escalation steps, and from when on it counts."""

import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.forms import BaseFormSet, formset_factory
from django.http import HttpRequest

from incidents.choices import AppliesTo, SLAState
from incidents.models import Calendar, PolicyTrial
from incidents.services.policy_documents import specify_calendar
from incidents.services.policy_trials import visible_trials
from incidents.sla.calendars import CalendarSpec
from incidents.sla.config_steps import MAX_STEPS
from incidents.sla.documents import RuleSpec, SLADocument
from incidents.sla.policies import Step
from tracker.admin.base import actor_of
from tracker.exceptions import DomainError
from tracker.row_ids import read_row_id

PREVIEW = "preview"
PATH = re.compile(r"(rules|steps)\[(\d+)\](?:\.(\w+))?")
# A form of more fields than DATA_UPLOAD_MAX_NUMBER_FIELDS is refused; larger policies belong into a file.
MOST_RULES = 200
SHORT = {"size": "10"}
NUMBER = {"min": "1"}


class PublishForm(forms.Form):
    """From when on, and for whom."""

    applies_to = forms.ChoiceField(
        label="Applies to", choices=AppliesTo.choices, initial=AppliesTo.OPEN, widget=forms.RadioSelect
    )
    effective_at = forms.DateTimeField(
        label="From",
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text="In your time zone. Empty = at once; never in the past, because what is judged stays judged.",
    )
    note = forms.CharField(max_length=300, required=False, widget=forms.TextInput(attrs={"class": "vTextField"}))

    def read(self) -> dict[str, Any]:
        """What publishing and previewing are told; no moment is at once."""
        return {name: self.cleaned_data[name] for name in ("applies_to", "effective_at", "note")}


class RuleForm(forms.Form):
    """One line of targets; * is any."""

    tier = forms.CharField(max_length=40, initial="*", widget=forms.TextInput(attrs=SHORT))
    priority = forms.CharField(max_length=40, initial="*", widget=forms.TextInput(attrs=SHORT))
    response_minutes = forms.IntegerField(
        label="Response (min)", required=False, widget=forms.NumberInput(attrs=NUMBER)
    )
    resolution_minutes = forms.IntegerField(
        label="Resolution (min)", required=False, widget=forms.NumberInput(attrs=NUMBER)
    )
    calendar = forms.ChoiceField()
    pauses_when_waiting = forms.BooleanField(label="Pauses while waiting", required=False, initial=True)

    def __init__(self, *args: Any, calendars: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        calendar = self.fields["calendar"]
        calendar.choices = [(name, name) for name in calendars]  # type: ignore[attr-defined]
        # A browser sends the first choice of a row left alone; without this the row would count as filled.
        calendar.initial = calendars[0] if calendars else None


class StepForm(forms.Form):
    """What happens when a share of the target is used up."""

    percent = forms.DecimalField(label="At (%)", max_digits=7, decimal_places=2, widget=forms.NumberInput(attrs=NUMBER))
    state = forms.ChoiceField(
        choices=[(SLAState.ALERT.value, "Alert"), (SLAState.BREACH.value, "Breach")], initial=SLAState.ALERT.value
    )
    level = forms.IntegerField(initial=1, widget=forms.NumberInput(attrs=NUMBER))
    channels = forms.CharField(required=False, help_text="Names, comma separated; empty = every channel that matches.")


RuleFormSet = formset_factory(
    RuleForm, extra=2, can_order=True, can_delete=True, max_num=MOST_RULES, absolute_max=MOST_RULES + 2
)
StepFormSet = formset_factory(StepForm, extra=1, can_delete=True, max_num=MAX_STEPS, absolute_max=MAX_STEPS + 2)


def read_calendars() -> Mapping[str, CalendarSpec]:
    """The newest version of every calendar, by name."""
    newest = Calendar.objects.order_by("name", "-version").distinct("name")
    return {calendar.name: specify_calendar(calendar) for calendar in newest}


def find_trial(request: HttpRequest) -> PolicyTrial | None:
    """The preview that `?trial=` names: the form is filled as it was when that was asked for."""
    pk = read_row_id(request.GET.get("trial", ""))
    return None if pk is None else visible_trials(actor_of(request)).filter(pk=pk).first()


def fill_head(trial: PolicyTrial | None) -> dict[str, Any]:
    """A preview as the initial values of when and for whom."""
    if trial is None:
        return {}
    return {"applies_to": trial.applies_to, "effective_at": trial.effective_at, "note": trial.note}


class PolicyForms:
    """The three parts of the page, filled from a document or from what was sent."""

    def __init__(self, data: Any = None, *, document: SLADocument, head: Mapping[str, Any] | None = None) -> None:
        self.calendars = {**document.calendars, **read_calendars()}
        rules = [{name: getattr(rule, name) for name in RuleForm.base_fields} for rule in document.rules]
        steps = [
            {"percent": step.percent, "state": step.state, "level": step.level, "channels": ", ".join(step.channels)}
            for step in document.steps
        ]
        # Sent forms are compared with what the page had been filled with, to tell the rows left empty.
        self.head = PublishForm(data, initial=dict(head or {}))
        self.rules = RuleFormSet(data, prefix="rules", initial=rules, form_kwargs={"calendars": sorted(self.calendars)})
        self.steps = StepFormSet(data, prefix="steps", initial=steps)

    def are_valid(self) -> bool:
        """Whether each part is well formed; the service checks the whole."""
        return all([self.head.is_valid(), self.rules.is_valid(), self.steps.is_valid()])

    def read_document(self) -> SLADocument:
        """What was sent, as a document; calendars that no rule names stay out of it."""
        rules = tuple(
            RuleSpec(**{name: form.cleaned_data[name] for name in RuleForm.base_fields}, position=position)
            for position, form in enumerate(self.kept_rules())
        )
        used = {rule.calendar for rule in rules}
        return SLADocument(
            rules=rules,
            calendars={name: spec for name, spec in self.calendars.items() if name in used},
            steps=tuple(_read_step(form.cleaned_data) for form in self.kept_steps()),
        )

    def kept_rules(self) -> list[forms.Form]:
        """The filled rules in their order."""
        return [form for form in self.rules.ordered_forms if form.cleaned_data.get("tier")]

    def kept_steps(self) -> list[forms.Form]:
        """The filled steps, ascending."""
        kept = [form for form in _kept(self.steps) if form.cleaned_data.get("percent") is not None]
        return sorted(kept, key=lambda form: form.cleaned_data["percent"])

    def show_refusal(self, error: DomainError) -> None:
        """Puts each fault beside the row it is about."""
        parts = {"rules": self.kept_rules(), "steps": self.kept_steps()}
        for detail in error.details:
            match = PATH.match(detail.field)
            if match is None:
                self.head.add_error(detail.field if detail.field in self.head.fields else None, detail.message)
                continue
            form = parts[match[1]][int(match[2])]
            form.add_error(match[3] if match[3] in form.fields else None, detail.message)
        if not error.details:
            self.head.add_error(None, error.message)


def _kept(formset: BaseFormSet[Any]) -> list[forms.Form]:
    given = formset.initial_form_count()
    forms_in_use = [form for place, form in enumerate(formset.forms) if place < given or form.has_changed()]
    return [form for form in forms_in_use if form not in formset.deleted_forms]


def _read_step(values: Mapping[str, Any]) -> Step:
    percent = float(values["percent"])
    channels = tuple(name.strip() for name in values["channels"].split(",") if name.strip())
    return Step(int(percent) if percent == int(percent) else percent, values["state"], values["level"], channels)
