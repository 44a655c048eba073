"""The result of a policy's trial as it is kept and told: plain JSON, made once from the tallies."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from incidents.choices import AppliesTo, ClockKind, SLAState
from incidents.models import Ticket
from incidents.services.trial_figures import MOVES, SHOWN, BacktestTally, Key, OpenTally

OPEN_COUNTS = (
    "total", *MOVES, "breached", "healed",
    *(f"{state.value}_{when}" for state in SLAState for when in ("before", "after")),
)  # fmt: skip
VERDICTS = ("judged_met", "judged_breached", "under_met", "under_breached")
TURNS = ("turned_met", "turned_breached", "newly_promised", "no_longer_promised")


def render_result(
    *, as_of: datetime, backtest_days: int, tallies: Mapping[str, OpenTally], backtest: BacktestTally
) -> dict[str, Any]:
    """Figures of each way of publishing, and of the days before."""
    names = _find_names(tallies.values())
    modes = {mode: _render_mode(tally, names) for mode, tally in tallies.items()}
    return {
        "as_of": as_of.isoformat(),
        "open_tickets": {AppliesTo.NEW.value: _render_unmoved(tallies[AppliesTo.OPEN]), **modes},
        "backtest": {
            "days": backtest_days,
            "from": (as_of - timedelta(days=backtest_days)).isoformat(),
            "to": as_of.isoformat(),
            **_render_backtest(backtest),
        },
    }


def _render_mode(tally: OpenTally, names: Mapping[int, str]) -> dict[str, Any]:
    examples = {
        word: [{**row, "ticket": names.get(row["ticket"], "")} for row in tally.examples.get(word, ())]
        for word in SHOWN
    }
    return {**_render_groups(tally.groups.counts), "examples": examples}


def _render_unmoved(tally: OpenTally) -> dict[str, Any]:
    """What new tickets alone follow leaves every open one where it is."""
    unmoved: dict[Key, Counter[str]] = {}
    for key, counts in tally.groups.counts.items():
        unpromised = counts["none"] + counts["gained"]
        unmoved[key] = Counter(total=counts["total"], same=counts["total"] - unpromised, none=unpromised)
        for state in SLAState:
            for when in ("before", "after"):
                unmoved[key][f"{state.value}_{when}"] = counts[f"{state.value}_before"]
    return {**_render_groups(unmoved), "examples": {word: [] for word in SHOWN}}


def _render_groups(counts: Mapping[Key, Counter[str]]) -> dict[str, Any]:
    """The largest group first."""
    rows = sorted(counts.items(), key=lambda row: (-row[1]["total"], row[0]))
    return {
        "totals": _pick(_sum(counts.values()), OPEN_COUNTS),
        "groups": [
            {"customer_tier": tier, "priority": priority, **_pick(found, OPEN_COUNTS)}
            for (tier, priority), found in rows
        ],
    }


def _render_backtest(tally: BacktestTally) -> dict[str, Any]:
    found = tally.groups.counts
    rows = sorted(found.items(), key=lambda row: (row[0][0], -_count_judged(row[1]), row[0]))
    return {
        "totals": {
            kind.value: _render_attainment(_sum(counts for key, counts in found.items() if key[0] == kind))
            for kind in ClockKind
        },
        "groups": [
            {"kind": kind, "customer_tier": tier, "priority": priority, **_render_attainment(counts)}
            for (kind, tier, priority), counts in rows
        ],
    }


def _render_attainment(counts: Counter[str]) -> dict[str, Any]:
    """Met in percent, of what was judged and of what would have been; None of nothing."""
    shares = {}
    for name in ("judged", "under"):
        met, breached = counts[f"{name}_met"], counts[f"{name}_breached"]
        shares[f"{name}_percent"] = round(100 * met / (met + breached), 2) if met + breached else None
    return {**_pick(counts, VERDICTS), **shares, **_pick(counts, TURNS)}


def _count_judged(counts: Counter[str]) -> int:
    return counts["judged_met"] + counts["judged_breached"]


def _sum(counters: Iterable[Counter[str]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for counts in counters:
        total.update(counts)
    return total


def _pick(counts: Counter[str], names: Iterable[str]) -> dict[str, int]:
    return {name: counts[name] for name in names}


def _find_names(tallies: Iterable[OpenTally]) -> dict[int, str]:
    """The senders' ids of the examples."""
    ids = {row["ticket"] for tally in tallies for rows in tally.examples.values() for row in rows}
    return dict(Ticket.objects.filter(pk__in=ids).values_list("pk", "external_id"))
