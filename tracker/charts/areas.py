"""Stacked areas: what a total was made of from moment to moment, for flows and backlogs."""

from collections.abc import Sequence

from tracker.charts.columns import Column
from tracker.charts.frame import (
    BOTTOM,
    LEAST_WIDTH,
    LEFT,
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


def draw_areas(words: Words, columns: Sequence[Column], *, series: Sequence[str]) -> Markup:
    """Areas through the tops of the columns, the first series lowest; under the mouse each column says its figures.

    Up to MOST_SERIES series. The width stays, however many columns there are.
    """
    check_series(series)
    ticks = find_ticks(max((column.total for column in columns), default=0))
    plot = [
        *draw_axis(ticks, LEAST_WIDTH),
        *_draw_bands(columns, len(series), ticks[-1]),
        *_draw_tips(columns),
        *draw_labels([column.label for column in columns], LEAST_WIDTH),
        *draw_names(series, LEAST_WIDTH),
    ]
    return draw_chart(words, LEAST_WIDTH, TOP + PLOT_HEIGHT + BOTTOM + names_height(series, LEAST_WIDTH) + 4, *plot)


def _draw_bands(columns: Sequence[Column], series: int, highest: int) -> list[Markup]:
    """From the lowest band up; the outermost ones reach the edges, so that one column alone is a band too."""
    if not columns:
        return []
    step = _step(columns)
    places = [LEFT, *(LEFT + step * (place + 0.5) for place in range(len(columns))), LEAST_WIDTH - RIGHT]
    lower, drawn = [0] * len(columns), []
    for number in range(series):
        upper = [low + column.parts[number] for low, column in zip(lower, columns, strict=True)]
        if upper != lower:
            path = _write_band(places, _reach_edges(lower), _reach_edges(upper), highest)
            drawn.append(draw("path", d=path, class_=f"area series-{number + 1}"))
        lower = upper
    return drawn


def _reach_edges(heights: Sequence[int]) -> list[int]:
    return [heights[0], *heights, heights[-1]]


def _write_band(places: Sequence[float], lower: Sequence[int], upper: Sequence[int], highest: int) -> str:
    there = [f"{x:.1f} {_y(height, highest):.1f}" for x, height in zip(places, upper, strict=True)]
    back = [f"{x:.1f} {_y(height, highest):.1f}" for x, height in zip(places, lower, strict=True)]
    return f"M{'L'.join(there)}L{'L'.join(reversed(back))}Z"


def _draw_tips(columns: Sequence[Column]) -> list[Markup]:
    step = _step(columns)
    return [
        draw_link(
            column.href,
            column.tip,
            draw("rect", x=LEFT + step * place, y=TOP, width=step, height=PLOT_HEIGHT, class_="chart-tip"),
        )
        for place, column in enumerate(columns)
    ]


def _step(columns: Sequence[Column]) -> float:
    return (LEAST_WIDTH - LEFT - RIGHT) / max(1, len(columns))


def _y(height: int, highest: int) -> float:
    return TOP + PLOT_HEIGHT * (1 - height / highest)
