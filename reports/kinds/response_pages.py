"""The result of MTTA and MTTR made readable."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils.dateparse import parse_datetime

from incidents.services.past_sets import ACKNOWLEDGED, ANSWERED, RESOLVED, write_past_set
from reports.kinds.axes import HEADINGS
from reports.kinds.contract import Drill, Figure, Heading, Presentation, Result, Row, Table
from reports.kinds.drills import drill_into, lead_to
from reports.kinds.durations import (
    Unit,
    choose_unit,
    duration_cells,
    duration_headings,
    in_unit,
    write_duration,
    write_work,
)
from reports.kinds.work import drill_into_work, read_set
from tracker.charts import Bar, Line, Markup, Words, draw_bars, draw_lines

MTTA, MTTR = "MTTA", "MTTR"
# What each is called, and what its rows had reached.
MEASURES: Mapping[str, tuple[str, str, dict[str, str]]] = {
    "alerts_acknowledged": (MTTA, "Alerts, fired to acknowledged", {"got": ACKNOWLEDGED}),
    "tickets_answered": (MTTA, "Tickets, opened to first response", {"got": ANSWERED}),
    "tickets_resolved": (MTTR, "Tickets, opened to resolved", {"got": RESOLVED}),
    "incidents_triaged": (MTTA, "Incidents, reported to triaged", {"first": "TRIAGED"}),
    "incidents_done": (MTTR, "Incidents, reported to done", {"was": "DONE"}),
    "issues_triaged": (MTTA, "Issues, reported to triaged", {"first": "TRIAGED"}),
    "issues_done": (MTTR, "Issues, reported to done", {"was": "DONE"}),
}


def present_response(result: Result, parameters: Mapping[str, Any]) -> Presentation:
    """The means first; charts and tables of both, each in its own unit."""
    figures = [_tell_figure(result, one) for one in result["measures"]]
    charts, tables = [], []
    for kind in (MTTA, MTTR):
        measures = [one for one in result["measures"] if MEASURES[one["key"]][0] == kind]
        unit = choose_unit([{"n": one["n"], "wall": {"median": one["wall"]["mean"]}} for one in measures])
        if any(one["n"] for one in measures):
            charts += [_draw_means(result, kind, measures, unit), _draw_over_time(result, kind, measures, unit)]
        tables += _tabulate(result, kind, measures, unit)
    return Presentation(figures, charts, tables, _tell_notes(result))


def _tell_figure(result: Result, one: Mapping[str, Any]) -> Figure:
    kind, name, _ = MEASURES[one["key"]]
    return Figure(f"{kind}, {name.partition(',')[0].lower()} ({one['n']:,})", _mean(one), _drill(result, one))


def _mean(one: Mapping[str, Any]) -> str:
    return write_duration(one["wall"]["mean"])


def _draw_means(result: Result, kind: str, measures: list[Mapping[str, Any]], unit: Unit) -> Markup:
    bars = []
    for one in measures:
        name = MEASURES[one["key"]][1]
        values = [in_unit(one[time]["mean"], unit) for time in ("wall", "working")]
        figures = [_mean(one), write_work(one["working"]["mean"])]
        tip = f"{name}: {figures[0]}, in working time {figures[1]}, of {one['n']:,}"
        bars.append(Bar(name.partition(",")[0], values, tip, lead_to(_drill(result, one)), figures=figures))
    words = Words(f"{kind.lower()}-means", f"{kind}, mean in {unit[0]}", f"{'. '.join(bar.tip for bar in bars)}.")
    return draw_bars(words, bars, series=["By the clock", "Working time"])


def _draw_over_time(result: Result, kind: str, measures: list[Mapping[str, Any]], unit: Unit) -> Markup:
    lines = [
        Line(
            MEASURES[one["key"]][1].partition(",")[0],
            [(date.fromisoformat(at["first_day"]), in_unit(at["mean"], unit)) for at in one["over_time"]],
        )
        for one in measures
    ]
    words = Words(f"{kind.lower()}-over-time", f"{kind} by {result['bucket']}, in {unit[0]}", "")
    return draw_lines(words, lines, unit=unit[0])


def _tabulate(result: Result, kind: str, measures: list[Mapping[str, Any]], unit: Unit) -> list[Table]:
    rows = [Row((MEASURES[one["key"]][1], *duration_cells(one, unit)), _drill(result, one)) for one in measures]
    over_time = [
        Row(
            (MEASURES[one["key"]][1], at["first_day"], at["n"], in_unit(at["mean"], unit)),
            _drill(result, one, at) if at["n"] else None,
        )
        for one in measures
        for at in one["over_time"]
    ]
    first = Heading("measure", "Measure")
    headings = (
        first,
        Heading("bucket", HEADINGS[result["bucket"]]),
        Heading("n", "n"),
        Heading("mean", "Mean", unit[0]),
    )
    return [
        Table(kind.lower(), kind, (first, *duration_headings(unit)), rows),
        Table(f"{kind.lower()}_over_time", f"{kind} over time", headings, over_time),
    ]


def _drill(result: Result, one: Mapping[str, Any], at: Mapping[str, Any] | None = None) -> Drill | None:
    """The rows of a measure, or of one stretch of it."""
    reached: dict[str, Any] = dict(MEASURES[one["key"]][2])
    if at is not None:
        reached |= {"start": parse_datetime(at["start"]), "end": parse_datetime(at["end"])}
    wanted, subject = read_set(result, **reached), one["key"].partition("_")[0]
    if subject not in ("alerts", "tickets"):
        return drill_into_work(subject, wanted)
    history = write_past_set(wanted)
    shown = {"state": "all"} if subject == "alerts" else {"show": "all"}
    return drill_into(subject[:-1], f"/v1/{subject}", admin={**shown, "history": history}, api={"history": history})


def _tell_notes(result: Result) -> list[str]:
    return [
        f"What was reached from {result['from']} to {result['to']}.",
        "Resolved and done is only what still is at the moment of the report.",
        "MTTA and MTTR are means: a few long ones move them, the median they do not.",
        "Of tickets counts what had been received by the moment of the report; waiting counts as well.",
        f"Working time by the calendar: {result['calendar']}.",
    ]
