"""What people type about a thing that is worked on, whatever it is."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Model

from incidents.admin.ticket_forms import staff
from incidents.services.comments import MAX_COMMENT_CHARACTERS
from tracker.admin.base import AccessForm
from tracker.admin.widgets import RowSelect
from tracker.exceptions import InvalidInput

MARKDOWN_HINT = "Markdown. @name@example.com tells that person."


class TextBlock(forms.CharField):
    """A text of many lines, its line ends in one spelling, so that sending it back unchanged changes nothing."""

    def to_python(self, value: Any) -> str:
        """The text."""
        return str(super().to_python(value)).replace("\r\n", "\n")


def choose_row(
    model: type[Model], name: str, queryset: Any, *, label: str = "", help_text: str = ""
) -> forms.ModelChoiceField[Any]:
    """A row that a field of `model` leads to, chosen by typing."""
    widget = RowSelect(model._meta.get_field(name), admin.site)
    return forms.ModelChoiceField(
        queryset, required=False, label=label or name.capitalize(), help_text=help_text, widget=widget
    )


class EditedForm(AccessForm):
    """A row's fields with what they held when the page was made, so that only what was changed here is written and
    nobody overwrites what somebody else wrote meanwhile."""

    def keep_shown(self) -> None:
        """Sends along what every field showed; to be called when all fields are there."""
        for field in self.fields.values():
            field.show_hidden_initial = True

    def clean(self) -> dict[str, Any]:
        """Refuses to overwrite what this page did not show."""
        cleaned = super().clean()
        for name in self.changed_data:
            shown = self.data.get(self.add_initial_prefix(name))
            if shown is not None and self.fields[name].has_changed(self[name].initial, shown):
                self.add_error(name, "Somebody changed this meanwhile. Open the page again to see to what.")
        return cleaned

    @property
    def changes(self) -> dict[str, Any]:
        """The fields that were changed, and to what."""
        return {name: self.cleaned_data[name] for name in self.changed_data}

    class Media:
        js = ("tracker/issue.js",)


class AssignForm(forms.Form):
    """Whom to give a thing to; nobody where it is left empty. Subclasses name the thing."""

    model: ClassVar[type[Model]]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["assignee"] = choose_row(self.model, "assignee", staff())

    @property
    def changes(self) -> dict[str, Any]:
        """What to change.

        Raises:
            InvalidInput: there is no such person, or it is none who may have it.
        """
        if not self.is_valid():
            raise InvalidInput.of_field("assignee", "Must be an active maintainer or admin.")
        return {"assignee": self.cleaned_data["assignee"]}


class CommentForm(forms.Form):
    """What somebody says."""

    body = TextBlock(
        label="Comment",
        max_length=MAX_COMMENT_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 4, "placeholder": MARKDOWN_HINT, "data-key": "c"}),
    )
