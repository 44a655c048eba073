"""What the page of a preview shows: its figures as tables and bars, examples, and what is changed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.http import urlencode

from incidents.admin.ticket_forms import read_policy_words
from incidents.choices import AppliesTo, ClockKind
from incidents.models import PolicyTrial, Ticket
from incidents.services.policy_documents import read_document
from incidents.services.policy_trials import read_trial_document
from incidents.services.trial_figures import OTHER
from incidents.sla.documents import RuleSpec
from tracker.admin.formats import write_minutes, write_span
from tracker.charts import Bar, Markup, Words, draw_bars

SHORT_MODES = ("New only", "Open too", "Re-base")
MODES = {AppliesTo.NEW: "New tickets only", AppliesTo.OPEN: "Open ones too", AppliesTo.REBASE: "Re-base open ones"}
MOVES = {
    "earlier": "Due earlier",
    "later": "Due later",
    "same": "Due as before",
    "gained": "Get a promise",
    "lost": "Lose their promise",
    "none": "Still no promise",
}
BREACHES = {
    "breach_before": "In breach now",
    "breached": "In breach at once",
    "healed": "No longer in breach",
}
SHOWN = {
    "breached": "In breach",
    "lost": "Loses its promise",
    "earlier": "Earlier",
    "later": "Later",
    "gained": "Gets a promise",
    "healed": "No longer in breach",
}
MOST_CHANGES = 100


@dataclass(frozen=True, slots=True)
class Example:
    """One ticket that moves."""

    word: str
    ticket: str
    href: str
    group: str
    before: datetime | None
    after: datetime | None
    shift: str


def describe_open(result: Mapping[str, Any]) -> dict[str, Any]:
    """What becomes of open tickets under each way of publishing."""
    told = result["open_tickets"]
    return {
        "total": told["new"]["totals"]["total"],
        "columns": SHORT_MODES,
        "modes": [(mode.value, label) for mode, label in MODES.items()],
        "moves": [(label, _across(told, name)) for name, label in MOVES.items()],
        "breaches": [(label, _across(told, name)) for name, label in BREACHES.items()],
        "chart": _draw_moves(told),
        "groups": _describe_groups(told),
        "examples": [
            (MODES[mode], _describe_examples(told[mode]["examples"])) for mode in (AppliesTo.OPEN, AppliesTo.REBASE)
        ],
    }


def describe_backtest(result: Mapping[str, Any]) -> dict[str, Any]:
    """Attainment as judged and under the change."""
    told = result["backtest"]
    rows = [(ClockKind(kind).label, totals) for kind, totals in told["totals"].items()]
    return {
        "days": told["days"],
        "totals": rows,
        "chart": _draw_attainment(rows, told["days"]),
        "groups": [{**row, "kind": ClockKind(row["kind"]).label} for row in told["groups"]],
        "is_empty": not told["groups"],
    }


def describe_changes(trial: PolicyTrial) -> list[dict[str, str]]:
    """The rules that say something else than before, or are new or gone; the first MOST_CHANGES."""
    new = {(rule.tier, rule.priority): rule for rule in read_trial_document(trial).rules}
    old_rules = read_document(trial.based_on).rules if trial.based_on is not None else ()
    old = {(rule.tier, rule.priority): rule for rule in old_rules}
    changes = []
    for key in [*new, *(key for key in old if key not in new)]:
        before, after = _tell_rule(old.get(key)), _tell_rule(new.get(key))
        if before != after:
            changes.append({"rule": " × ".join(key), "before": before, "after": after})
    return changes[:MOST_CHANGES]


def _tell_rule(rule: RuleSpec | None) -> str:
    if rule is None:
        return "no such rule"
    told = [
        f"{name} {write_minutes(minutes)}"
        for name, minutes in (("response", rule.response_minutes), ("resolution", rule.resolution_minutes))
        if minutes is not None
    ]
    waiting = "" if rule.pauses_when_waiting else ", waiting counts"
    return f"{', '.join(told) or 'no SLA'}; {rule.calendar}{waiting}"


def _across(told: Mapping[str, Any], name: str) -> list[int]:
    return [told[mode]["totals"][name] for mode in MODES]


def _draw_moves(told: Mapping[str, Any]) -> Markup:
    names = {**{name: label for name, label in MOVES.items() if name != "none"}, "breached": "In breach at once"}
    bars = []
    for name, label in names.items():
        counts = _across(told, name)
        tip = ", ".join(f"{way}: {count:,}" for way, count in zip(MODES.values(), counts, strict=True))
        bars.append(Bar(label, counts, f"{label}. {tip}"))
    description = ". ".join(bar.tip for bar in bars)
    return draw_bars(
        Words("moves", "Open tickets by what becomes of them", description), bars, series=list(MODES.values())
    )


def _draw_attainment(rows: Iterable[tuple[str, Mapping[str, Any]]], days: int) -> Markup:
    series = ("As judged", "Under the change")
    bars = []
    for label, totals in rows:
        shares = [totals["judged_percent"], totals["under_percent"]]
        figures = ["–" if share is None else f"{share:.1f} %" for share in shares]
        bars.append(
            Bar(label, shares, f"{label}: {figures[0]} as judged, {figures[1]} under the change", figures=figures)
        )
    words = Words("attainment", f"Promises met in the last {days} days", ". ".join(bar.tip for bar in bars))
    return draw_bars(words, bars, series=series, highest=100)


def _describe_groups(told: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One row a group; those that stay as they are under both ways are left out."""
    rebased = {(row["customer_tier"], row["priority"]): row for row in told["rebase"]["groups"]}
    tiers, priorities = set(read_policy_words("tier")), set(read_policy_words("priority"))
    address = reverse("admin:incidents_ticket_changelist")
    groups = []
    for row in told["open"]["groups"]:
        tier, priority = row["customer_tier"], row["priority"]
        ways = (row, rebased[tier, priority])
        if all(way["same"] + way["none"] == way["total"] and not way["breached"] for way in ways):
            continue
        has_list = tier in tiers and priority in priorities and OTHER not in (tier, priority)
        href = f"{address}?{urlencode({'tier': tier, 'priority': priority})}" if has_list else ""
        groups.append({"name": f"{tier} × {priority}", "href": href, "total": row["total"], "ways": ways})
    return groups


def _describe_examples(examples: Mapping[str, Any]) -> list[Example]:
    """Each ticket once, under the first of its words."""
    rows: dict[str, tuple[str, Any]] = {}
    for word in SHOWN:
        for row in examples[word]:
            rows.setdefault(row["ticket"], (word, row))
    keys = dict(Ticket.objects.filter(external_id__in=rows).values_list("external_id", "pk"))
    return [_describe_example(SHOWN[word], row, keys.get(ticket)) for ticket, (word, row) in rows.items()]


def _describe_example(word: str, row: Mapping[str, Any], pk: int | None) -> Example:
    before, after = (datetime.fromisoformat(row[name]) if row[name] else None for name in ("due_before", "due_after"))
    shift = row["shift_seconds"]
    return Example(
        word=word,
        ticket=row["ticket"],
        href=reverse("admin:incidents_ticket_change", args=[pk]) if pk is not None else "",
        group=f"{row['customer_tier']} × {row['priority']}",
        before=before,
        after=after,
        shift="–" if not shift else f"{write_span(shift)} {'later' if shift > 0 else 'earlier'}",
    )
