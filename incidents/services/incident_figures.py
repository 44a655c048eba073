"""What an analysis of incidents answers with."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from incidents.services.incident_scope import AnalysisScope

HOT_SPOTS = 20
# A chart tells that many colours apart; what is not among them is counted together.
MOST_NAMED = 7


@dataclass(slots=True)
class CategoryFigures:
    """One category's share."""

    key: str
    name: str
    pk: int
    count: int = 0
    missing: int = 0
    recovered: int = 0
    with_loss: int = 0
    loss: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class TimeBucket:
    """From the first day to the last, both included; `counts` by category key, those without any left out."""

    first: date
    last: date
    counts: dict[str, int]


@dataclass(frozen=True, slots=True)
class HotSpot:
    """A cell of the grid by its middle; `counts` by category key, of the most frequent categories."""

    latitude: float
    longitude: float
    count: int
    place: str
    counts: dict[str, int]


@dataclass(slots=True)
class Analysis:
    """What there is to know. `hours` has a row for each day from Monday with a figure for each hour."""

    scope: AnalysisScope
    categories: list[CategoryFigures]
    by_status: dict[str, int]
    total: int = 0
    first_day: date | None = None
    last_day: date | None = None
    bucket: str = "day"
    over_time: list[TimeBucket] = field(default_factory=list)
    hours: list[list[int]] = field(default_factory=lambda: [[0] * 24 for _ in range(7)])
    spots: list[HotSpot] = field(default_factory=list)

    @property
    def missing(self) -> int:
        """How many things are still missing."""
        return sum(row.missing for row in self.categories)

    @property
    def recovered(self) -> int:
        """How many came back."""
        return sum(row.recovered for row in self.categories)

    @property
    def recovery_rate(self) -> float | None:
        """The share that came back of all that went missing; None where nothing did."""
        return rate_of(self.recovered, self.missing)

    @property
    def loss(self) -> Decimal:
        """The sum of all estimates."""
        return sum((row.loss for row in self.categories), Decimal(0))

    @property
    def with_loss(self) -> int:
        """How many have an estimate."""
        return sum(row.with_loss for row in self.categories)

    @property
    def named(self) -> list[CategoryFigures]:
        """The most frequent categories, each of which gets a colour."""
        return sorted((row for row in self.categories if row.count), key=lambda row: -row.count)[:MOST_NAMED]


def rate_of(recovered: int, missing: int) -> float | None:
    """Recovered of all that went missing."""
    return recovered / (recovered + missing) if recovered + missing else None
