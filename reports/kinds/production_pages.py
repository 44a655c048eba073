"""The result of factory production made readable."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from reports.kinds.contract import Drill, Figure, Heading, Presentation, Result, Row, Table
from reports.kinds.shares import write_percent
from tracker.charts import Bar, Line, Markup, Words, draw_bars, draw_lines

MOST_LINES, MOST_BARS = 7, 40


def present_production(result: Result, parameters: Mapping[str, Any]) -> Presentation:
    """Goal attainment by factory and over time."""
    total = result["total"]
    figures = [
        Figure("Made of the goal", write_percent(total["percent"])),
        Figure("Points at the goal or above", write_percent(total["reached_percent"])),
        Figure("Points", f"{total['points']:,}"),
    ]
    charts = [_draw_factories(result), _draw_time(result)] if result["factories"] else []
    notes = [
        f"Points from {result['from']} to {result['to']}, days of {result['zone']}.",
        "Points bear the time that they are about; what was appended later about the period counts from then on.",
    ]
    return Presentation(figures, charts, [_tabulate_factories(result), _tabulate_time(result)], notes)


def _draw_factories(result: Result) -> Markup:
    bars = []
    for factory in result["factories"][:MOST_BARS]:
        percent = factory["percent"]
        tip = f"{factory['name']}: {write_percent(percent)} of the goal, {factory['points']:,} points"
        href = _drill(result, factory).admin
        bars.append(
            Bar(factory["name"], [percent], tip, href, 100 if percent is not None else None, [write_percent(percent)])
        )
    told = f"{len(bars)} factories. {bars[0].tip}."
    words = Words("production-by-factory", "Production in percent of the goal, by factory", told)
    return draw_bars(words, bars, series=["Made"], target="Goal", highest=100)


def _draw_time(result: Result) -> Markup:
    days = [date.fromisoformat(bucket["to"]) for bucket in result["buckets"]]
    lines = [
        Line(
            factory["name"],
            [(day, one and one["percent"]) for day, one in zip(days, factory["over_time"], strict=True)],
        )
        for factory in result["factories"][:MOST_LINES]
    ]
    title = f"Production in percent of the goal, each {result['bucket']}"
    title += f"; the first {len(lines)} factories" if len(lines) < len(result["factories"]) else ""
    return draw_lines(
        Words("production-over-time", title, ""), [*lines, Line("Goal", [(day, 100.0) for day in days])], unit="%"
    )


def _headings() -> list[Heading]:
    return [
        Heading("actual", "Made"),
        Heading("goal", "Goal"),
        Heading("percent", "Of the goal", "%"),
        Heading("reached_percent", "Points at the goal", "%"),
        Heading("points", "Points"),
    ]


def _cells(told: Mapping[str, Any]) -> list[Any]:
    return [told[name] for name in ("actual", "goal", "percent", "reached_percent", "points")]


def _tabulate_factories(result: Result) -> Table:
    rows = [Row([factory["name"], *_cells(factory)], _drill(result, factory)) for factory in result["factories"]]
    return Table("by_factory", "By factory", [Heading("factory", "Factory"), *_headings()], rows)


def _tabulate_time(result: Result) -> Table:
    rows = [
        Row([factory["name"], bucket["from"], bucket["to"], *_cells(one)], _drill(bucket, factory))
        for factory in result["factories"]
        for bucket, one in zip(result["buckets"], factory["over_time"], strict=True)
        if one
    ]
    headings = [Heading("factory", "Factory"), Heading("from", "From"), Heading("to", "To"), *_headings()]
    return Table("over_time", f"By {result['bucket']}", headings, rows)


def _drill(edges: Mapping[str, Any], factory: Mapping[str, Any]) -> Drill:
    """The factory's points from the start up to the end of the period, or of a part of it."""
    query = urlencode({"from": edges["start"], "to": edges["end"]})
    page = reverse("admin:tracker_factory_production", args=[factory["id"]])
    return Drill(f"{page}?{query}", f"/v1/factories/{factory['id']}/points?{query}")
