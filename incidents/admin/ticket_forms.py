"""What people type about tickets."""

from typing import Any

from django import forms
from django.contrib import admin

from incidents.models import PolicyRule, Ticket, TicketStatus
from tracker.admin.base import AccessForm
from tracker.admin.widgets import RowSelect
from tracker.choices import Role
from tracker.models import Project, User

USUAL_PRIORITIES = ("critical", "high", "medium", "low")
USUAL_TIERS = ("gold", "silver", "bronze")
WORD_LIMIT = 50


def read_policy_words(column: str) -> list[str]:
    """The priorities or tiers (`column`) that any policy names."""
    words = PolicyRule.objects.exclude(**{column: "*"}).order_by(column).values_list(column, flat=True)
    return list(words.distinct()[:WORD_LIMIT])


def _choices(column: str, usual: tuple[str, ...], present: str = "") -> list[tuple[str, str]]:
    words = [*usual, *(word for word in read_policy_words(column) if word not in usual)]
    if present and present not in words:
        words.append(present)
    return [(word, word) for word in words]


def staff() -> Any:
    """Who may have a ticket."""
    return User.objects.filter(is_active=True, role__in=(Role.MAINTAINER, Role.ADMIN)).defer("password")


class NewTicketForm(AccessForm):
    """A ticket opened by hand."""

    title = forms.CharField(max_length=300, widget=forms.TextInput(attrs={"class": "vTextField"}))
    priority = forms.ChoiceField()
    customer_tier = forms.ChoiceField(label="Customer tier")
    status = forms.CharField(max_length=60, initial="new", help_text="As the team says it; a new word gets a category.")
    description = forms.CharField(widget=forms.Textarea(attrs={"class": "vLargeTextField", "rows": 6}), required=False)
    project = forms.ModelChoiceField(Project.objects.none(), required=False)
    url = forms.URLField(
        label="Link", max_length=2000, required=False, assume_scheme="https",
        widget=forms.URLInput(attrs={"class": "vTextField"}),
    )  # fmt: skip

    class Meta:
        model = Ticket
        fields = ("title", "priority", "customer_tier", "status", "description", "project", "url")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["priority"].choices = _choices("priority", USUAL_PRIORITIES)  # type: ignore[attr-defined]
        self.fields["customer_tier"].choices = _choices("tier", USUAL_TIERS)  # type: ignore[attr-defined]
        self.fields["project"].queryset = Project.objects.filter(archived_at=None)  # type: ignore[attr-defined]

    def _post_clean(self) -> None:
        """Nothing: the door for events checks what a ticket may be."""


class ChangeTicketForm(forms.Form):
    """Status, priority and tier, as of now."""

    status = forms.ChoiceField()
    priority = forms.ChoiceField()
    customer_tier = forms.ChoiceField(label="Tier")

    def __init__(self, data: Any = None, *, ticket: Ticket) -> None:
        initial = {name: getattr(ticket, name) for name in ("status", "priority", "customer_tier")}
        super().__init__(data, initial=initial)
        names = list(TicketStatus.objects.order_by("name").values_list("name", flat=True)[:200])
        statuses = names if ticket.status in names else [ticket.status, *names]
        self.fields["status"].choices = [(name, name) for name in statuses]  # type: ignore[attr-defined]
        self.fields["priority"].choices = _choices(  # type: ignore[attr-defined]
            "priority", USUAL_PRIORITIES, ticket.priority
        )
        self.fields["customer_tier"].choices = _choices(  # type: ignore[attr-defined]
            "tier", USUAL_TIERS, ticket.customer_tier
        )


class AssignForm(forms.Form):
    """Whom to give tickets to; nobody where it is left empty."""

    assignee = forms.ModelChoiceField(User.objects.none(), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["assignee"]
        field.queryset = staff()  # type: ignore[attr-defined]
        field.widget = RowSelect(Ticket._meta.get_field("assignee"), admin.site, choices=field.choices)  # type: ignore[attr-defined]


class CommentForm(forms.Form):
    """An internal note."""

    body = forms.CharField(
        label="Internal comment",
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 3, "placeholder": "Only the team sees it"}),
    )
