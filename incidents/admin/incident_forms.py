"""What people type about incidents."""

from typing import Any

from django import forms
from django.db.models import Q
from django.utils import timezone

from incidents.admin.ticket_forms import staff
from incidents.admin.work_forms import MARKDOWN_HINT, AssignForm, CommentForm, EditedForm, TextBlock, choose_row
from incidents.choices import IncidentLinkKind, Recovery, Severity
from incidents.models import Incident, IncidentCategory
from incidents.services.field_checks import MAX_TITLE_CHARACTERS
from incidents.services.incident_fields import MAX_LOSS, MAX_PLACE_CHARACTERS
from tracker import clock
from tracker.admin.base import AccessForm
from tracker.models import Factory, Project

FIELDS = (
    "category", "severity", "title", "description", "occurred_at", "place", "latitude", "longitude", "factory",
    "project", "assignee", "loss_estimate", "recovery",
)  # fmt: skip
WIDE = {"class": "vTextField"}


class MomentInput(forms.DateTimeInput):
    """The browser's own field for day and time, to the second."""

    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(attrs={"step": "1"}, format="%Y-%m-%dT%H:%M:%S")


class IncidentForm(AccessForm):
    """Every field that people write; the services check them."""

    severity = forms.ChoiceField(choices=Severity.choices, initial=Severity.MEDIUM)
    title = forms.CharField(
        max_length=MAX_TITLE_CHARACTERS, required=False, widget=forms.TextInput(attrs=WIDE),
        help_text="Empty: the beginning of the description.",
    )  # fmt: skip
    description = TextBlock(
        required=False,
        widget=forms.Textarea(attrs={"class": "vLargeTextField", "rows": 8}),
        help_text=MARKDOWN_HINT,
    )
    occurred_at = forms.DateTimeField(label="When it happened", widget=MomentInput)
    place = forms.CharField(max_length=MAX_PLACE_CHARACTERS, required=False, widget=forms.TextInput(attrs=WIDE))
    latitude = forms.FloatField(required=False, min_value=-90, max_value=90, help_text="Degrees, north is positive.")
    longitude = forms.FloatField(required=False, min_value=-180, max_value=180, help_text="Degrees, east is positive.")
    loss_estimate = forms.DecimalField(
        label="Loss", required=False, min_value=0, max_value=MAX_LOSS, max_digits=12, decimal_places=2
    )
    recovery = forms.ChoiceField(choices=Recovery.choices, initial=Recovery.UNKNOWN)

    class Meta:
        model = Incident
        fields = FIELDS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = Q(archived_at=None) | Q(pk=self.instance.category_id)
        self.fields["category"] = forms.ModelChoiceField(IncidentCategory.objects.filter(offered), empty_label=None)
        self.fields["factory"] = forms.ModelChoiceField(Factory.objects.order_by("name"), required=False)
        self.fields["project"] = choose_row(Incident, "project", Project.objects.all())
        self.fields["assignee"] = choose_row(Incident, "assignee", staff())
        self.order_fields(FIELDS)

    def _post_clean(self) -> None:
        """Nothing: the service checks what an incident may be."""


class NewIncidentForm(IncidentForm):
    """An incident that somebody told of, on the phone or in passing."""

    reporter_label = forms.CharField(
        label="Told by", max_length=254, required=False, widget=forms.TextInput(attrs=WIDE),
        help_text="Who told you of it, where you did not see it yourself.",
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("occurred_at", timezone.localtime(clock.now()).replace(second=0, microsecond=0))


class EditIncidentForm(EditedForm, IncidentForm):
    """An incident's fields."""

    def __init__(self, data: Any = None, *, incident: Incident) -> None:
        super().__init__(data, instance=incident, prefix="edit")
        self.keep_shown()


class AssignIncidentForm(AssignForm):
    """Whom to give an incident to."""

    model = Incident


class IncidentCommentForm(CommentForm):
    """What somebody says, to the reporter or to colleagues alone."""

    is_internal = forms.BooleanField(required=False, label="Internal: the reporter does not see it")


class IncidentLinkForm(forms.Form):
    """How this incident stands to something else."""

    kind = forms.ChoiceField(choices=IncidentLinkKind.choices)
    key = forms.CharField(
        label="Key of the other one",
        max_length=220,
        widget=forms.TextInput(attrs={"placeholder": "INC-12, OPS-3, ticket:ID", "size": 18}),
    )


class OpenIssueForm(forms.Form):
    """Where the issue is to be kept; the inbox where nothing is chosen."""

    project = forms.ModelChoiceField(
        Project.objects.filter(archived_at=None).order_by("key"), required=False, empty_label="Inbox"
    )
