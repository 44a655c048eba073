"""The shapes of answers about issues, for the OpenAPI document; incidents/api/issue_json.py makes them."""

from typing import Any

from rest_framework import serializers

from incidents.choices import IssueLinkKind, IssueStatus, Severity


class IssueSerializer(serializers.Serializer[Any]):
    """An issue in a list."""

    id = serializers.IntegerField()
    key = serializers.CharField(help_text="such as OPS-12")
    number = serializers.IntegerField()
    project = serializers.CharField()
    title = serializers.CharField()
    description = serializers.CharField()
    description_html = serializers.CharField(required=False, help_text="in a list with include=html")
    severity = serializers.ChoiceField(choices=Severity.choices)
    priority = serializers.IntegerField()
    status = serializers.ChoiceField(choices=IssueStatus.choices)
    reporter = serializers.EmailField(allow_null=True)
    reporter_label = serializers.CharField(help_text="who reported it elsewhere")
    assignee = serializers.EmailField(allow_null=True)
    tags = serializers.ListField(child=serializers.CharField())
    factory = serializers.CharField(allow_null=True)
    due_on = serializers.DateField(allow_null=True)
    merged_into = serializers.CharField(allow_null=True, help_text="the key, if the caller may see that issue")
    is_watched = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    triaged_at = serializers.DateTimeField(allow_null=True)
    done_at = serializers.DateTimeField(allow_null=True)


class WholeIssueSerializer(IssueSerializer):
    """One issue."""

    description_html = serializers.CharField()
    comment_count = serializers.IntegerField()
    attachment_count = serializers.IntegerField()


class IssueCommentSerializer(serializers.Serializer[Any]):
    """A comment on an issue."""

    id = serializers.IntegerField()
    author = serializers.EmailField(allow_null=True)
    author_name = serializers.CharField()
    body = serializers.CharField()
    body_html = serializers.CharField()
    created_at = serializers.DateTimeField()
    edited_at = serializers.DateTimeField(allow_null=True)


class IssueAttachmentSerializer(serializers.Serializer[Any]):
    """A file of an issue."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    content_type = serializers.CharField(help_text="found from the bytes")
    size_bytes = serializers.IntegerField()
    sha256 = serializers.CharField()
    uploaded_by = serializers.EmailField(allow_null=True)
    uploader_name = serializers.CharField()
    comment = serializers.IntegerField(allow_null=True)
    created_at = serializers.DateTimeField()
    url = serializers.CharField(help_text="where its bytes are, always as a download")
    preview_url = serializers.CharField(allow_null=True, help_text="a redrawn picture that may be shown")


class LinkedIssueSerializer(serializers.Serializer[Any]):
    """The issue at the other end of a link."""

    id = serializers.IntegerField()
    key = serializers.CharField()
    title = serializers.CharField()
    status = serializers.ChoiceField(choices=IssueStatus.choices)


class IssueLinkSerializer(serializers.Serializer[Any]):
    """A link as one of its two issues sees it."""

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=IssueLinkKind.choices)
    direction = serializers.ChoiceField(choices=["out", "in", "both"], help_text="out: this issue blocks the other")
    issue = LinkedIssueSerializer()
    created_at = serializers.DateTimeField()


class IssueEventSerializer(serializers.Serializer[Any]):
    """One line of an issue's timeline."""

    id = serializers.IntegerField()
    at = serializers.DateTimeField()
    verb = serializers.CharField()
    actor = serializers.CharField(help_text="who did it; reporters are told names only")
    before = serializers.DictField(allow_null=True)
    after = serializers.DictField(allow_null=True)
    comment = serializers.IntegerField(allow_null=True, help_text="the comment that it is about")


class RefusalSerializer(serializers.Serializer[Any]):
    """Why a row was refused."""

    type = serializers.CharField()
    message = serializers.CharField()
    details = serializers.ListField(child=serializers.DictField())


class BulkRowSerializer(serializers.Serializer[Any]):
    """What became of one issue."""

    id = serializers.IntegerField()
    key = serializers.CharField()
    result = serializers.ChoiceField(choices=["changed", "unchanged", "refused"])
    error = RefusalSerializer(required=False)


class BulkResultSerializer(serializers.Serializer[Any]):
    """What became of each issue, in the order of the ids."""

    results = BulkRowSerializer(many=True)


class SeverityCountsSerializer(serializers.Serializer[Any]):
    """How many of each severity."""

    low = serializers.IntegerField()
    medium = serializers.IntegerField()
    high = serializers.IntegerField()
    critical = serializers.IntegerField()


class StatusCountsSerializer(serializers.Serializer[Any]):
    """How many in each status."""

    OPEN = serializers.IntegerField()
    TRIAGED = serializers.IntegerField()
    IN_PROGRESS = serializers.IntegerField()
    DONE = serializers.IntegerField()


class IssueStatsSerializer(serializers.Serializer[Any]):
    """Figures of all issues that the caller may see."""

    total_issues = serializers.IntegerField()
    open_issues = serializers.IntegerField()
    severity_breakdown = SeverityCountsSerializer()
    open_severity_breakdown = SeverityCountsSerializer()
    status_breakdown = StatusCountsSerializer()
