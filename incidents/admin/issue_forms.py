"""What people type about issues."""

from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminDateWidget
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from incidents.admin.ticket_forms import staff
from incidents.admin.work_forms import MARKDOWN_HINT, AssignForm, EditedForm, TextBlock, choose_row
from incidents.choices import IssueLinkKind, Severity
from incidents.models import Issue, Tag
from incidents.services.field_checks import MAX_TITLE_CHARACTERS
from tracker.admin.base import AccessForm
from tracker.models import Factory, Project

SUGGESTED_TAGS = 200
PRIORITIES = [(1, "1 – first"), (2, "2"), (3, "3 – last")]
FIELDS = ("project", "title", "description", "severity", "priority", "assignee", "tags", "due_on", "factory")


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
        self.fields["project"] = choose_row(Issue, "project", Project.objects.all(), help_text="Empty: the inbox.")
        self.fields["assignee"] = choose_row(Issue, "assignee", staff())
        self.fields["factory"] = forms.ModelChoiceField(Factory.objects.order_by("name"), required=False)
        self.order_fields(FIELDS)

    def clean_tags(self) -> list[str]:
        """The words."""
        return [word.strip() for word in self.cleaned_data["tags"].split(",") if word.strip()]

    def _post_clean(self) -> None:
        """Nothing: the service checks what an issue may be."""


class EditIssueForm(EditedForm, IssueForm):
    """An issue's fields."""

    def __init__(self, data: Any = None, *, issue: Issue) -> None:
        words = ", ".join(sorted(tag.name for tag in issue.tags.all()))
        super().__init__(data, instance=issue, initial={"tags": words}, prefix="edit")
        self.keep_shown()
        self.order_fields([name for name in FIELDS if name != "project"])
        self.fields["project"].required = True
        self.fields["project"].help_text = "Another project gives it a new number."


class AssignIssueForm(AssignForm):
    """Whom to give an issue to."""

    model = Issue


class LinkForm(forms.Form):
    """How this issue stands to another one."""

    kind = forms.ChoiceField(choices=IssueLinkKind.choices)
    key = forms.CharField(
        label="Key of the other issue",
        max_length=40,
        widget=forms.TextInput(attrs={"placeholder": "OPS-12", "size": 12}),
    )
