"""What people type about issues."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AdminDateWidget
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from incidents.admin.ticket_forms import staff
from incidents.choices import IssueLinkKind, Severity
from incidents.models import Issue, Tag
from incidents.services.comments import MAX_COMMENT_CHARACTERS
from incidents.services.issue_fields import MAX_TITLE_CHARACTERS
from tracker.admin.base import AccessForm
from tracker.admin.widgets import RowSelect
from tracker.exceptions import InvalidInput
from tracker.models import Factory, Project

SUGGESTED_TAGS = 200
PRIORITIES = [(1, "1 – first"), (2, "2"), (3, "3 – last")]
FIELDS = ("project", "title", "description", "severity", "priority", "assignee", "tags", "due_on", "factory")
MARKDOWN_HINT = "Markdown. @name@example.com tells that person."


class TextBlock(forms.CharField):
    """A text of many lines, its line ends in one spelling, so that sending it back unchanged changes nothing."""

    def to_python(self, value: Any) -> str:
        """The text."""
        return str(super().to_python(value)).replace("\r\n", "\n")


class TagsInput(forms.TextInput):
    """Words between commas; issue.js offers the known ones for the word that is being typed."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """The input and the list of known words."""
        known = Tag.objects.values_list("name")[:SUGGESTED_TAGS]
        options = format_html_join("", '<option value="{}">', known)
        listed = {**(attrs or {}), "list": f"{name}-known", "data-words": "true"}
        return format_html(
            '{}<datalist id="{}-known">{}</datalist>', super().render(name, value, listed, renderer), name, options
        )

    class Media:
        js = ("tracker/issue.js",)


def _choose(name: str, queryset: Any, *, label: str = "", help_text: str = "") -> forms.ModelChoiceField[Any]:
    widget = RowSelect(Issue._meta.get_field(name), admin.site)
    return forms.ModelChoiceField(
        queryset, required=False, label=label or name.capitalize(), help_text=help_text, widget=widget
    )


class IssueForm(AccessForm):
    """Every field that people write; the services check them."""

    title = forms.CharField(max_length=MAX_TITLE_CHARACTERS, widget=forms.TextInput(attrs={"class": "vTextField"}))
    description = TextBlock(
        required=False,
        widget=forms.Textarea(attrs={"class": "vLargeTextField", "rows": 10}),
        help_text=MARKDOWN_HINT,
    )
    severity = forms.ChoiceField(choices=Severity.choices, initial=Severity.MEDIUM)
    priority = forms.TypedChoiceField(choices=PRIORITIES, coerce=int, initial=2)
    tags = forms.CharField(required=False, widget=TagsInput(attrs={"class": "vTextField"}), help_text="Between commas.")
    due_on = forms.DateField(required=False, label="Due", widget=AdminDateWidget)

    class Meta:
        model = Issue
        fields = FIELDS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["project"] = _choose("project", Project.objects.all(), help_text="Empty: the inbox.")
        self.fields["assignee"] = _choose("assignee", staff())
        self.fields["factory"] = forms.ModelChoiceField(Factory.objects.order_by("name"), required=False)
        self.order_fields(FIELDS)

    def clean_tags(self) -> list[str]:
        """The words."""
        return [word.strip() for word in self.cleaned_data["tags"].split(",") if word.strip()]

    def _post_clean(self) -> None:
        """Nothing: the service checks what an issue may be."""


class EditIssueForm(IssueForm):
    """An issue's fields with what they held when the page was made, so that only what was changed here is written and
    nobody overwrites what somebody else wrote meanwhile."""

    def __init__(self, data: Any = None, *, issue: Issue) -> None:
        words = ", ".join(sorted(tag.name for tag in issue.tags.all()))
        super().__init__(data, instance=issue, initial={"tags": words}, prefix="edit")
        for field in self.fields.values():
            field.show_hidden_initial = True
        self.order_fields([name for name in FIELDS if name != "project"])
        self.fields["project"].required = True
        self.fields["project"].help_text = "Another project gives it a new number."

    def clean(self) -> dict[str, Any]:
        """Refuses to overwrite what this page did not show."""
        cleaned = super().clean()
        for name in self.changed_data:
            shown = self.data.get(self.add_initial_prefix(name))
            if shown is not None and self.fields[name].has_changed(self.initial.get(name), shown):
                self.add_error(name, "Somebody changed this meanwhile. Open the page again to see to what.")
        return cleaned

    @property
    def changes(self) -> dict[str, Any]:
        """The fields that were changed, and to what."""
        return {name: self.cleaned_data[name] for name in self.changed_data}


class AssignIssueForm(forms.Form):
    """Whom to give an issue to; nobody where it is left empty."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["assignee"] = _choose("assignee", staff())

    @property
    def changes(self) -> dict[str, Any]:
        """What to change.

        Raises:
            InvalidInput: there is no such person, or it is none who may have an issue.
        """
        if not self.is_valid():
            raise InvalidInput.of_field("assignee", "Must be an active maintainer or admin.")
        return {"assignee": self.cleaned_data["assignee"]}


class IssueCommentForm(forms.Form):
    """What somebody says."""

    body = TextBlock(
        label="Comment",
        max_length=MAX_COMMENT_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 4, "placeholder": MARKDOWN_HINT, "data-key": "c"}),
    )


class LinkForm(forms.Form):
    """How this issue stands to another one."""

    kind = forms.ChoiceField(choices=IssueLinkKind.choices)
    key = forms.CharField(max_length=40, widget=forms.TextInput(attrs={"placeholder": "OPS-12", "size": 12}))
