"""The attainment of a real service desk, against what its own system said of each case.

The ServiceNow log says at the closing whether a case was in time; fixed limits from opening to closing reproduce that
for nearly all of them. Under a policy of these limits the report says the same.
"""

import csv
import io
import lzma
from collections import Counter

import pytest
from django.core.management import call_command

from incidents.choices import Category
from incidents.models import Ticket, TicketStatus
from incidents.services import policies
from incidents.services.policy_versions import publish_version, version_in_force
from incidents.services.rejudging import as_if_always, judge_under
from incidents.services.statuses import read_categories, recategorise_status
from incidents.sla.documents import RuleSpec, SLADocument, default_document
from incidents.sla.policies import Step
from reports.kinds.sla_attainment import SLA_ATTAINMENT
from reports.testing.asking import SYSTEM, ask_kind
from tracker import clock
from tracker.testing.real_data import DATA, needs

LOG = DATA / "tickets" / "servicenow_incident_events_full.csv.xz"
WORDS = {"1 - Critical": "critical", "2 - High": "high", "3 - Moderate": "medium", "4 - Low": "low"}
# Minutes from opening to closing, and the percentage of cases for which they say what the desk said. A high one was
# nearly always late.
LIMITS = {"critical": 384, "high": 1, "medium": 13_050, "low": 29_820}
AGREEMENT = {"critical": 99.3, "medium": 98.0, "low": 99.6}
# Percentage points. Of 383 cases the priority changed: what was late under the one before stays late for us, while the
# desk looked at the last one alone.
AS_TOLD = 1.5
# A few cases were closed again later; the limits were found with the last closing, the desk judged at the first.
CLOSED_TWICE = 0.2

pytestmark = [pytest.mark.django_db, pytest.mark.bulk, needs(LOG)]


@pytest.fixture(autouse=True)
def _fresh_policies():
    policies._books.clear()
    yield
    policies._books.clear()


@pytest.mark.parametrize("is_last_priority", [True, False], ids=["the last priority", "each priority as told"])
def test_attainment_under_the_desk_s_limits_is_what_the_desk_said(is_last_priority, tmp_path, capsys):
    cases = take_in(tmp_path / "log.csv", is_last_priority)
    result = ask_kind(SLA_ATTAINMENT, as_of=clock.now(), policy="today", **{"from": "2016-01-01", "to": "2017-12-31"})
    ours = {row["key"]: row["today"]["resolution"] for row in result["groups"]["priority"]}
    said = Counter((WORDS[row["priority"]], row["made_sla"] == "true") for row in cases.values())
    agreeing, told = count_agreement(cases), []
    for priority in LIMITS:
        count = said[priority, True] + said[priority, False]
        theirs, percent = 100 * said[priority, True] / count, ours[priority]["percent"]
        agreed = 100 * agreeing[priority] / count
        told.append(
            f"{priority}: {percent:.2f} % of {ours[priority]['n']:,} kept; the desk said {theirs:.2f} % of {count:,}; "
            f"{agreed:.2f} % of the cases agree"
        )
        if priority in AGREEMENT:
            assert abs(percent - theirs) <= (100 - AGREEMENT[priority] if is_last_priority else AS_TOLD), told
            assert agreed >= AGREEMENT[priority] - CLOSED_TWICE or not is_last_priority, told
    with capsys.disabled():
        print("\n" + "\n".join(told))


def take_in(file, is_last_priority):
    """Takes the log in and publishes the desk's limits; answers the last row of each case by its number."""
    with lzma.open(LOG, "rt", encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(io.StringIO(stream.read())))
    cases = {row["number"]: row for row in rows}
    with file.open("w", newline="", encoding="utf-8") as stream:
        table = csv.DictWriter(stream, rows[0].keys())
        table.writeheader()
        for row in rows:
            table.writerow(row | ({"priority": cases[row["number"]]["priority"]} if is_last_priority else {}))
    read_categories(["Resolved"])
    # The desk judges at the closing, not at the solution.
    recategorise_status(actor=SYSTEM, status=TicketStatus.objects.get(name="Resolved"), category=Category.ACTIVE)
    call_command("ingest_tickets", str(file), "--mapping", "incidents/demo/servicenow.yaml", "--atomic", "--quiet")
    rules = tuple(
        RuleSpec("*", priority, None, minutes, pauses_when_waiting=False, position=place)
        for place, (priority, minutes) in enumerate(LIMITS.items())
    )
    document = SLADocument(rules, default_document().calendars, (Step(100, "breach", 1),))
    publish_version(actor=SYSTEM, document=document, applies_to="new", note="limits of the real service desk")
    return cases


def count_agreement(cases):
    """Of how many cases of each priority the verdict of the first closing is what the desk said."""
    numbers, right = dict(Ticket.objects.values_list("pk", "external_id")), Counter()
    for batch in judge_under(as_if_always(version_in_force()), numbers, now=clock.now()):
        for case in batch:
            row = cases[numbers[case.history.ticket_id]]
            right[WORDS[row["priority"]]] += (case.clocks[0].verdict == "met") == (row["made_sla"] == "true")
    return right
