"""Horizontal bars: how much each of a few named things comes to, with the figure beside it."""

from collections.abc import Sequence
from dataclasses import dataclass

from tracker.charts.legends import draw_legend, legend_height, shorten
from tracker.charts.markup import Markup, Words, draw, draw_chart, draw_link, draw_text
from tracker.charts.scales import find_lines

MOST_BARS, MOST_SERIES = 100, 8
WIDTH, TOP, RIGHT, BOTTOM = 720, 6, 84, 22
THICK, THIN, GAP = 18.0, 12.0, 10.0
# About as wide as a letter of a name.
LETTER, MOST_LETTERS, LEAST_LEFT = 6.5, 28, 60.0
NO_FIGURE = "–"


@dataclass(frozen=True, slots=True)
class Bar:
    """One named thing: a value for each series, None where there is no figure.

    `figures` are the values as they are to be read, in the same order; `target` is a mark across the bars.
    """

    label: str
    values: Sequence[float | None]
    tip: str
    href: str = ""
    target: float | None = None
    figures: Sequence[str] = ()


def draw_bars(
    words: Words, bars: Sequence[Bar], *, series: Sequence[str], target: str = "", highest: float | None = None
) -> Markup:
    """Bars from the top down, several series beside each other, a legend under them.

    Args:
        series: names of the values of each bar; up to MOST_SERIES.
        target: what the mark of a bar is called; a legend explains it.
        highest: where the axis ends at least, 100 for shares; else the longest bar decides.
    """
    if len(series) > MOST_SERIES or len(bars) > MOST_BARS:
        raise ValueError(f"Up to {MOST_SERIES} series and {MOST_BARS} bars.")
    scale = _Scale(bars, highest)
    heights = (THICK if len(series) == 1 else THIN) * len(series) + GAP
    bottom = TOP + heights * max(1, len(bars))
    drawn = [*_draw_axis(scale, bottom), *([] if bars else [_tell_nothing()])]
    for place, bar in enumerate(bars):
        drawn += _draw_bar(bar, TOP + heights * place, (heights - GAP) / len(series), scale)
    names = series if len(series) > 1 else ()
    drawn += draw_legend(names, scale.left, bottom + BOTTOM, WIDTH - scale.left)
    top = bottom + BOTTOM + legend_height(len(names), WIDTH - scale.left)
    if target and any(bar.target is not None for bar in bars):
        drawn += _draw_target_legend(target, scale.left, top)
        top += legend_height(1, WIDTH)
    return draw_chart(words, WIDTH, top + 4, *drawn)


def _tell_nothing() -> Markup:
    return draw_text("Nothing to show.", WIDTH / 2, TOP + 18, anchor="middle")


class _Scale:
    """Values to points."""

    def __init__(self, bars: Sequence[Bar], highest: float | None) -> None:
        values = [value for bar in bars for value in (*bar.values, bar.target) if value is not None]
        longest = max((len(shorten(bar.label, MOST_LETTERS)) for bar in bars), default=0)
        self.left = max(LEAST_LEFT, longest * LETTER + 12)
        self.highest = max([*values, highest or 0.0]) or 1.0
        self.breadth = WIDTH - RIGHT - self.left

    def length(self, value: float) -> float:
        return max(0.0, self.breadth * value / self.highest)

    def beside(self, length: float, figure: str, target: float | None) -> float:
        """Where a figure begins: right of its bar, and right of a mark that would cross it."""
        place = self.left + length + 5
        mark = place if target is None else self.left + self.length(target)
        return mark + 6 if place - 5 < mark < place + len(figure) * LETTER + 3 else place


def _draw_axis(scale: _Scale, bottom: float) -> list[Markup]:
    drawn = []
    for number in find_lines(0, scale.highest)[0]:
        x = scale.left + scale.length(number)
        drawn.append(draw("line", x1=x, x2=x, y1=TOP, y2=bottom, class_="chart-grid"))
        drawn.append(draw_text(f"{number:,.10g}", x, bottom + 14, anchor="middle"))
    return drawn


def _draw_bar(bar: Bar, top: float, thickness: float, scale: _Scale) -> list[Markup]:
    middle = top + thickness * len(bar.values) / 2
    label = draw_text(shorten(bar.label, MOST_LETTERS), scale.left - 8, middle + 4, anchor="end")
    boxes: list[Markup] = []
    figures: list[Markup] = []
    for place, value in enumerate(bar.values):
        y, length = top + thickness * place, scale.length(value or 0.0)
        figure = bar.figures[place] if bar.figures else _write(value)
        if value:
            box = draw("rect", x=scale.left, y=y, width=length, height=thickness, class_=f"series-{place + 1}")
            boxes.append(box)
        x = scale.beside(length, figure, bar.target)
        figures.append(draw_text(figure, x, y + thickness / 2 + 4, kind="chart-figure"))
    if bar.target is not None:
        x, end = scale.left + scale.length(bar.target), top + thickness * len(bar.values)
        boxes.append(draw("line", x1=x, x2=x, y1=top - 3, y2=end + 3, class_="target"))
    return [label, draw_link(bar.href, bar.tip, *boxes, *figures)]


def _draw_target_legend(name: str, left: float, top: float) -> list[Markup]:
    mark = draw("line", x1=left + 6, x2=left + 6, y1=top + 2, y2=top + 16, class_="target")
    return [mark, draw_text(shorten(name, 60), left + 18, top + 13)]


def _write(value: float | None) -> str:
    return NO_FIGURE if value is None else f"{round(value, 2):,.10g}"
