"""What people choose when they triage several things at once: every field leaves things as they are until it is set."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms

from incidents.admin.issue_forms import TagsInput
from incidents.admin.ticket_forms import staff
from incidents.choices import IssueStatus, Severity
from incidents.models import IncidentCategory, Issue
from incidents.services.issue_fields import MAX_TAG_CHARACTERS, MAX_TAGS
from tracker.models import Project, User

LEAVE = ("", "Leave as is")
PEOPLE_LIMIT = 500
SHOWN_TAGS = 50
ME, NOBODY = "me", "nobody"


class WorkTriageForm(forms.Form):
    """Severity, assignee and status for all the chosen rows. Subclasses add fields; those in `written` are changed to
    what was chosen."""

    written: ClassVar[tuple[str, ...]] = ("severity",)

    severity = forms.ChoiceField(required=False, choices=[LEAVE, *reversed(Severity.choices)])
    assignee = forms.ChoiceField(required=False)
    status = forms.ChoiceField(required=False, label="Move to", choices=[LEAVE, *IssueStatus.choices])

    def __init__(self, data: Any = None, *, person: User) -> None:
        super().__init__(data)
        people = staff().exclude(pk=person.pk).order_by("full_name", "email")[:PEOPLE_LIMIT]
        named = [(str(one.pk), one.full_name or one.email) for one in people]
        self.people = {str(one.pk): one for one in people} | {ME: person, NOBODY: None}
        self.fields["assignee"].choices = [LEAVE, (ME, "Me"), (NOBODY, "Nobody"), *named]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Refuses to change nothing."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors and not any(cleaned.values()):
            raise forms.ValidationError("Choose what to change.")
        return cleaned

    @property
    def wanted(self) -> dict[str, Any]:
        """What the service is asked for."""
        values = self.cleaned_data
        changes = {name: values[name] for name in self.written if values[name]}
        if values["assignee"]:
            changes["assignee"] = self.people[values["assignee"]]
        return {"changes": changes, "status": values["status"] or None}


class IssueTriageForm(WorkTriageForm):
    """With priority and tags."""

    written = ("severity", "priority")
    field_order = ("severity", "priority", "assignee", "status", "add_tags", "remove_tags")

    priority = forms.TypedChoiceField(
        required=False, coerce=int, empty_value=None, choices=[LEAVE, (1, "1 – first"), (2, "2"), (3, "3 – last")]
    )
    add_tags = forms.CharField(
        required=False,
        max_length=(MAX_TAG_CHARACTERS + 2) * MAX_TAGS,
        help_text="Between commas.",
        widget=TagsInput(attrs={"autocomplete": "off"}),
    )
    remove_tags = forms.MultipleChoiceField(required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(self, data: Any = None, *, issues: Sequence[Issue], person: User) -> None:
        super().__init__(data, person=person)
        present = sorted({tag.name for issue in issues for tag in issue.tags.all()})
        self.fields["remove_tags"].choices = [(word, word) for word in present[:SHOWN_TAGS]]  # type: ignore[attr-defined]
        if not present:
            del self.fields["remove_tags"]

    def clean_add_tags(self) -> list[str]:
        """The words."""
        return [word.strip() for word in self.cleaned_data["add_tags"].split(",") if word.strip()]

    @property
    def wanted(self) -> dict[str, Any]:
        """With the tags."""
        tags = {"add_tags": self.cleaned_data["add_tags"], "remove_tags": self.cleaned_data.get("remove_tags", [])}
        return super().wanted | tags


class IncidentTriageForm(WorkTriageForm):
    """With category and project."""

    written = ("category", "severity", "project")
    field_order = ("category", "severity", "project", "assignee", "status")

    category = forms.ModelChoiceField(
        IncidentCategory.objects.filter(archived_at=None), required=False, empty_label=LEAVE[1]
    )
    project = forms.ModelChoiceField(
        Project.objects.filter(archived_at=None).order_by("key"), required=False, empty_label=LEAVE[1]
    )
