"""Charts as SVG, drawn on the server: pure functions from figures to markup, for pages and for reports.

No script, no inline style: colours come from classes (`static/tracker/charts.css`), so that they follow the page's
theme and pass a strict Content-Security-Policy. Every chart has a title and a description for those who do not see it;
links in a chart are for the mouse alone: the table that belongs under each chart has the same ones for everybody.

    draw_columns(Words("over-time", "Incidents over time", "…"), columns, series=["Theft", "Outage"])
    draw_bars(Words(…), [Bar("OPS", [2.5], "OPS: 2.5 days", "/…", target=3)], series=["Median"], target="Promised")
    draw_areas(Words("flow", "Open by status", "…"), columns, series=["New", "Active"])
    draw_heat_map(Words(…), rows=["Mon", …], columns=["00", …], cells=[[Cell(3, "Mon, 00: 3", "/…"), …], …])
    draw_lines(Words(…), [Line("Open", [(day, 12), (next_day, None), …])], unit="issues")
    draw_plane(Words(…), spots=[Spot(43.65, -79.38, 84, "Annex: 84", "/…"), …])
"""

from tracker.charts.areas import draw_areas
from tracker.charts.bars import Bar, draw_bars
from tracker.charts.columns import Column, draw_columns
from tracker.charts.heat import Cell, draw_heat_map
from tracker.charts.lines import draw_lines
from tracker.charts.markup import Markup, Words
from tracker.charts.plane import Spot, draw_plane
from tracker.charts.series import Band, Line, describe_lines

__all__ = [
    "Band",
    "Bar",
    "Cell",
    "Column",
    "Line",
    "Markup",
    "Spot",
    "Words",
    "describe_lines",
    "draw_areas",
    "draw_bars",
    "draw_columns",
    "draw_heat_map",
    "draw_lines",
    "draw_plane",
]
