"""Forecasts on the log of a real service desk: each week by what was known at its beginning, beside the outcome."""

from datetime import UTC, datetime

import pytest
from django.core.management import call_command

from incidents.choices import AppliesTo, Category, PolicySource, SLAState
from incidents.models import EscalationStep, PolicyRule, PolicyVersion
from incidents.services import policies
from incidents.services.forecast_curves import back_test
from incidents.testing.factories import make_calendar, make_status
from tracker.testing.real_data import DATA, needs

LOG = DATA / "tickets" / "servicenow_incident_events_full.csv.xz"
# Minutes from opening to closing that reproduce what the desk itself called late; see the data's own description.
LIMITS = {"critical": 384, "high": 60, "medium": 13_050, "low": 29_820}
# In March 61 % of the medium cases were late, in April and May 21 %: forecasts follow with the weeks they learn from.
PERIODS = {
    "April": (datetime(2016, 4, 1, tzinfo=UTC), datetime(2016, 5, 1, tzinfo=UTC)),
    "May": (datetime(2016, 5, 1, tzinfo=UTC), datetime(2016, 6, 1, tzinfo=UTC)),
}

pytestmark = [pytest.mark.django_db, pytest.mark.bulk, needs(LOG)]


@pytest.fixture
def _desk() -> None:
    """The desk's limits from the first day on, from opening to closing, and its log."""
    policies._books.clear()
    began_at = datetime(2016, 1, 1, tzinfo=UTC)
    version = PolicyVersion.objects.create(
        number=1, effective_at=began_at, applies_to=AppliesTo.NEW, source=PolicySource.ADMIN
    )
    calendar = make_calendar()
    for position, (priority, minutes) in enumerate(LIMITS.items(), start=1):
        PolicyRule.objects.create(
            version=version, position=position, priority=priority, resolution_minutes=minutes, calendar=calendar,
            pauses_when_waiting=False,
        )  # fmt: skip
    EscalationStep.objects.create(version=version, percent=100, state=SLAState.BREACH, level=1)
    make_status("Resolved", Category.ACTIVE)
    call_command("ingest_tickets", str(LOG), "--mapping", "incidents/demo/servicenow.yaml", "--atomic", "--quiet")


@pytest.mark.usefixtures("_desk")
def test_forecasts_of_a_real_desk_are_about_as_often_right_as_they_say(capsys):
    with capsys.disabled():
        for name, (first, last) in PERIODS.items():
            result = back_test(first=first, last=last)
            print(f"\n{name}: score {result.score:.4f}, by the overall share {result.plain_score:.4f}")
            for row in result.trials:
                print(f"{row.low:4.0%} to {row.high:4.0%} | {row.forecast:.1%} | {row.observed:.1%} | {row.asked:,}")
            assert sum(row.asked for row in result.trials) > 20_000
        # Of the two the month after a settled one; right after a change nobody could have known.
        assert result.score < result.plain_score
