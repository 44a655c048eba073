"""Lines: how figures went over time, or over a number, with gaps where there are none.

    draw_lines(
        Words("output", "Output of Hall 1", ""),          # an empty description is written from the figures
        [Line("Actual", [(at, 0.8), (later, None), …]), Line("Goal", …)],
        unit="%",
        band=Band("as planned", [(at, 0.7, 0.9), …]),
    )

The first value of a point is an aware datetime (the first one's zone is the chart's), a date, or a number, the same in
all lines and in order. Long lines are thinned to what can be seen; peaks stay. Each line has a colour and dashes of its
own, so that it is told from others without colours as well.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from tracker.charts.frame import (
    BOTTOM,
    LEAST_WIDTH,
    LEFT,
    PLOT_HEIGHT,
    RIGHT,
    TOP,
    check_series,
    draw_axis,
    find_height,
    write_figure,
)
from tracker.charts.legends import draw_legend, legend_height
from tracker.charts.markup import Markup, Words, draw, draw_chart, draw_link, draw_text
from tracker.charts.moments import find_moments, to_number, write_moment
from tracker.charts.scales import find_lines, find_value_ticks
from tracker.charts.series import Band, Line, describe_lines, find_zone, is_drawable
from tracker.charts.thinning import thin

WIDTH = LEAST_WIDTH
# Up to so many points of a line are drawn as dots with words of their own.
MOST_DOTS = 62
BUCKETS = 300
MARK_WIDTH = 26
# About as wide as a letter under the plot.
LETTER = 6.5
Spot = tuple[float, float | None]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where things stand."""

    ticks: Sequence[float]
    first: float
    last: float

    def x(self, number: float) -> float:
        share = (number - self.first) / (self.last - self.first) if self.last > self.first else 0.5
        return LEFT + 6 + (WIDTH - LEFT - RIGHT - 12) * share

    def y(self, value: float) -> float:
        return find_height(value, self.ticks)


def draw_lines(
    words: Words, series: Sequence[Line], *, unit: str = "", from_zero: bool = True, band: Band | None = None
) -> Markup:
    """Lines over one another, a legend under them. Up to MOST_SERIES; `from_zero` keeps the zero in sight."""
    check_series([line.name for line in series])
    traces = [thin(_spots(line), BUCKETS) for line in series]
    place = _find_place(traces, band, from_zero)
    names = [*(line.name for line in series), *([band.name] if band else [])]
    named = names if len(names) > 1 else []
    bottom = TOP + PLOT_HEIGHT + BOTTOM
    told = words if words.description else Words(words.key, words.title, describe_lines(series, unit=unit))
    return draw_chart(
        told,
        WIDTH,
        bottom + legend_height(len(named), WIDTH - LEFT) + 4,
        *draw_axis(place.ticks, WIDTH),
        *([draw_text(unit, LEFT, TOP - 9)] if unit else []),
        *_draw_moments(place, series),
        *([_draw_band(band, place)] if band and band.points else []),
        *(_draw_line(number, line, traces[number - 1], place, unit) for number, line in enumerate(series, start=1)),
        *draw_legend(named, LEFT, bottom, WIDTH - LEFT, _mark_of(len(series)), MARK_WIDTH),
    )


def _spots(line: Line) -> list[Spot]:
    return [(to_number(at), value if value is not None and is_drawable(value) else None) for at, value in line.points]


def _find_place(traces: Sequence[Sequence[Spot]], band: Band | None, from_zero: bool) -> _Place:
    spots = [spot for trace in traces for spot in trace]
    strip = [(to_number(at), value) for at, *both in (band.points if band else ()) for value in both]
    numbers = [at for at, _ in (*spots, *strip)] or [0.0]
    values = [value for _, value in (*spots, *strip) if value is not None] or [0.0]
    low, high = min(values), max(values)
    if from_zero:
        low, high = min(0.0, low), max(0.0, high)
    ticks = find_value_ticks(low, high, is_whole=all(value == int(value) for value in values))
    return _Place(ticks, min(numbers), max(numbers))


def _draw_moments(place: _Place, series: Sequence[Line]) -> list[Markup]:
    sample = next((at for line in series for at, _ in line.points), None)
    if sample is None:
        return []
    if isinstance(sample, datetime):
        marks = find_moments(place.first, place.last, sample.tzinfo or UTC)
    elif isinstance(sample, date):
        marks = find_moments(place.first, place.last) if place.last > place.first else [(place.first, str(sample))]
    else:
        marks = [(number, write_figure(number)) for number in find_lines(place.first, place.last, 8)[0]]
    y = TOP + PLOT_HEIGHT + 17
    return [draw_text(words, _keep_inside(place.x(number), words), y, anchor="middle") for number, words in marks]


def _keep_inside(x: float, words: str) -> float:
    """The middle of words that neither edge cuts."""
    half = len(words) * LETTER / 2
    return max(half, min(x, WIDTH - half))


def _draw_line(number: int, line: Line, spots: Sequence[Spot], place: _Place, unit: str) -> Markup:
    kind, drawn = f"line line-{number}", []
    path = _trace(spots, place)
    if path:
        drawn.append(draw("path", d=path, class_=kind))
    if len(line.points) <= MOST_DOTS:
        drawn += _draw_dots(number, line, place, unit)
    else:
        drawn += [_dot(number, place, at, value) for at, value in _lonely(spots)]
    return draw_link(line.href, line.name, *drawn)


def _trace(spots: Sequence[Spot], place: _Place) -> str:
    parts, is_down = [], False
    for at, value in spots:
        if value is not None:
            parts.append(f"{'L' if is_down else 'M'}{place.x(at):.1f} {place.y(value):.1f}")
        is_down = value is not None
    return "".join(parts)


def _lonely(spots: Sequence[Spot]) -> list[tuple[float, float]]:
    """Points between two gaps, which no line shows."""
    around = [(0.0, None), *spots, (0.0, None)]
    return [
        (at, value)
        for (_, before), (at, value), (_, after) in zip(around, around[1:], around[2:], strict=False)
        if value is not None and before is None and after is None
    ]


def _draw_dots(number: int, line: Line, place: _Place, unit: str) -> list[Markup]:
    drawn, told, zone = [], f" {unit}" if unit else "", find_zone(line)
    for at, value in line.points:
        if value is not None and is_drawable(value):
            tip = f"{line.name}, {write_moment(at, zone)}: {write_figure(value)}{told}"
            drawn.append(draw_link("", tip, _dot(number, place, to_number(at), value)))
    return drawn


def _dot(number: int, place: _Place, at: float, value: float) -> Markup:
    return draw("circle", cx=place.x(at), cy=place.y(value), r=2.5, class_=f"dot-{number}")


def _draw_band(band: Band, place: _Place) -> Markup:
    spots = [(to_number(at), low, high) for at, low, high in band.points]
    upper = [f"{place.x(at):.1f} {place.y(high):.1f}" for at, _, high in spots]
    lower = [f"{place.x(at):.1f} {place.y(low):.1f}" for at, low, _ in reversed(spots)]
    return draw_link("", band.name, draw("path", d=f"M{'L'.join([*upper, *lower])}Z", class_="band"))


def _mark_of(lines: int) -> Callable[[int, float, float], Markup]:
    def draw_mark(number: int, x: float, y: float) -> Markup:
        if number > lines:
            return draw("rect", x=x, y=y + 3, width=MARK_WIDTH, height=12, class_="band")
        return draw("path", d=f"M{x:.0f} {y + 9:.0f}h{MARK_WIDTH}", class_=f"line line-{number}")

    return draw_mark
