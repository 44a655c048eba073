"""A policy as written down, checked but not stored: what the file, the API and the built-in policy have in common."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from json import dumps
from typing import Final

from incidents.sla.calendars import CalendarSpec
from incidents.sla.policies import ANY, AppliesTo, Step

ALWAYS: Final = "always"
ALWAYS_SPEC: Final = CalendarSpec(ALWAYS)

# Minutes for response and resolution of the gold tier, and how often the others get them.
GOLD: Final = {"critical": (15, 90), "high": (30, 180), "medium": (60, 240), "low": (120, 360)}
TIERS: Final = {"gold": 1, "silver": 2, "bronze": 4}


@dataclass(frozen=True, slots=True)
class RuleSpec:
    """What is promised for a tier and priority (`*` = any), in working minutes; None = nothing of that kind."""

    tier: str
    priority: str
    response_minutes: int | None
    resolution_minutes: int | None
    calendar: str = ALWAYS
    pauses_when_waiting: bool = True
    position: int = 0


@dataclass(frozen=True, slots=True)
class SLADocument:
    """A whole policy: its rules in order, the calendars they name, and the steps in ascending percent."""

    rules: tuple[RuleSpec, ...]
    calendars: Mapping[str, CalendarSpec]
    steps: tuple[Step, ...]
    applies_to: AppliesTo = "open"
    effective_at: datetime | None = None

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of what the document says; the same whatever its comments, spaces and order of calendars."""
        return sha256(dumps(asdict(self), sort_keys=True, default=str).encode()).hexdigest()


def default_steps(alert_percent: float, breach_percent: float) -> tuple[Step, ...]:
    """Two steps: an alert, and the breach one level above it. One step where both percents are the same."""
    # 0.57 * 100 is 56.99999999999999, and percents have two decimals.
    alert = Step(round(alert_percent, 2), "alert", 1)
    breach = Step(round(breach_percent, 2), "breach", 2)
    return (alert, breach) if alert.percent < breach.percent else (breach,)


def default_document(alert_percent: float = 85, breach_percent: float = 100) -> SLADocument:
    """The policy Tracker starts with: round the clock; whatever matches nothing is judged as bronze, low."""
    promises = [
        (tier, priority, response * factor, resolution * factor)
        for tier, factor in TIERS.items()
        for priority, (response, resolution) in GOLD.items()
    ]
    response, resolution = (minutes * TIERS["bronze"] for minutes in GOLD["low"])
    promises.append((ANY, ANY, response, resolution))
    return SLADocument(
        rules=tuple(RuleSpec(*promise, position=position) for position, promise in enumerate(promises)),
        calendars={ALWAYS: ALWAYS_SPEC},
        steps=default_steps(alert_percent, breach_percent),
    )
