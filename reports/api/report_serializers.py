"""What the API takes and tells about reports, checked and documented."""

from typing import Any

from rest_framework import serializers

from reports.choices import ReportState
from tracker.api.serializers import StrictSerializer

# Some fields are called like attributes of a serializer; REST framework takes them out of the class.
Shape = serializers.Serializer[Any]


class NewReportSerializer(StrictSerializer):
    """What is asked. `/v1/reports/kinds` says which kinds there are, and what each takes."""

    kind = serializers.CharField(max_length=40)
    parameters = serializers.DictField(required=False, default=dict)
    as_of = serializers.DateTimeField(
        required=False, allow_null=True, default=None, help_text="up to when history counts; now where it is left out"
    )


class ReportProgressSerializer(Shape):
    """Steps done, of how many; 0 of 0 while nobody knows."""

    done = serializers.IntegerField()
    total = serializers.IntegerField()


class ReportFileSerializer(Shape):
    """The file that the report made."""

    name = serializers.CharField()
    content_type = serializers.CharField()
    size_bytes = serializers.IntegerField()
    url = serializers.CharField()


class ReportSerializer(Shape):
    """A report in a list."""

    id = serializers.IntegerField()
    kind = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    type = serializers.CharField(help_text="= kind")
    parameters = serializers.DictField()
    params = serializers.DictField(help_text="= parameters")
    state = serializers.ChoiceField(choices=ReportState.choices)
    status = serializers.CharField(help_text="state in three words: pending, ready or failed")
    progress = ReportProgressSerializer()
    error = serializers.CharField(help_text="why it failed")
    project = serializers.CharField(allow_null=True)
    owner = serializers.CharField()
    schedule = serializers.CharField(help_text="name of the schedule that asked for it")
    as_of = serializers.DateTimeField(allow_null=True, help_text="up to when history counts")
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    policy_versions = serializers.ListField(child=serializers.IntegerField())
    content_hash = serializers.CharField(help_text="SHA-256 of kind, parameters, as_of, result and policy_versions")
    file = ReportFileSerializer(allow_null=True)


class DrillSerializer(Shape):
    """Where the rows behind a figure are."""

    admin = serializers.CharField()
    api = serializers.CharField()


class FigureSerializer(Shape):
    """One number that is read first."""

    label = serializers.CharField()  # type: ignore[assignment]
    value = serializers.CharField()
    drill = DrillSerializer(allow_null=True)


class HeadingSerializer(Shape):
    """A column."""

    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    unit = serializers.CharField()


class RowSerializer(Shape):
    """A line: a text, a number or null for each column."""

    cells = serializers.ListField()
    drill = DrillSerializer(allow_null=True)


class TableSerializer(Shape):
    """Figures to read and to export."""

    key = serializers.CharField()
    title = serializers.CharField()
    headings = HeadingSerializer(many=True)
    rows = RowSerializer(many=True)


class PresentationSerializer(Shape):
    """The result made readable."""

    figures = FigureSerializer(many=True)
    charts = serializers.ListField(child=serializers.CharField(), help_text="addresses of pictures (SVG)")
    tables = TableSerializer(many=True)
    notes = serializers.ListField(child=serializers.CharField())


class WholeReportSerializer(ReportSerializer):
    """One report with what it says."""

    result = serializers.DictField(allow_null=True)
    presentation = PresentationSerializer(allow_null=True)


class KindParameterSerializer(Shape):
    """One parameter that a kind takes."""

    name = serializers.CharField()
    type = serializers.CharField()
    help = serializers.CharField()
    is_required = serializers.BooleanField()
    choices = serializers.ListField(allow_null=True)
    label = serializers.CharField()  # type: ignore[assignment]
    default = serializers.JSONField(allow_null=True)


class ReportKindSerializer(Shape):
    """A kind of report."""

    kind = serializers.CharField()
    description = serializers.CharField()
    parameters = KindParameterSerializer(many=True)
    label = serializers.CharField()  # type: ignore[assignment]
