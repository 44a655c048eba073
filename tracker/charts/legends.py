"""Legends: which colour stands for what, in rows under a chart."""

from collections.abc import Callable, Sequence

from tracker.charts.markup import Markup, draw, draw_text

ROW_HEIGHT, COLUMN_WIDTH = 20, 170
MOST_LETTERS = 20
MARK_WIDTH = 12


def draw_square(number: int, x: float, y: float) -> Markup:
    """The mark of a series whose colour fills what it stands for."""
    return draw("rect", x=x, y=y + 3, width=MARK_WIDTH, height=12, class_=f"series-{number}")


def draw_legend(
    names: Sequence[str],
    left: float,
    top: float,
    width: float,
    draw_mark: Callable[[int, float, float], Markup] = draw_square,
    mark_width: int = MARK_WIDTH,
) -> list[Markup]:
    """The mark of each series, a square of its colour if nothing else, with its name, from the first series on."""
    drawn, across = [], _count_columns(width)
    for place, name in enumerate(names):
        x, y = left + COLUMN_WIDTH * (place % across), top + ROW_HEIGHT * (place // across)
        drawn.append(draw_mark(place + 1, x, y))
        drawn.append(draw_text(shorten(name), x + mark_width + 6, y + 13))
    return drawn


def legend_height(count: int, width: float) -> int:
    """How high a legend of so many names is."""
    return ROW_HEIGHT * -(-count // _count_columns(width))


def shorten(name: str, most: int = MOST_LETTERS) -> str:
    """A name that fits beside its mark."""
    return name if len(name) <= most else f"{name[: most - 1]}…"


def _count_columns(width: float) -> int:
    return max(1, int(width // COLUMN_WIDTH))
