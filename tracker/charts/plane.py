"""A plain map: places as circles over a grid of degrees, true to scale in the middle, no tiles from anywhere."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tracker.charts.markup import Markup, Words, draw, draw_chart, draw_link, draw_text
from tracker.charts.scales import find_lines, find_step

WIDTH = 720
LEAST_HEIGHT, MOST_HEIGHT = 260, 640
MARGIN = 34
SMALLEST, LARGEST = 2.0, 14.0
METRES_PER_DEGREE = 111_320.0
# About as wide and high as a letter of a name.
LETTER, LINE = 6.5, 13.0
# So that one place alone has something around it: about two kilometres.
LEAST_SPAN = 0.02


@dataclass(frozen=True, slots=True)
class Spot:
    """A place with a figure; `mark` is written on it, `name` beside it."""

    latitude: float
    longitude: float
    value: int
    tip: str
    href: str = ""
    mark: str = ""
    name: str = ""


class _Projection:
    """Degrees to points: equirectangular, stretched so that a metre is the same length both ways in the middle."""

    def __init__(self, spots: Sequence[Spot]) -> None:
        self.south, self.north = _widen([spot.latitude for spot in spots], LEAST_SPAN)
        middle = math.radians((self.south + self.north) / 2)
        self.stretch = max(0.05, math.cos(middle))
        self.west, self.east = _widen([spot.longitude for spot in spots], LEAST_SPAN / self.stretch)
        across, down = (self.east - self.west) * self.stretch, self.north - self.south
        self.scale = min((WIDTH - 2 * MARGIN) / across, (MOST_HEIGHT - 2 * MARGIN) / down)
        self.left = (WIDTH - across * self.scale) / 2
        self.height = max(LEAST_HEIGHT, down * self.scale + 2 * MARGIN)
        self.top = (self.height - down * self.scale) / 2

    def x(self, longitude: float) -> float:
        return self.left + (longitude - self.west) * self.stretch * self.scale

    def y(self, latitude: float) -> float:
        return self.top + (self.north - latitude) * self.scale


def draw_plane(words: Words, *, spots: Sequence[Spot]) -> Markup:
    """The places, the largest under the others, those with a mark on top; a circle's area grows with its figure."""
    plane = _Projection(spots)
    highest = max((spot.value for spot in spots), default=1)
    drawn = [
        draw("rect", x=0, y=0, width=WIDTH, height=plane.height, class_="plane"),
        *_draw_grid(plane),
        *(_draw_spot(spot, plane, highest) for spot in sorted(spots, key=lambda spot: (bool(spot.mark), -spot.value))),
        *_draw_names([spot for spot in spots if spot.name], plane, highest),
        *_draw_scale_bar(plane),
    ]
    return draw_chart(words, WIDTH, plane.height, *drawn)


def _radius(value: int, highest: int) -> float:
    return max(SMALLEST, LARGEST * math.sqrt(value / highest))


def _draw_spot(spot: Spot, plane: _Projection, highest: int) -> Markup:
    x, y, radius = plane.x(spot.longitude), plane.y(spot.latitude), _radius(spot.value, highest)
    circle = draw("circle", cx=x, cy=y, r=radius, class_="spot spot-named" if spot.mark else "spot")
    mark = [draw_text(spot.mark, x, y + 3, anchor="middle", kind="spot-mark")] if spot.mark else []
    return draw_link(spot.href, spot.tip, circle, *mark)


def _draw_names(spots: Sequence[Spot], plane: _Projection, highest: int) -> list[Markup]:
    """Names beside their circles; one that would be written over another is left out."""
    drawn: list[Markup] = []
    taken: list[tuple[float, float, float]] = []
    for spot in spots:
        x, y, radius = plane.x(spot.longitude), plane.y(spot.latitude) + 4, _radius(spot.value, highest)
        name = spot.name if len(spot.name) <= 30 else f"{spot.name[:29]}…"
        is_right = x > WIDTH * 0.7
        place = x - radius - 4 if is_right else x + radius + 4
        left = place - len(name) * LETTER if is_right else place
        right = left + len(name) * LETTER
        if any(abs(y - line) < LINE and left < end and begin < right for begin, end, line in taken):
            continue
        taken.append((left, right, y))
        drawn.append(draw_text(name, place, y, anchor="end" if is_right else "start", kind="spot-name"))
    return drawn


def _draw_grid(plane: _Projection) -> list[Markup]:
    drawn = []
    lines, step = find_lines(plane.south, plane.north)
    for latitude in lines:
        y = plane.y(latitude)
        drawn.append(draw("line", x1=0, x2=WIDTH, y1=y, y2=y, class_="chart-grid"))
        drawn.append(draw_text(_write_degrees(latitude, step, "N", "S"), 4, y - 3))
    lines, step = find_lines(plane.west, plane.east)
    for longitude in lines:
        x = plane.x(longitude)
        drawn.append(draw("line", x1=x, x2=x, y1=0, y2=plane.height, class_="chart-grid"))
        drawn.append(draw_text(_write_degrees(longitude, step, "E", "W"), x + 3, 11))
    return drawn


def _write_degrees(degrees: float, step: float, positive: str, negative: str) -> str:
    places = max(0, -math.floor(math.log10(step) + 1e-9) + (step * 10 ** -math.floor(math.log10(step)) % 1 > 0.01))
    number = f"{abs(degrees):.{places}f}°"
    return number if abs(degrees) < step / 2 else f"{number} {positive if degrees > 0 else negative}"


def _draw_scale_bar(plane: _Projection) -> list[Markup]:
    metres = find_step(WIDTH / 5 / plane.scale * METRES_PER_DEGREE, 1)
    length = metres / METRES_PER_DEGREE * plane.scale
    if length > WIDTH / 3:
        metres, length = metres / 2, length / 2
    x, y = WIDTH - 14, plane.height - 12
    words = f"{metres / 1000:,.10g} km" if metres >= 1000 else f"{metres:,.10g} m"
    path = f"M{x - length:.2f} {y - 5:.2f}v5h{length:.2f}v-5"
    return [draw("path", d=path, class_="scale-bar"), draw_text(words, x - length / 2, y - 5, anchor="middle")]


def _widen(numbers: Sequence[float], least: float) -> tuple[float, float]:
    low, high = min(numbers, default=0.0), max(numbers, default=0.0)
    lacking = max(0.0, least - (high - low))
    margin = lacking / 2 + (high - low) * 0.03
    return low - margin, high + margin
