"""Stacked columns: how many of what, over time."""

from collections.abc import Sequence
from dataclasses import dataclass

from tracker.charts.legends import draw_legend, legend_height
from tracker.charts.markup import Markup, Words, draw, draw_chart, draw_link, draw_text
from tracker.charts.scales import find_ticks

MOST_SERIES = 8
PLOT_HEIGHT, TOP, LEFT, BOTTOM, RIGHT = 220, 12, 52, 26, 12
LEAST_WIDTH, MOST_WIDTH = 720, 2_400
LABEL_WIDTH = 80


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
    if len(series) > MOST_SERIES:
        raise ValueError(f"Up to {MOST_SERIES} series.")
    width = min(MOST_WIDTH, max(LEAST_WIDTH, LEFT + RIGHT + 14 * len(columns)))
    ticks = find_ticks(max((column.total for column in columns), default=0))
    bottom = TOP + PLOT_HEIGHT
    names = series if len(series) > 1 else ()
    plot = [
        *_draw_axis(ticks, width),
        *_draw_bars(columns, width - LEFT - RIGHT, ticks[-1]),
        *_draw_labels(columns, width - LEFT - RIGHT),
        *draw_legend(names, LEFT, bottom + BOTTOM, width - LEFT),
    ]
    return draw_chart(words, width, bottom + BOTTOM + legend_height(len(names), width - LEFT) + 4, *plot)


def _draw_axis(ticks: Sequence[int], width: float) -> list[Markup]:
    drawn = []
    for tick in ticks:
        y = TOP + PLOT_HEIGHT * (1 - tick / ticks[-1])
        drawn.append(draw("line", x1=LEFT, x2=width - RIGHT, y1=y, y2=y, class_="chart-grid"))
        drawn.append(draw_text(f"{tick:,}", LEFT - 6, y + 4, anchor="end"))
    return drawn


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


def _draw_labels(columns: Sequence[Column], width: float) -> list[Markup]:
    step = width / max(1, len(columns))
    every = max(1, -(-LABEL_WIDTH // max(1, int(step))))
    y = TOP + PLOT_HEIGHT + 17
    return [
        draw_text(column.label, LEFT + step * (place + 0.5), y, anchor="middle")
        for place, column in enumerate(columns)
        if place % every == 0
    ]
