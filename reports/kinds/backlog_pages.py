"""The result of a backlog made readable: the trend, the cumulative flow, and what was open at the end."""

from collections.abc import Mapping
from datetime import date, datetime
from itertools import accumulate
from typing import Any

from incidents.services.past_sets import PastSet, write_past_set
from reports.kinds.axes import write_day
from reports.kinds.contract import Cell, Drill, Figure, Heading, Presentation, Result, Row, Table
from reports.kinds.drills import drill_into
from reports.kinds.periods import TICK
from tracker.charts import Column, Line, Markup, Words, draw_areas, draw_lines

MOST_SERIES = 8
NAMES = {
    "OPEN": "Open", "TRIAGED": "Triaged", "IN_PROGRESS": "In progress",
    "new": "New", "active": "Active", "waiting": "Waiting",
}  # fmt: skip
FLOWS = {
    "opened": "Opened",
    "reopened": "Reopened",
    "closed": "Closed",
    "moved_in": "Moved in",
    "moved_out": "Moved out",
}
PATHS = {
    "issues": ("issue", "/v1/issues"),
    "incidents": ("incident", "/v1/incidents"),
    "tickets": ("ticket", "/v1/tickets"),
}


def present_backlog(result: Result, parameters: Mapping[str, Any]) -> Presentation:
    """Figures of the end, three charts over time, and the tables of both."""
    rows = result["rows"]
    charts = [_draw_trend(result), _draw_flow(result), _draw_labels(result)] if rows else []
    return Presentation(_tell_figures(result), charts, [_tabulate_time(result), _tabulate_end(result)], _note(result))


def _tell_figures(result: Result) -> list[Figure]:
    rows, before = result["rows"], result["before"]["open"]
    end = rows[-1]["open"] if rows else before
    sums = {flow: sum(row[flow] for row in rows) for flow in FLOWS}
    figures = [
        Figure(f"Open at the end of {result['to']}", f"{end:,}"),
        Figure(f"Since the start of {result['from']}", f"{end - before:+,}"),
    ]
    return [*figures, *(Figure(words, f"{sums[flow]:,}") for flow, words in FLOWS.items() if sums[flow])]


def _draw_trend(result: Result) -> Markup:
    rows = result["rows"]
    series = {"Open": "open", **{FLOWS[flow]: flow for flow in ("opened", "closed")}}
    lines = [Line(name, [(date.fromisoformat(row["to"]), row[key]) for row in rows]) for name, key in series.items()]
    title = f"Open {result['about']}, and how many were opened and closed each {result['bucket']}"
    return draw_lines(Words("backlog-trend", title, ""), lines, unit=result["about"])


def _draw_flow(result: Result) -> Markup:
    """Work rises through the bands: what is closed lies at the bottom, what is new on top."""
    rows, statuses = result["rows"], result["statuses"]
    closed = list(accumulate(row["closed"] for row in rows))
    series = ["Closed so far", *(NAMES[status] for status in reversed(statuses))]
    columns = []
    for row, done in zip(rows, closed, strict=True):
        parts = [done, *reversed(row["statuses"])]
        columns.append(Column(write_day(row["to"], result["bucket"]), parts, _tip(row["to"], series, parts)))
    told = f"{len(rows)} {result['bucket']}s. At the end: {columns[-1].tip}."
    return draw_areas(Words("cumulative-flow", f"Cumulative flow of {result['about']}", told), columns, series=series)


def _draw_labels(result: Result) -> Markup:
    labels, rows = result["labels"], result["rows"]
    shown = labels if len(labels) <= MOST_SERIES else labels[: MOST_SERIES - 1]
    series = [*shown, *(["other"] if len(shown) < len(labels) else [])]
    columns = []
    for row in rows:
        parts = row["labels"][: len(shown)]
        parts = [*parts, *([row["open"] - sum(parts)] if len(series) > len(shown) else [])]
        columns.append(Column(write_day(row["to"], result["bucket"]), parts, _tip(row["to"], series, parts)))
    word = _label_word(result)
    told = f"{len(rows)} {result['bucket']}s. At the end: {columns[-1].tip}."
    return draw_areas(Words("open-by-label", f"Open {result['about']} by {word}", told), columns, series=series)


def _tip(day: str, series: list[str], parts: list[int]) -> str:
    return f"{day}: {', '.join(f'{name} {part:,}' for name, part in zip(series, parts, strict=True))}"


def _label_word(result: Result) -> str:
    return "priority" if result["about"] == "tickets" else "severity"


def _tabulate_time(result: Result) -> Table:
    headings = [Heading("from", "From"), Heading("to", "To"), Heading("open", "Open at the end")]
    headings += [Heading(flow, words) for flow, words in FLOWS.items()]
    headings += [Heading(status, NAMES[status]) for status in result["statuses"]]
    rows = []
    for row in result["rows"]:
        cells: list[Cell] = [row["from"], row["to"], row["open"], *(row[flow] for flow in FLOWS), *row["statuses"]]
        rows.append(Row(cells, _drill_opened(result, row)))
    return Table("over_time", f"By {result['bucket']}", headings, rows)


def _tabulate_end(result: Result) -> Table:
    """Status by severity or priority, at the end; what there is none of is left out."""
    word = _label_word(result)
    rows = []
    for status, counts in zip(result["statuses"], result["cells"], strict=True):
        for label, count in zip(result["labels"], counts, strict=True):
            if count:
                rows.append(Row([NAMES[status], label, count], _drill_open(result, status, label)))
    headings = [Heading("status", "Status"), Heading("label", word.capitalize()), Heading("open", "Open")]
    return Table("at_the_end", f"Open at the end of {result['to']}", headings, rows)


def _drill_opened(result: Result, row: Mapping[str, Any]) -> Drill | None:
    """What was opened in a bucket: the work that entered its first status then, the tickets that were made then."""
    if not row["opened"]:
        return None
    if result["about"] != "tickets":
        start, end = (datetime.fromisoformat(row[edge]) for edge in ("start", "end"))
        return _drill_history(result, first="OPEN", start=start, end=end)
    model, path = PATHS["tickets"]
    admin: dict[str, str | int] = {"show": "all", "created_at_from": row["from"], "created_at_to": row["to"]}
    api: dict[str, str | int] = {"created_after": row["start"], "created_before": row["end"]}
    if result["project"] is not None:
        admin["project"], api["project"] = result["project"]["id"], result["project"]["key"]
    return drill_into(model, path, admin=admin, api=api)


def _drill_open(result: Result, status: str, label: str) -> Drill | None:
    """Lists of work know what was open when; those of tickets know the present alone."""
    return _drill_history(result, was=status, severity=label) if result["about"] != "tickets" else None


def _drill_history(result: Result, **words: Any) -> Drill | None:
    as_of = datetime.fromisoformat(result["end"]) - TICK
    project = result["project"]["key"] if result["project"] is not None else ""
    told = write_past_set(PastSet(as_of=as_of, project=project, **words))
    model, path = PATHS[result["about"]]
    return drill_into(model, path, admin={"status": "all", "history": told}, api={"history": told})


def _note(result: Result) -> list[str]:
    notes = [f"Days of {result['zone']}. Closed and opened again on one {result['bucket']} counts on both sides."]
    notes.append(f"The line of a {result['bucket']} leads to what was opened then.")
    if result["about"] == "tickets":
        notes.append(
            "Statuses count as what they mean by now; what senders told later than the report's moment does not."
        )
    return notes
