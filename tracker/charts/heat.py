"""Heat maps: a table of figures as shades of one colour, each figure written in its cell."""

from collections.abc import Sequence
from dataclasses import dataclass

from tracker.charts.markup import Markup, Words, draw, draw_chart, draw_link, draw_text

SHADES = 6
LEFT, TOP = 44, 22
CELL_WIDTH, CELL_HEIGHT = 29, 30


@dataclass(frozen=True, slots=True)
class Cell:
    """One figure, its words, and where it leads."""

    value: int
    tip: str
    href: str = ""


def draw_heat_map(
    words: Words, *, rows: Sequence[str], columns: Sequence[str], cells: Sequence[Sequence[Cell]]
) -> Markup:
    """Rows from the top, columns from the left. The darkest shade is the highest figure; 0 has none."""
    highest = max((cell.value for line in cells for cell in line), default=0)
    drawn = [
        draw_text(name, LEFT + CELL_WIDTH * (place + 0.5), TOP - 7, anchor="middle")
        for place, name in enumerate(columns)
    ]
    for number, (name, line) in enumerate(zip(rows, cells, strict=True)):
        y = TOP + CELL_HEIGHT * number
        drawn.append(draw_text(name, LEFT - 8, y + CELL_HEIGHT / 2 + 4, anchor="end"))
        drawn += [_draw_cell(cell, LEFT + CELL_WIDTH * place, y, highest) for place, cell in enumerate(line)]
    return draw_chart(words, LEFT + CELL_WIDTH * len(columns) + 4, TOP + CELL_HEIGHT * len(rows) + 4, *drawn)


def find_shade(value: int, highest: int) -> int:
    """From 0 for nothing to SHADES for the highest."""
    return 0 if value <= 0 or highest <= 0 else max(1, -(-value * SHADES // highest))


def _draw_cell(cell: Cell, x: float, y: float, highest: int) -> Markup:
    shade = find_shade(cell.value, highest)
    figure = f"{cell.value:,}" if cell.value < 10_000 else f"{cell.value // 1000:,}k"
    return draw_link(
        cell.href if cell.value else "",
        cell.tip,
        draw("rect", x=x, y=y, width=CELL_WIDTH - 1, height=CELL_HEIGHT - 1, class_=f"heat heat-{shade}"),
        draw_text(
            figure if cell.value else "",
            x + (CELL_WIDTH - 1) / 2,
            y + CELL_HEIGHT / 2 + 4,
            anchor="middle",
            kind=f"heat-figure heat-figure-{shade}",
        ),
    )
