"""SLA attainment: kept promises among those that ended, grouped, as judged or under today's policy."""

from datetime import timedelta

import pytest
from django.db import connection

from incidents.models import Ticket
from incidents.services import policies
from incidents.services.policy_versions import publish_version
from incidents.services.tickets import assign_ticket
from incidents.sla.documents import RuleSpec, SLADocument, default_document
from incidents.sla.policies import Step
from incidents.testing.ticket_events import START, SYSTEM, at, ingest, make_event
from reports.kinds.sla_attainment import MOST_ROWS, SLA_ATTAINMENT, present_attainment
from reports.services.digests import spell_json
from reports.testing.asking import ask_kind
from tracker.access import Actor
from tracker.choices import Role
from tracker.testing.factories import ApiClient, make_access_token, make_project, make_user, session_client

pytestmark = pytest.mark.django_db
# Built-in: gold and high is 30 minutes and 3 hours, gold and low 2 hours and 6.
DAY = START.date().isoformat()
NEXT_DAY = START + timedelta(days=1)


@pytest.fixture(autouse=True)
def _fresh_policies():
    policies._books.clear()
    yield
    policies._books.clear()


def tell(ticket, *steps, **fields):
    """Events of one ticket, each (status, minutes after START)."""
    ingest(*(make_event(ticket, status, minutes, **fields) for status, minutes in steps))


def ask(**parameters):
    return ask_kind(SLA_ATTAINMENT, as_of=parameters.pop("as_of", NEXT_DAY), **{"from": DAY, **parameters})


def figures_of(result, dimension, key, promise="resolution", policy="judged"):
    (row,) = [row for row in result["groups"][dimension] if row["key"] == key]
    return tuple(row[policy][promise][name] for name in ("met", "missed", "n", "percent"))


@pytest.fixture
def tickets(move_clock):
    """Four that ended, two of them too late, and one that is still open and late."""
    move_clock(to=at(600))
    project = make_project(key="OPS", name="Operations")
    tell("T-1", ("new", 0), ("active", 10), ("closed", 100), project="OPS")
    tell("T-2", ("new", 0), ("active", 40), ("closed", 200), project="OPS")
    tell("T-3", ("new", 0), ("closed", 300), priority="low")
    tell("T-4", ("new", 0), ("closed", 599), priority="low", customer_tier="silver")
    tell("T-5", ("new", 0))
    return project


def test_what_ended_is_counted_by_group(tickets):
    result = ask()
    total = result["total"]["judged"]
    assert total["resolution"] == {"met": 3, "missed": 1, "n": 4, "percent": 75.0}
    assert total["response"] == {"met": 1, "missed": 3, "n": 4, "percent": 25.0}
    assert figures_of(result, "priority", "high") == (1, 1, 2, 50.0)
    assert figures_of(result, "priority", "low") == (2, 0, 2, 100.0)
    assert figures_of(result, "tier", "silver", "response") == (0, 1, 1, 0.0)
    assert figures_of(result, "project", "OPS", "response") == (1, 1, 2, 50.0)
    assert figures_of(result, "project", None) == (2, 0, 2, 100.0)
    assert figures_of(result, "assignee", None) == (3, 1, 4, 75.0)
    assert figures_of(result, "month", "2026-03") == (3, 1, 4, 75.0)


def test_a_project_and_a_period_narrow_it_and_of_nothing_there_is_no_share(tickets):
    assert ask(project="ops")["total"]["judged"]["resolution"]["n"] == 2
    assert ask(as_of=at(250))["total"]["judged"]["resolution"]["n"] == 0, "nobody knew of it yet"
    nothing = ask(**{"from": "2026-02-01", "to": "2026-02-28"})
    assert nothing["total"]["judged"]["response"] == {"met": 0, "missed": 0, "n": 0, "percent": None}
    assert nothing["groups"]["priority"] == []
    empty = present_attainment(nothing, {})
    assert [figure.value for figure in empty.figures] == ["–", "–"]


def test_today_s_policy_judges_whole_lives_and_changes_no_clock(tickets, move_clock):
    strict = SLADocument(
        rules=(RuleSpec("*", "high", 5, 150), RuleSpec("*", "low", None, 250)),
        calendars=default_document().calendars,
        steps=(Step(100, "breach", 1),),
    )
    publish_version(actor=SYSTEM, document=strict, applies_to="new")
    move_clock(to=at(700))
    result = ask(policy="both", as_of=at(700))
    assert result["policy_version"] == 2
    assert figures_of(result, "priority", "high", policy="today") == (1, 1, 2, 50.0)
    assert figures_of(result, "priority", "low", policy="today") == (0, 2, 2, 0.0)
    assert figures_of(result, "priority", "low", "response", policy="today") == (0, 0, 0, None)
    assert figures_of(result, "priority", "low") == (2, 0, 2, 100.0)
    before = ask(policy="today", as_of=at(599.5))
    assert before["policy_version"] == 1, "the policy that was in force then"


def test_nothing_that_happens_later_changes_what_is_said_of_a_moment(tickets, move_clock):
    lara = make_user(full_name="Lara")
    assign_ticket(actor=SYSTEM, ticket=Ticket.objects.get(external_id="T-1"), assignee=lara)
    move_clock(to=at(700))
    kept = [spell_json(ask(as_of=at(700), policy="both", project=project)) for project in ("", "OPS")]
    move_clock(to=at(900))
    tell("T-2", ("closed", 150), project="OPS")
    tell("T-1", ("active", 800), ("closed", 850), priority="low", customer_tier="silver")
    tell("T-5", ("closed", 650))
    tell("T-6", ("new", 30), ("closed", 60))
    assign_ticket(actor=SYSTEM, ticket=Ticket.objects.get(external_id="T-1"), assignee=make_user())
    assign_ticket(actor=SYSTEM, ticket=Ticket.objects.get(external_id="T-3"), assignee=make_user())
    publish_version(actor=SYSTEM, document=default_document(), applies_to="rebase")
    assert [spell_json(ask(as_of=at(700), policy="both", project=project)) for project in ("", "OPS")] == kept
    assert spell_json(ask(as_of=at(900))) != kept[0]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM incidents_clock WHERE stopped_at <= %s", [at(700)])
        assert cursor.fetchone()[0] > 8


@pytest.mark.parametrize("number", range(2))
def test_of_two_words_at_one_moment_the_later_stage_says_which_project_it_was(tickets, move_clock, number):
    make_project(key="LAB")
    tell(f"T-1{number}", ("active", 100), project="LAB")
    tell(f"T-1{number}", ("closed", 100), project="OPS")
    move_clock(to=at(700))
    before = ask()["groups"]["project"]
    move_clock(to=at(900))
    tell(f"T-1{number}", ("closed", 800), project="LAB")
    assert ask(as_of=at(700))["groups"]["project"] == before


def test_every_figure_leads_to_its_tickets(tickets):
    maintainer = make_user()
    assign_ticket(actor=SYSTEM, ticket=Ticket.objects.get(external_id="T-3"), assignee=maintainer)
    result = ask()
    shown = present_attainment(result, {})
    page, api = session_client(maintainer), ApiClient(bearer=make_access_token(maintainer))
    led = {}
    for table in shown.tables:
        for row in table.rows:
            if row.drill:
                led[table.key, *row.cells[:2]] = (row.cells[5], row.drill)
    assert len(led) == 16, sorted(led)
    missed = [figure for figure in shown.figures if figure.label == "Resolution missed"]
    for n, drill in [*led.values(), (1, missed[0].drill)]:
        listed = page.get(drill.admin)
        assert len(listed.context["cl"].result_list) == n, drill.admin
        assert api.get(drill.api).json()["count"] == n, drill.api
    moments = "2026-03-02T00:00:00Z,2026-03-03T00:00:00Z"
    for text in (
        "missed",
        f"lunch,met,{moments}",
        f"any,late,{moments}",
        "any,met,2026,2027",
        "any,met,0001-01-01T00:00:00Z,x",
    ):
        assert api.get(f"/v1/tickets?settled={text}").status_code == 400, text
        assert len(page.get(f"/admin/incidents/ticket/?show=all&settled={text}").context["cl"].result_list) == 5


def test_only_those_who_may_list_tickets_are_told(tickets):
    reporter = Actor.of_user(make_user(Role.REPORTER))
    result = ask(actor=reporter)
    assert result["total"]["judged"]["resolution"]["n"] == 0
    assert result["groups"]["priority"] == []


def test_beyond_what_anybody_reads_the_rest_is_one_row(move_clock):
    move_clock(to=at(600))
    ingest(*(make_event(f"T-{n}", "closed", 100, customer_tier=f"tier {n:03}") for n in range(MOST_ROWS + 3)))
    rows = ask()["groups"]["tier"]
    assert len(rows) == MOST_ROWS + 1
    assert (rows[-1]["label"], rows[-1]["judged"]["resolution"]["n"]) == ("3 others", 3)
