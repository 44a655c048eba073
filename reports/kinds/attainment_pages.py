"""The result of SLA attainment made readable."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from reports.kinds.contract import Cell, Drill, Figure, Heading, Presentation, Result, Row, Table
from reports.kinds.drills import drill_into, lead_to
from reports.kinds.shares import write_percent
from tracker.charts import Bar, Line, Markup, Words, draw_bars, draw_lines

POLICIES = {"judged": "as judged", "today": "under today's policy"}
# What a legend has room for.
SHORT = {"judged": "as judged", "today": "today"}
PROMISES = {"response": "Response", "resolution": "Resolution"}
TITLES = {"tier": "Tier", "priority": "Priority", "project": "Project", "assignee": "Assignee", "month": "Month"}
# Tables that a chart stands above; a chart of more bars is no longer read.
CHARTED = ("priority", "tier", "project", "assignee")
MOST_BARS = 24
FEW_MONTHS = 3


def present_attainment(result: Result, parameters: Mapping[str, Any]) -> Presentation:
    """Shares first, then for each grouping a chart and a table."""
    charts = [_draw_group(name, result) for name in CHARTED if result["groups"][name]]
    if len(result["groups"]["month"]) > 1:
        is_line = len(result["groups"]["month"]) > FEW_MONTHS
        charts.append(_draw_months(result) if is_line else _draw_group("month", result))
    tables = [_tabulate(name, result) for name in TITLES]
    return Presentation(_tell_figures(result), charts, tables, _tell_notes(result))


def _policies(result: Result) -> list[str]:
    return [policy for policy in POLICIES if policy in result["total"]]


def _tell_figures(result: Result) -> list[Figure]:
    figures, policies = [], _policies(result)
    for promise, name in PROMISES.items():
        for policy in policies:
            numbers = result["total"][policy][promise]
            words = f"{name} kept" + (f", {POLICIES[policy]}" if len(policies) > 1 or policy == "today" else "")
            drill = _drill(result, promise, "any") if policy == "judged" and numbers["n"] else None
            figures.append(Figure(f"{words}, of {numbers['n']:,}", write_percent(numbers["percent"]), drill))
        if "judged" in policies and (missed := result["total"]["judged"][promise]["missed"]):
            figures.append(Figure(f"{name} missed", f"{missed:,}", _drill(result, promise, "missed")))
    return figures


def _draw_group(name: str, result: Result) -> Markup:
    rows, series = result["groups"][name], _name_series(result)
    shown = rows[:MOST_BARS]
    bars = [_draw_bar(name, row, series, result) for row in shown]
    left_out = f" {len(rows) - len(shown)} more are in the table." if len(rows) > len(shown) else ""
    words = Words(
        f"attainment-by-{name}",
        f"Promises kept by {TITLES[name].lower()}, in percent",
        f"{len(bars)} groups. {bars[0].tip}.{left_out}",
    )
    return draw_bars(words, bars, series=list(series), highest=100)


def _draw_bar(name: str, row: Mapping[str, Any], series: Mapping[str, tuple[str, str]], result: Result) -> Bar:
    numbers = [row[policy][promise] for policy, promise in series.values()]
    figures = [write_percent(one["percent"]) for one in numbers]
    told = [f"{words} {figure} of {one['n']:,}" for words, figure, one in zip(series, figures, numbers, strict=True)]
    href = lead_to(_drill(result, "any", "any", name, row))
    return Bar(
        row["label"], [one["percent"] for one in numbers], f"{row['label']}: {'; '.join(told)}", href, figures=figures
    )


def _draw_months(result: Result) -> Markup:
    rows = result["groups"]["month"]
    lines = [
        Line(words, [(date.fromisoformat(f"{row['key']}-01"), row[policy][promise]["percent"]) for row in rows])
        for words, (policy, promise) in _name_series(result).items()
    ]
    return draw_lines(Words("attainment-by-month", "Promises kept by month, in percent", ""), lines, unit="%")


def _name_series(result: Result) -> dict[str, tuple[str, str]]:
    """Policy and promise of each series, by what it is called."""
    policies = _policies(result)
    return {
        words + (f" {SHORT[policy]}" if len(policies) > 1 else ""): (policy, promise)
        for promise, words in PROMISES.items()
        for policy in policies
    }


def _tabulate(name: str, result: Result) -> Table:
    """A row for each group and promise that had any."""
    policies = _policies(result)
    headings = [Heading(name, TITLES[name]), Heading("promise", "Promise")]
    for policy in policies:
        words = f" {POLICIES[policy]}" if len(policies) > 1 else ""
        headings += [
            Heading(f"{policy}_percent", f"Kept{words}", "%"),
            Heading(f"{policy}_met", f"Met{words}"),
            Heading(f"{policy}_missed", f"Missed{words}"),
            Heading(f"{policy}_n", f"Promises{words}"),
        ]
    rows = [row for group in result["groups"][name] for row in _tell_rows(name, group, policies, result)]
    return Table(f"by_{name}", f"By {TITLES[name].lower()}", headings, rows)


def _tell_rows(name: str, group: Mapping[str, Any], policies: Sequence[str], result: Result) -> list[Row]:
    rows = []
    for promise, words in PROMISES.items():
        numbers = [group[policy][promise] for policy in policies]
        if any(one["n"] for one in numbers):
            cells: list[Cell] = [group["label"], words]
            for one in numbers:
                cells += [one["percent"], one["met"], one["missed"], one["n"]]
            rows.append(Row(cells, _drill(result, promise, "any", name, group)))
    return rows


def _drill(
    result: Result, promise: str, verdict: str, name: str = "", group: Mapping[str, Any] | None = None
) -> Drill | None:
    """The tickets with such promises; as judged, for the lists know no other policy."""
    admin: dict[str, str | int] = {"show": "all"}
    api: dict[str, str | int] = {}
    start, end = result["start"], result["end"]
    if result["project"] is not None:
        admin["project"], api["project"] = result["project"]["id"], result["project"]["key"]
    if group is not None:
        if name == "month":
            start, end = group["moments"]
        elif not _narrow(name, group, admin, api):
            return None
    settled = f"{promise},{verdict},{start},{end}"
    return drill_into("ticket", "/v1/tickets", admin=admin | {"settled": settled}, api=api | {"settled": settled})


def _narrow(name: str, group: Mapping[str, Any], admin: dict[str, str | int], api: dict[str, str | int]) -> bool:
    """Adds what tells the group apart; False where no list can."""
    key, row_id = group["key"], group["id"]
    if name == "assignee":
        admin["assigned"], api["assignee"] = (row_id, key) if row_id else ("nobody", "none")
        return row_id is not None or key is None
    if key is None or key == "…":
        return False
    if name == "project":
        admin["project"], api["project"] = row_id, key
    elif name == "tier":
        admin["tier"] = api["customer_tier"] = key
    else:
        admin["priority"] = api["priority"] = key
    return True


def _tell_notes(result: Result) -> list[str]:
    notes = [
        f"Promises that ended from {result['from']} to {result['to']}, days of {result['zone']}.",
        "What is still open has not ended: it does not count, even where it is late already.",
        "Tier, priority and project are those that the ticket's last event names.",
        "A ticket that was opened again has a promise for each time: figures count them all, lists show it once.",
    ]
    if result["policy_version"] is not None:
        number = result["policy_version"]
        notes.append(f"Today's policy is version {number}: the whole life of each ticket is judged by it alone.")
    return notes
