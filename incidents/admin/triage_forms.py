"""What people choose when they triage several issues at once: every field leaves things as they are until it is set."""

from collections.abc import Sequence
from typing import Any

from django import forms

from incidents.admin.issue_forms import TagsInput
from incidents.admin.ticket_forms import staff
from incidents.choices import IssueStatus, Severity
from incidents.models import Issue
from incidents.services.issue_fields import MAX_TAG_CHARACTERS, MAX_TAGS
from tracker.models import User

LEAVE = ("", "Leave as is")
PEOPLE_LIMIT = 500
SHOWN_TAGS = 50
ME, NOBODY = "me", "nobody"


class TriageForm(forms.Form):
    """Severity, priority, assignee, tags and status for all the chosen issues."""

    severity = forms.ChoiceField(required=False, choices=[LEAVE, *reversed(Severity.choices)])
    priority = forms.TypedChoiceField(
        required=False, coerce=int, empty_value=None, choices=[LEAVE, (1, "1 – first"), (2, "2"), (3, "3 – last")]
    )
    assignee = forms.ChoiceField(required=False)
    status = forms.ChoiceField(required=False, label="Move to", choices=[LEAVE, *IssueStatus.choices])
    add_tags = forms.CharField(
        required=False,
        max_length=(MAX_TAG_CHARACTERS + 2) * MAX_TAGS,
        help_text="Between commas.",
        widget=TagsInput(attrs={"autocomplete": "off"}),
    )
    remove_tags = forms.MultipleChoiceField(required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(self, data: Any = None, *, issues: Sequence[Issue], person: User) -> None:
        super().__init__(data)
        people = staff().exclude(pk=person.pk).order_by("full_name", "email")[:PEOPLE_LIMIT]
        named = [(str(one.pk), one.full_name or one.email) for one in people]
        self.people = {str(one.pk): one for one in people} | {ME: person, NOBODY: None}
        self.fields["assignee"].choices = [LEAVE, (ME, "Me"), (NOBODY, "Nobody"), *named]  # type: ignore[attr-defined]
        present = sorted({tag.name for issue in issues for tag in issue.tags.all()})
        self.fields["remove_tags"].choices = [(word, word) for word in present[:SHOWN_TAGS]]  # type: ignore[attr-defined]
        if not present:
            del self.fields["remove_tags"]

    def clean(self) -> dict[str, Any]:
        """Refuses to change nothing."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        cleaned["add_tags"] = [word.strip() for word in cleaned.get("add_tags", "").split(",") if word.strip()]
        if not self.errors and not any(cleaned.values()):
            raise forms.ValidationError("Choose what to change.")
        return cleaned

    @property
    def wanted(self) -> dict[str, Any]:
        """What the service is asked for."""
        values = self.cleaned_data
        changes = {name: values[name] for name in ("severity", "priority") if values[name]}
        if values["assignee"]:
            changes["assignee"] = self.people[values["assignee"]]
        return {
            "changes": changes,
            "status": values["status"] or None,
            "add_tags": values["add_tags"],
            "remove_tags": values.get("remove_tags", []),
        }
