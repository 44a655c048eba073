"""How a forecast is told in the back office: never without saying of how many cases it is a count."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from incidents.choices import ForecastLikeness
from incidents.models import Ticket, TicketForecast
from incidents.services.forecast_curves import LONGEST
from incidents.services.forecasts import forecast_ticket
from incidents.sla.forecasting import MIN_CASES, STEPS, Chance
from tracker.admin.filters import ChoiceFilter
from tracker.admin.formats import render_badge

LIKELY, POSSIBLE = 0.5, 0.2


class ForecastFilter(ChoiceFilter):
    """How likely an open ticket breaks a promise that it can still keep."""

    title = parameter_name = "forecast"

    def lookups(self, request: HttpRequest, model_admin: object) -> Iterable[tuple[str, str]]:
        """Three heights, and those of which nothing can be said."""
        return [
            ("likely", "Breach likely (50 % and more)"),
            ("possible", "Possible (20 to 50 %)"),
            ("unlikely", "Unlikely (under 20 %)"),
            ("unknown", "Too few like cases"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Ticket]) -> QuerySet[Ticket]:
        """The tickets of that height."""
        match self.value():
            case "likely":
                return queryset.filter(forecast__chance__gte=LIKELY)
            case "possible":
                return queryset.filter(forecast__chance__gte=POSSIBLE, forecast__chance__lt=LIKELY)
            case "unlikely":
                return queryset.filter(forecast__chance__lt=POSSIBLE)
            case "unknown":
                return queryset.filter(Q(forecast__chance=None), forecast__isnull=False)
        return queryset


@dataclass(frozen=True, slots=True)
class ForecastCard:
    """One promise of one ticket: how likely it is broken, and why that is said."""

    name: str
    badge: SafeString
    why: str


def render_forecast(row: TicketForecast | None) -> SafeString | str:
    """A list's cell: the percentage, and of how many; a dash where there is nothing to say."""
    if row is None:
        return "–"
    if row.chance is None:
        return format_html('<span class="quiet" title="{}">too few</span>', _count_cases(row))
    words = f"{row.chance * 100:.0f} %"
    return format_html('<span title="{}">{} <small>of {}</small></span>', _count_cases(row), words, f"{row.cases:,}")


def render_chance(row: TicketForecast) -> SafeString:
    """A badge with the percentage; its tone says the height once more."""
    return _render_badge(row.chance)


def describe_forecasts(ticket: Ticket) -> Iterator[ForecastCard]:
    """A card for each promise that the ticket can still keep."""
    for row, chance in forecast_ticket(ticket):
        yield ForecastCard(str(row.get_kind_display()), _render_badge(chance.probability), _explain(chance))


def _count_cases(row: TicketForecast) -> str:
    used = f"{row.step * 100 // STEPS} % of the {row.get_kind_display().lower()} target"
    return f"{row.breached:,} of {row.cases:,} breached: {row.get_likeness_display()}, still open at {used}"


def _render_badge(probability: float | None) -> SafeString:
    if probability is None:
        return render_badge("Too few like cases", "quiet")
    tone = "breach" if probability >= LIKELY else "alert" if probability >= POSSIBLE else "ok"
    return render_badge(f"{probability * 100:.0f} % breach", tone)


def _explain(chance: Chance) -> str:
    at, like = f"when {chance.step * 100 // STEPS} % of the target was used up", ForecastLikeness(chance.likeness).label
    if chance.interval is None:
        return (
            f"In the last {chance.days or LONGEST} days only {chance.cases:,} like promises were still open {at}; "
            f"with fewer than {MIN_CASES} nothing is said."
        )
    low, high = (round(bound * 100) for bound in chance.interval)
    return (
        f"Of {chance.cases:,} like promises ({like}) of the last {chance.days} days that were still open {at}, "
        f"{chance.breached:,} were breached. The true share is between {low} and {high} %, with 95 % confidence."
    )
