"""What stands around a plot: the axis with its lines, the words below it, the legend."""

from collections.abc import Sequence

from tracker.charts.legends import draw_legend, legend_height
from tracker.charts.markup import Markup, draw, draw_text

MOST_SERIES = 8
PLOT_HEIGHT, TOP, LEFT, BOTTOM, RIGHT = 220, 20, 52, 26, 12
LEAST_WIDTH, MOST_WIDTH = 720, 2_400
LABEL_WIDTH = 80
LARGE = ((1e12, "T"), (1e9, "G"), (1e6, "M"))


def check_series(series: Sequence[str]) -> None:
    """No more series than there are colours that can be told apart."""
    if len(series) > MOST_SERIES:
        raise ValueError(f"Up to {MOST_SERIES} series.")


def find_height(value: float, ticks: Sequence[float]) -> float:
    """Where a value stands on the scale that the ticks make."""
    return TOP + PLOT_HEIGHT * (1 - (value - ticks[0]) / (ticks[-1] - ticks[0]))


def draw_axis(ticks: Sequence[float], width: float) -> list[Markup]:
    """Lines across the plot, each with its number."""
    drawn = []
    for tick in ticks:
        y = find_height(tick, ticks)
        drawn.append(draw("line", x1=LEFT, x2=width - RIGHT, y1=y, y2=y, class_="chart-grid"))
        drawn.append(draw_text(write_figure(tick), LEFT - 6, y + 4, anchor="end"))
    return drawn


def write_figure(value: float) -> str:
    """A figure as it is read on a scale: 1,200, 0.25, 3.5 M."""
    for size, letter in LARGE:
        if abs(value) >= size:
            return f"{value / size:,.4g} {letter}"
    return f"{value:,.10g}"


def draw_labels(labels: Sequence[str], width: float) -> list[Markup]:
    """As many of the words under the plot as there is room for, each below the middle of its share of the width."""
    step = (width - LEFT - RIGHT) / max(1, len(labels))
    every = max(1, -(-LABEL_WIDTH // max(1, int(step))))
    y = TOP + PLOT_HEIGHT + 17
    return [
        draw_text(label, LEFT + step * (place + 0.5), y, anchor="middle")
        for place, label in enumerate(labels)
        if place % every == 0
    ]


def draw_names(series: Sequence[str], width: float) -> list[Markup]:
    """The legend, below the words under the plot; one series alone has none."""
    return draw_legend(series if len(series) > 1 else (), LEFT, TOP + PLOT_HEIGHT + BOTTOM, width - LEFT)


def names_height(series: Sequence[str], width: float) -> int:
    """What the legend takes."""
    return legend_height(len(series) if len(series) > 1 else 0, width - LEFT)
