"""What a report's page shows: figures, charts, and tables whose lines lead to the rows behind them."""

from collections.abc import Sequence
from dataclasses import dataclass

from reports.exports.cell_texts import NOTHING, write_cell
from reports.kinds.contract import Drill, Heading, Presentation, Row, Table
from tracker.charts import Markup
from tracker.charts.pictures import describe_chart

MOST_ROWS = 500


@dataclass(frozen=True, slots=True)
class ShownCell:
    """A cell as it is read."""

    text: str
    is_number: bool


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A line: its first cell, which may lead somewhere, and the others."""

    head: str
    href: str
    cells: Sequence[ShownCell]


@dataclass(frozen=True, slots=True)
class ShownChart:
    """A chart under its own name."""

    title: str
    chart: Markup


@dataclass(frozen=True, slots=True)
class ShownTable:
    """A table as it is read; `left_out` lines are in the export alone."""

    key: str
    title: str
    header: Sequence[ShownCell]
    rows: Sequence[ShownRow]
    left_out: int


def show_charts(presentation: Presentation) -> list[ShownChart]:
    """The charts, each with the title that it brings along."""
    return [ShownChart(_read_title(chart), chart) for chart in presentation.charts]


def show_tables(presentation: Presentation) -> list[ShownTable]:
    """The tables, each as long as a page bears."""
    return [_show_table(table) for table in presentation.tables]


def _read_title(chart: Markup) -> str:
    return describe_chart(chart)[0] or "Chart"


def _show_table(table: Table) -> ShownTable:
    numbers = [
        any(isinstance(row.cells[place], int | float) for row in table.rows if place < len(row.cells))
        for place in range(len(table.headings))
    ]
    header = [
        ShownCell(f"{one.label} ({one.unit})" if one.unit else one.label, is_number)
        for one, is_number in zip(table.headings, numbers, strict=True)
    ]
    rows = [_show_row(row, table.headings, numbers) for row in table.rows[:MOST_ROWS]]
    return ShownTable(table.key, table.title, header, rows, max(0, len(table.rows) - MOST_ROWS))


def _show_row(row: Row, headings: Sequence[Heading], numbers: Sequence[bool]) -> ShownRow:
    told = [write_cell(cell, one.places) for cell, one in zip(row.cells, headings, strict=False)]
    head, *others = told or [NOTHING]
    cells = [ShownCell(text, is_number) for text, is_number in zip(others, numbers[1:], strict=False)]
    return ShownRow(head, _lead(row.drill), cells)


def _lead(drill: Drill | None) -> str:
    return drill.admin if drill is not None else ""
