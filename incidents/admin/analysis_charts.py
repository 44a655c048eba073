"""The sections of the analysis page: for each a chart, what it says in words, and its table with links."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from incidents.services.incident_figures import HOT_SPOTS, Analysis, CategoryFigures, HotSpot, TimeBucket, rate_of
from tracker.charts import Cell, Column, Markup, Spot, Words, draw_columns, draw_heat_map, draw_plane

Leads = Callable[..., str]
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
NAMES_ON_PLANE = 6


@dataclass(frozen=True, slots=True)
class Figure:
    """A cell of a table: what it shows, and the address of what it counts."""

    text: str
    href: str = ""


Row = tuple[Figure, list[Figure]]


@dataclass(frozen=True, slots=True)
class Section:
    """A chart and its table; the first cell of each row is its heading."""

    key: str
    title: str
    note: str
    header: list[str]
    rows: list[Row]
    chart: Markup | None = None
    total: list[Figure] = field(default_factory=list)


def build_sections(analysis: Analysis, leads: Leads) -> dict[str, Any]:
    """What the page shows below its boxes; nothing where nothing happened."""
    if not analysis.total:
        return {"sections": []}
    sections = [_by_category(analysis, leads), _over_time(analysis, leads), _by_hour(analysis, leads)]
    return {"sections": [*sections, *([_hot_spots(analysis, leads)] if analysis.spots else [])]}


def _by_category(analysis: Analysis, leads: Leads) -> Section:
    rows = [(Figure(row.name), _tell_category(row, leads)) for row in analysis.categories if row.count]
    header = ["Category", "Incidents", "Missing", "Recovered", "Recovery rate", "Estimated loss"]
    return Section("by-category", "By category", "", header, rows)


def _tell_category(row: CategoryFigures, leads: Leads) -> list[Figure]:
    rate = rate_of(row.recovered, row.missing)
    return [
        _count(row.count, leads(category=row.key)),
        _count(row.missing, leads(category=row.key, recovery="missing")),
        _count(row.recovered, leads(category=row.key, recovery="recovered")),
        Figure("–") if rate is None else Figure(f"{rate:.1%}", leads(category=row.key, recovery="recovered")),
        Figure(f"{row.loss:,.0f}", leads(category=row.key)) if row.with_loss else Figure("–"),
    ]


def _over_time(analysis: Analysis, leads: Leads) -> Section:
    shown, named = [row for row in analysis.categories if row.count], analysis.named
    series = [row.name for row in named] + (["Other categories"] if len(shown) > len(named) else [])
    columns = [_draw_bucket(bucket, analysis, leads, named) for bucket in analysis.over_time]
    most = max(analysis.over_time, key=_total)
    words = Words(
        "over-time",
        f"Incidents by {analysis.bucket} and category",
        f"{len(columns)} columns from {analysis.first_day} to {analysis.last_day}. "
        f"The highest: {_name(most, analysis.bucket)} with {_total(most):,}.",
    )
    note = f"By {analysis.bucket}, on the clocks of {analysis.scope.zone}."
    header = [analysis.bucket.capitalize(), "Incidents", *(row.name for row in shown)]
    rows = [_tell_bucket(bucket, analysis, leads, shown) for bucket in analysis.over_time]
    return Section("over-time", "Over time", note, header, rows, draw_columns(words, columns, series=series))


def _tell_bucket(bucket: TimeBucket, analysis: Analysis, leads: Leads, shown: list[CategoryFigures]) -> Row:
    counts = [_count(bucket.counts.get(row.key, 0), _lead_to(bucket, leads, category=row.key)) for row in shown]
    return Figure(_name(bucket, analysis.bucket)), [_count(_total(bucket), _lead_to(bucket, leads)), *counts]


def _draw_bucket(bucket: TimeBucket, analysis: Analysis, leads: Leads, named: list[CategoryFigures]) -> Column:
    parts = [bucket.counts.get(row.key, 0) for row in named]
    rest = _total(bucket) - sum(parts)
    name = _name(bucket, analysis.bucket)
    told = ", ".join(f"{row.name} {part:,}" for row, part in zip(named, parts, strict=True) if part)
    tip = f"{name}: {_total(bucket):,}" + (f" ({told})" if len(named) > 1 and told else "")
    return Column(name, [*parts, *([rest] if rest else [])], tip, _lead_to(bucket, leads))


def _lead_to(bucket: TimeBucket, leads: Leads, **more: str) -> str:
    return leads(occurred_from=bucket.first.isoformat(), occurred_to=bucket.last.isoformat(), **more)


def _name(bucket: TimeBucket, kind: str) -> str:
    forms = {"day": "%-d %b %Y", "week": "%-d %b %Y", "month": "%b %Y", "year": "%Y"}
    return bucket.first.strftime(forms[kind])


def _total(bucket: TimeBucket) -> int:
    return sum(bucket.counts.values())


def _by_hour(analysis: Analysis, leads: Leads) -> Section:
    lines = list(enumerate(zip(WEEKDAYS, analysis.hours, strict=True), start=1))
    hours = [f"{hour:02d}" for hour in range(24)]
    count, weekday, hour = max((n, day, hour) for day, line in enumerate(analysis.hours) for hour, n in enumerate(line))
    words = Words(
        "by-hour",
        "Incidents by weekday and hour",
        f"Seven rows of 24 hours. The most: {WEEKDAYS[weekday]} from {hour:02d}:00 with {count:,}.",
    )
    cells = [_draw_weekday(number, name, line, leads) for number, (name, line) in lines]
    sums = [sum(line[hour] for line in analysis.hours) for hour in range(24)]
    return Section(
        "by-hour",
        "By weekday and hour",
        f"On the clocks of the place, where its time zone is known; else of {analysis.scope.zone}.",
        ["Weekday", "All hours", *hours],
        [_tell_weekday(number, name, line, leads) for number, (name, line) in lines],
        draw_heat_map(words, rows=[name[:3] for name in WEEKDAYS], columns=hours, cells=cells),
        [_count(analysis.total, leads()), *(_count(count, leads(hour=hour)) for hour, count in enumerate(sums))],
    )


def _draw_weekday(number: int, name: str, line: list[int], leads: Leads) -> list[Cell]:
    return [
        Cell(count, f"{name}, {hour:02d}:00 – {hour:02d}:59: {count:,}", leads(weekday=number, hour=hour))
        for hour, count in enumerate(line)
    ]


def _tell_weekday(number: int, name: str, line: list[int], leads: Leads) -> Row:
    counts = [_count(count, leads(weekday=number, hour=hour)) for hour, count in enumerate(line)]
    return Figure(name), [_count(sum(line), leads(weekday=number)), *counts]


def _hot_spots(analysis: Analysis, leads: Leads) -> Section:
    listed = analysis.spots[:HOT_SPOTS]
    words = Words(
        "hot-spots",
        "Where incidents happen most",
        f"A map of the {len(analysis.spots):,} fullest squares; the first {len(listed)} are numbered. "
        f"The fullest: {_place(listed[0])} with {listed[0].count:,}.",
    )
    names = {row.key: row.name for row in analysis.categories}
    return Section(
        "hot-spots",
        "Hot spots",
        "Squares of about 500 by 500 metres; the larger a circle, the more incidents.",
        ["Place", "Incidents", "Categories", "Middle"],
        [_tell_spot(number, spot, names, leads) for number, spot in enumerate(listed, start=1)],
        draw_plane(words, spots=_draw_spots(analysis.spots, leads)),
    )


def _draw_spots(spots: list[HotSpot], leads: Leads) -> list[Spot]:
    """The first ones with a number, and with their name where no other has it already."""
    drawn, named = [], {""}
    for number, spot in enumerate(spots, start=1):
        name = spot.place if number <= NAMES_ON_PLANE and spot.place not in named else ""
        named.add(spot.place)
        mark = str(number) if number <= HOT_SPOTS else ""
        tip = f"{_place(spot)}: {spot.count:,}"
        drawn.append(Spot(spot.latitude, spot.longitude, spot.count, tip, _lead_near(spot, leads), mark, name))
    return drawn


def _tell_spot(number: int, spot: HotSpot, names: Mapping[str, str], leads: Leads) -> Row:
    mix = ", ".join(f"{names.get(key, key)} {count:,}" for key, count in spot.counts.items())
    where = f"{spot.latitude:.4f}, {spot.longitude:.4f}"
    return Figure(f"{number}. {_place(spot)}"), [
        _count(spot.count, _lead_near(spot, leads)),
        Figure(mix),
        Figure(where),
    ]


def _place(spot: HotSpot) -> str:
    return spot.place or f"{spot.latitude:.4f}, {spot.longitude:.4f}"


def _lead_near(spot: HotSpot, leads: Leads) -> str:
    return leads(near=f"{spot.latitude:.6f},{spot.longitude:.6f}")


def _count(number: int, href: str) -> Figure:
    return Figure(f"{number:,}", href if number else "")
