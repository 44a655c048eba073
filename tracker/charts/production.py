"""Goal against actual of a factory over time."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from tracker.charts.lines import draw_lines
from tracker.charts.markup import Markup, Words
from tracker.charts.series import Line
from tracker.production import Point

NOTHING = "Nothing is known of what it made in this time."


def draw_production(name: str, timezone: str, points: Sequence[Point], *, key: str = "production") -> Markup:
    """The chart of a series, on the clocks of the factory's zone."""
    moments = [point.at for point in points]
    if moments:
        # The zone of the first is that of the chart.
        moments[0] = moments[0].astimezone(ZoneInfo(timezone))
    lines = [
        Line("Actual", [(at, point.actual) for at, point in zip(moments, points, strict=True)]),
        Line("Goal", [(at, point.goal) for at, point in zip(moments, points, strict=True)]),
    ]
    return draw_lines(Words(key, f"{name}: actual production and goal", "" if points else NOTHING), lines)
