"""Points of production as people type or paste them: a line each."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from tracker.production import MAX_LISTED_POINTS, Point, read_points

MAX_CHARACTERS = 1_000_000
# Of Unix seconds; longer ones cost time to read, or cannot be read at all.
MAX_DIGITS = 20
FORMS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d")


class PointsForm(forms.Form):
    """Lines of time, actual and goal, from a spreadsheet or by hand."""

    points = forms.CharField(
        max_length=MAX_CHARACTERS,
        widget=forms.Textarea(
            attrs={
                "rows": 6,
                "class": "vLargeTextField",
                "spellcheck": "false",
                "placeholder": "2026-11-21 08:00, 31, 32",
            }
        ),
        help_text="A line each: time, actual, goal, parted by commas, semicolons or tabs. Times are Unix seconds, or "
        "on the factory's clocks. Each later than the last one that is known.",
    )

    def read_points(self, timezone: str) -> list[Point]:
        """The points that were typed.

        Raises:
            InvalidInput: naming the line.
        """
        zone = ZoneInfo(timezone)
        lines = [line for line in self.cleaned_data["points"].splitlines() if line.strip()]
        return read_points([_read_line(line, zone) for line in lines[: MAX_LISTED_POINTS + 1]])


def _read_line(line: str, zone: ZoneInfo) -> dict[str, Any]:
    mark = next((mark for mark in ("\t", ";", ",") if mark in line), ",")
    cells = [cell.strip() for cell in line.split(mark)]
    if len(cells) != 3:
        return {}
    return {"time": _read_time(cells[0], zone), "actual": _read_number(cells[1]), "goal": _read_number(cells[2])}


def _read_time(text: str, zone: ZoneInfo) -> Any:
    if text.isascii() and text.isdecimal() and len(text) <= MAX_DIGITS:
        return int(text)
    for form in FORMS:
        try:
            moment = datetime.strptime(text, form).replace(tzinfo=zone)
        except ValueError:
            continue
        return moment.isoformat()
    return text


def _read_number(text: str) -> Any:
    try:
        return float(text) if text.isascii() else text
    except ValueError:
        return text
