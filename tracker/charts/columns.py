"""Stacked columns: how many of what, over time."""

from collections.abc import Sequence
from dataclasses import dataclass

from tracker.charts.frame import (
    BOTTOM,
    LEAST_WIDTH,
    LEFT,
    MOST_WIDTH,
    PLOT_HEIGHT,
    RIGHT,
    TOP,
    check_series,
    draw_axis,
    draw_labels,
    draw_names,
    names_height,
)
from tracker.charts.markup import Markup, Words, draw, draw_chart, draw_link
from tracker.charts.scales import find_ticks


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its parts in the order of the series, the words under it and under the mouse, and where it leads."""

    label: str
    parts: Sequence[int]
    tip: str
    href: str = ""

    @property
    def total(self) -> int:
        """Its height."""
        return sum(self.parts)


def draw_columns(words: Words, columns: Sequence[Column], *, series: Sequence[str]) -> Markup:
    """Columns from left to right, parts from the bottom up, a legend under them. Up to MOST_SERIES series."""
    check_series(series)
    width = min(MOST_WIDTH, max(LEAST_WIDTH, LEFT + RIGHT + 14 * len(columns)))
    ticks = find_ticks(max((column.total for column in columns), default=0))
    plot = [
        *draw_axis(ticks, width),
        *_draw_bars(columns, width - LEFT - RIGHT, ticks[-1]),
        *draw_labels([column.label for column in columns], width),
        *draw_names(series, width),
    ]
    return draw_chart(words, width, TOP + PLOT_HEIGHT + BOTTOM + names_height(series, width) + 4, *plot)


def _draw_bars(columns: Sequence[Column], width: float, highest: int) -> list[Markup]:
    drawn, step = [], width / max(1, len(columns))
    breadth = min(48.0, step * 0.8)
    for place, column in enumerate(columns):
        x, y = LEFT + step * place + (step - breadth) / 2, float(TOP + PLOT_HEIGHT)
        bars = []
        for number, part in enumerate(column.parts, start=1):
            if part:
                height = PLOT_HEIGHT * part / highest
                y -= height
                bars.append(draw("rect", x=x, y=y, width=breadth, height=height, class_=f"series-{number}"))
        if bars:
            drawn.append(draw_link(column.href, column.tip, *bars))
    return drawn
