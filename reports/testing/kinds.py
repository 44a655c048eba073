"""Small kinds of report for tests of the job around them."""

from collections.abc import Callable, Mapping
from typing import Any

from rest_framework import serializers

from reports.kinds.contract import Figure, Heading, Kind, Presentation, Question, Result, Row, Table, WithFile
from tracker.api.serializers import StrictSerializer
from tracker.charts import Bar, Words, draw_bars
from tracker.models import Event


class TinyParameters(StrictSerializer):
    """A whole number and a word."""

    size = serializers.IntegerField(label="Size", min_value=1, max_value=100, default=3, help_text="how many lines")
    word = serializers.CharField(label="Word", max_length=20, default="line")


class ProjectParameters(StrictSerializer):
    """A project's key."""

    project = serializers.CharField(max_length=12)


def compute_tiny(question: Question) -> Result:
    """As many lines as asked for, and how many events the log has; a step for each line."""
    size = int(question.parameters["size"])
    for done in range(size):
        question.progress(done, size)
    return {"size": size, "events": Event.objects.filter(at__lte=question.as_of, verb__startswith="user.").count()}


def present_tiny(result: Result, parameters: Mapping[str, Any]) -> Presentation:
    """One figure, a chart and a table."""
    rows = [Row((f"{parameters['word']} {number}", number)) for number in range(1, result["size"] + 1)]
    table = Table("lines", "Lines", (Heading("line", "Line"), Heading("number", "Number", "minutes")), rows)
    chart = draw_bars(
        Words("lines-chart", "Lines", "Lines by number."),
        [Bar("all", [float(result["size"])], "all")],
        series=["Lines"],
    )
    return Presentation(
        charts=[chart], figures=[Figure("Lines", str(result["size"]))], tables=[table], notes=["Made for tests."]
    )


def make_kind(
    key: str = "tiny", compute: Callable[[Question], Result | WithFile] = compute_tiny, **fields: Any
) -> Kind:
    """A kind that works, with a computation of the test's own."""
    values: dict[str, Any] = {
        "label": "Tiny",
        "description": "A few lines.",
        "resources": ("issues",),
        "parameters": TinyParameters,
        "present": present_tiny,
    }
    return Kind(key=key, compute=compute, **{**values, **fields})
