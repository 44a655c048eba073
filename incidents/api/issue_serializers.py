"""Bodies of the issue endpoints, and the shapes of their answers for the OpenAPI document."""

from typing import Any

from rest_framework import serializers

from incidents.choices import IssueLinkKind, IssueStatus, Severity
from incidents.services.comments import MAX_COMMENT_CHARACTERS
from incidents.services.field_checks import MAX_DESCRIPTION_CHARACTERS, MAX_TITLE_CHARACTERS
from incidents.services.issue_fields import MAX_TAG_CHARACTERS, MAX_TAGS, issue_fields_of
from incidents.services.triage_rows import MAX_ROWS
from tracker.api.multipart import UploadField
from tracker.api.row_fields import PersonField, ProjectKeyField, RowMixin
from tracker.api.serializers import StrictSerializer
from tracker.models import Factory


class FactoryNameField(RowMixin, serializers.CharField):
    """A factory by its name."""

    def find_row(self, text: str) -> Factory:
        """The factory."""
        factory = Factory.objects.filter(name=text).first()
        if factory is None:
            raise serializers.ValidationError("There is no such factory.")
        return factory


class IssueChangeSerializer(StrictSerializer):
    """What may be written of an issue; reporters write title and description alone."""

    always_allowed: frozenset[str] = frozenset()
    title = serializers.CharField(max_length=MAX_TITLE_CHARACTERS, required=False)
    description = serializers.CharField(
        max_length=MAX_DESCRIPTION_CHARACTERS, allow_blank=True, required=False, help_text="Markdown"
    )
    severity = serializers.ChoiceField(choices=Severity.choices, required=False)
    priority = serializers.IntegerField(min_value=1, max_value=3, required=False, help_text="1 first, 3 last")
    tags = serializers.ListField(
        child=serializers.CharField(max_length=MAX_TAG_CHARACTERS), max_length=MAX_TAGS, required=False
    )
    project = ProjectKeyField(max_length=12, required=False)
    assignee = PersonField(max_length=254, allow_null=True, required=False)
    due_on = serializers.DateField(allow_null=True, required=False)
    factory = FactoryNameField(max_length=120, allow_null=True, required=False, help_text="its name")

    def get_fields(self) -> dict[str, Any]:
        """The fields that the caller may write."""
        fields = super().get_fields()
        view = self.context.get("view")
        if view is None or getattr(view, "swagger_fake_view", False):
            return fields
        allowed = issue_fields_of(view.actor) - set(getattr(view, "fixed_fields", ())) | self.always_allowed
        return {name: field for name, field in fields.items() if name in allowed}


class NewIssueSerializer(IssueChangeSerializer):
    """A new issue; without a project it goes to the inbox. Files come in parts `file` of multipart/form-data."""

    always_allowed = frozenset({"file"})
    title = serializers.CharField(max_length=MAX_TITLE_CHARACTERS)
    file = UploadField(required=False)


class MoveSerializer(StrictSerializer):
    """Where an issue goes: OPEN → TRIAGED → IN_PROGRESS → DONE → OPEN."""

    status = serializers.ChoiceField(choices=IssueStatus.choices)


class MergeSerializer(StrictSerializer):
    """The issue that this one is a duplicate of."""

    into = serializers.CharField(max_length=30, help_text="id or key")


class NewLinkSerializer(StrictSerializer):
    """How the issue stands to another one."""

    kind = serializers.ChoiceField(choices=IssueLinkKind.choices)
    target = serializers.CharField(max_length=30, help_text="id or key")


class IssueCommentBodySerializer(StrictSerializer):
    """A comment to be written, in Markdown."""

    body = serializers.CharField(max_length=MAX_COMMENT_CHARACTERS)


class NewAttachmentSerializer(StrictSerializer):
    """A file, and the comment that it belongs to."""

    file = UploadField()
    comment = serializers.IntegerField(min_value=1, required=False)


class BulkSerializer(StrictSerializer):
    """What to do to many issues."""

    ids = serializers.ListField(child=serializers.IntegerField(min_value=1), min_length=1, max_length=MAX_ROWS)
    changes = IssueChangeSerializer(required=False)
    status = serializers.ChoiceField(choices=IssueStatus.choices, required=False)
    add_tags = serializers.ListField(
        child=serializers.CharField(max_length=MAX_TAG_CHARACTERS), max_length=MAX_TAGS, required=False
    )
    remove_tags = serializers.ListField(
        child=serializers.CharField(max_length=MAX_TAG_CHARACTERS), max_length=MAX_TAGS, required=False
    )
