"""The result of lead times made readable."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils.dateparse import parse_datetime

from reports.kinds.axes import HEADINGS
from reports.kinds.contract import Drill, Figure, Heading, Presentation, Result, Row, Table
from reports.kinds.drills import lead_to
from reports.kinds.durations import (
    NAMES,
    Unit,
    choose_unit,
    duration_cells,
    duration_headings,
    in_unit,
    write_duration,
    write_work,
)
from reports.kinds.work import SUBJECTS, drill_into_work, read_set
from tracker.charts import Bar, Line, Markup, Words, draw_bars, draw_lines

MOST_BARS = 20
TITLES = {"project": "Project", "severity": "Severity", "assignee": "Assignee"}
DRAWN = ("median", "p85", "p95")


def present_lead_time(result: Result, parameters: Mapping[str, Any]) -> Presentation:
    """The spread of all, then of each group, then over time."""
    total = result["total"]
    unit = choose_unit([*result["groups"], *result["over_time"], total])
    charts = [_draw_groups(result, unit), _draw_over_time(result, unit)] if total["n"] else []
    return Presentation(_tell_figures(result), charts, _tabulate(result, unit), _tell_notes(result))


def _tell_figures(result: Result) -> list[Figure]:
    total, drill = result["total"], _drill(result)
    figures = [Figure(f"{SUBJECTS[result['subject']].name} done", f"{total['n']:,}", drill)]
    figures += [Figure(f"{label} lead time", write_duration(total["wall"][name])) for name, label in NAMES.items()]
    return [*figures, Figure("Median working time", write_work(total["working"]["median"]))]


def _draw_groups(result: Result, unit: Unit) -> Markup:
    bars = []
    for group in result["groups"][:MOST_BARS]:
        written = [write_duration(group["wall"][name]) for name in DRAWN]
        told = ", ".join(f"{NAMES[name].lower()} {words}" for name, words in zip(DRAWN, written, strict=True))
        tip, href = f"{group['label']}: {told}, of {group['n']:,}", lead_to(_drill(result, group))
        bars.append(Bar(group["label"], [in_unit(group["wall"][name], unit) for name in DRAWN], tip, href))
    by = TITLES[result["group_by"]].lower()
    words = Words("lead-time-by-group", f"Lead time by {by}, in {unit[0]}", f"{len(bars)} groups. {bars[0].tip}.")
    return draw_bars(words, bars, series=[NAMES[name] for name in DRAWN])


def _draw_over_time(result: Result, unit: Unit) -> Markup:
    lines = [
        Line(
            NAMES[name],
            [(date.fromisoformat(one["first_day"]), in_unit(one["wall"][name], unit)) for one in result["over_time"]],
        )
        for name in ("median", "p85")
    ]
    return draw_lines(
        Words("lead-time-over-time", f"Lead time by {result['bucket']} of completion", ""), lines, unit=unit[0]
    )


def _tabulate(result: Result, unit: Unit) -> list[Table]:
    headings, title = duration_headings(unit), TITLES[result["group_by"]]
    rows = [Row((group["label"], *duration_cells(group, unit)), _drill(result, group)) for group in result["groups"]]
    rows.append(Row(("All", *duration_cells(result["total"], unit)), _drill(result)))
    over_time = [
        Row((one["first_day"], *duration_cells(one, unit)), _drill(result, bucket=one) if one["n"] else None)
        for one in result["over_time"]
    ]
    first = Heading("bucket", HEADINGS[result["bucket"]])
    return [
        Table("groups", f"By {title.lower()}", (Heading("group", title), *headings), rows),
        Table("over_time", "Over time", (first, *headings), over_time),
    ]


def _drill(
    result: Result, group: Mapping[str, Any] | None = None, *, bucket: Mapping[str, Any] | None = None
) -> Drill | None:
    changes: dict[str, Any] = {"was": "DONE"}
    if group is not None:
        changes[result["group_by"]] = group["key"]
    if bucket is not None:
        changes |= {"start": parse_datetime(bucket["start"]), "end": parse_datetime(bucket["end"])}
    return drill_into_work(result["subject"], read_set(result, **changes))


def _tell_notes(result: Result) -> list[str]:
    notes = [
        f"Done from {result['from']} to {result['to']}, and still done at the moment of the report.",
        "Each counts once, with the time from its report to its last completion.",
        "Project, severity and assignee are those of the moment of the report.",
        f"Working time by the calendar: {result['calendar']}.",
    ]
    if result["left_out"]:
        notes.append(f"{result['left_out']:,} smaller groups are left out of the table; the total has them.")
    return notes
