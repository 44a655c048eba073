"""The result of incident hot spots made readable: a map, columns over time, a week of hours, and their tables."""

from collections.abc import Mapping
from typing import Any

from reports.kinds.axes import write_day
from reports.kinds.contract import Drill, Figure, Heading, Presentation, Result, Row, Table
from reports.kinds.drills import drill_into, lead_to
from reports.kinds.shares import write_percent
from tracker.charts import Cell, Column, Markup, Spot, Words, draw_columns, draw_heat_map, draw_plane

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
HOURS = tuple(f"{hour:02d}" for hour in range(24))
NAMES_ON_PLANE = 6


def present_hotspots(result: Result, parameters: Mapping[str, Any]) -> Presentation:
    """Nothing is drawn where nothing happened."""
    if not result["total"]:
        return Presentation([Figure("Incidents", "0")], notes=_note(result))
    charts = [*([_draw_map(result)] if result["spots"] else []), _draw_time(result), _draw_hours(result)]
    tables = [_tabulate_spots(result), _tabulate_categories(result), _tabulate_time(result), _tabulate_hours(result)]
    return Presentation(_tell_figures(result), charts, tables, _note(result))


def _tell_figures(result: Result) -> list[Figure]:
    figures = [Figure("Incidents", f"{result['total']:,}", _drill(result))]
    for word in ("missing", "recovered"):
        if result[word]:
            figures.append(Figure(word.capitalize(), f"{result[word]:,}", _drill(result, recovery=word)))
    if result["recovery_percent"] is not None:
        figures.append(Figure("Recovered of what went missing", write_percent(result["recovery_percent"])))
    if result["with_loss"]:
        figures.append(Figure(f"Estimated loss, of {result['with_loss']:,} incidents", f"{result['loss']:,.0f}"))
    return figures


def _names(result: Result) -> dict[str, str]:
    return {row["key"]: row["name"] for row in result["categories"]}


def _draw_map(result: Result) -> Markup:
    spots, taken = [], {""}
    for number, spot in enumerate(result["spots"], start=1):
        name = spot["place"] if number <= NAMES_ON_PLANE and spot["place"] not in taken else ""
        taken.add(spot["place"])
        mark = str(number) if spot["is_listed"] else ""
        tip = f"{_place(spot)}: {spot['n']:,}"
        spots.append(
            Spot(spot["latitude"], spot["longitude"], spot["n"], tip, lead_to(_drill_spot(result, spot)), mark, name)
        )
    listed = sum(spot["is_listed"] for spot in result["spots"])
    told = f"The {len(spots):,} fullest squares; the first {listed} are numbered. The fullest: {spots[0].tip}."
    return draw_plane(Words("hot-spots", "Where incidents happen most", told), spots=spots)


def _draw_time(result: Result) -> Markup:
    names = _names(result)
    has_rest = len(result["categories"]) > len(result["named"])
    series = [*(names[key] for key in result["named"]), *(["Other categories"] if has_rest else [])]
    columns = []
    for row in result["over_time"]:
        parts = [*row["counts"], *([row["n"] - sum(row["counts"])] if has_rest else [])]
        told = ", ".join(f"{name} {part:,}" for name, part in zip(series, parts, strict=True) if part)
        tip = f"{row['from']}: {row['n']:,}" + (f" ({told})" if told else "")
        columns.append(Column(write_day(row["from"], result["bucket"]), parts, tip, lead_to(_drill_days(result, row))))
    most = max(columns, key=lambda column: column.total)
    words = Words(
        "incidents-over-time",
        f"Incidents by {result['bucket']} and category",
        f"{len(columns)} columns. The highest: {most.tip}.",
    )
    return draw_columns(words, columns, series=series)


def _draw_hours(result: Result) -> Markup:
    cells, most = [], (0, "")
    for number, (day, line) in enumerate(zip(WEEKDAYS, result["hours"], strict=True), start=1):
        drawn = []
        for hour, count in enumerate(line):
            tip = f"{day}, {hour:02d}:00 – {hour:02d}:59: {count:,}"
            most = max(most, (count, tip))
            # The API's lists know no hours, so these lead to the back office alone.
            href = lead_to(_drill(result, admin={"weekday": number, "hour": hour})) if count else ""
            drawn.append(Cell(count, tip, href))
        cells.append(drawn)
    words = Words("by-hour", "Incidents by weekday and hour", f"Seven rows of 24 hours. The most: {most[1]}.")
    return draw_heat_map(words, rows=[day[:3] for day in WEEKDAYS], columns=HOURS, cells=cells)


def _tabulate_spots(result: Result) -> Table:
    names = _names(result)
    rows = []
    for number, spot in enumerate((spot for spot in result["spots"] if spot["is_listed"]), start=1):
        mix = [f"{names[key]} {count:,}" for key, count in zip(result["named"], spot["counts"], strict=True) if count]
        cells = [number, spot["place"], spot["n"], ", ".join(mix), spot["latitude"], spot["longitude"]]
        rows.append(Row(cells, _drill_spot(result, spot)))
    labels = ("No.", "Place", "Incidents", "Categories")
    keys = ("number", "place", "incidents", "categories")
    headings = [Heading(key, label) for key, label in zip(keys, labels, strict=True)]
    headings += [Heading("latitude", "Latitude", places=4), Heading("longitude", "Longitude", places=4)]
    return Table("hot_spots", "Hot spots", headings, rows)


def _tabulate_categories(result: Result) -> Table:
    headings = [
        Heading("category", "Category"), Heading("incidents", "Incidents"), Heading("missing", "Missing"),
        Heading("recovered", "Recovered"), Heading("recovery", "Recovery rate", "%"), Heading("loss", "Estimated loss"),
    ]  # fmt: skip
    rows = []
    for row in result["categories"]:
        cells = [row[name] for name in ("name", "n", "missing", "recovered", "recovery_percent", "loss")]
        rows.append(Row(cells, _drill(result, category=row["key"])))
    return Table("by_category", "By category", headings, rows)


def _tabulate_time(result: Result) -> Table:
    names = _names(result)
    headings = [Heading("from", "From"), Heading("to", "To"), Heading("incidents", "Incidents")]
    headings += [Heading(key, names[key]) for key in result["named"]]
    rows = [
        Row([row["from"], row["to"], row["n"], *row["counts"]], _drill_days(result, row) if row["n"] else None)
        for row in result["over_time"]
    ]
    return Table("over_time", f"By {result['bucket']}", headings, rows)


def _tabulate_hours(result: Result) -> Table:
    headings = [Heading("weekday", "Weekday"), Heading("all", "All hours"), *(Heading(hour, hour) for hour in HOURS)]
    rows = [Row([day, sum(line), *line]) for day, line in zip(WEEKDAYS, result["hours"], strict=True)]
    return Table("by_hour", "By weekday and hour", headings, rows)


def _place(spot: Mapping[str, Any]) -> str:
    return spot["place"] or f"{spot['latitude']:.4f}, {spot['longitude']:.4f}"


def _drill_spot(result: Result, spot: Mapping[str, Any]) -> Drill | None:
    place = f"{spot['latitude']:.6f},{spot['longitude']:.6f}"
    return _drill(result, admin={"near": place}, api={"cell": place})


def _drill_days(result: Result, row: Mapping[str, Any]) -> Drill | None:
    days = {"occurred_from": row["from"], "occurred_to": row["to"]}
    start, end = row["moments"]
    return _drill(result, admin=days, api={"occurred_after": start, "occurred_before": end})


def _drill(
    result: Result,
    *,
    admin: Mapping[str, str | int] | None = None,
    api: Mapping[str, str | int] | None = None,
    **both: str,
) -> Drill | None:
    """The incidents that were counted: those of the period, and what a figure adds to it."""
    common = {**({"category": result["category"]} if result["category"] else {}), **both}
    if result["project"] is not None:
        common["project"] = result["project"]["key"]
    days = {"status": "all", "occurred_from": result["from"], "occurred_to": result["to"]}
    moments = {
        "occurred_after": result["start"],
        "occurred_before": result["end"],
        "created_before": result["reported_before"],
    }
    return drill_into(
        "incident",
        "/v1/incidents",
        admin={**days, **common, **(admin or {})},
        api={**moments, **common, **(api or {})},
    )


def _note(result: Result) -> list[str]:
    return [
        f"Incidents that happened from {result['from']} to {result['to']}, days of {result['zone']}, and were reported "
        "by the moment of this report. Squares are about 500 by 500 metres.",
        "Hours are those on the clocks of the place. Category, place and recovery are as they are known by now.",
    ]
