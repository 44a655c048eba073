"""/v1/tickets and /v1/dashboard: what people and scripts read of tickets, and what maintainers do with them."""

from datetime import timedelta

import pytest

from incidents.intake.tickets import ingest_rows
from incidents.models import Ticket
from incidents.services.alerts import sweep_due_clocks
from tracker import clock
from tracker.access import Actor
from tracker.testing.factories import ApiClient, jwt_client, make_user, token_client

READABLE = ("/v1/tickets", "/v1/tickets/late", "/v1/tickets/late/explain", "/v1/tickets/late/comments", "/v1/dashboard")


@pytest.fixture
def _tickets() -> None:
    """Four tickets: fine, at 86 % of its response, past its response, and closed."""
    ages = {"fine": 2, "close": 26, "late": 40, "done": 10}
    rows = []
    for name, minutes in ages.items():
        moment = clock.now() - timedelta(minutes=minutes)
        status = "closed" if name == "done" else "new"
        rows.append(
            {
                "id": name, "priority": "high", "customer_tier": "gold", "status": status, "title": f"It is {name}",
                "created_at": moment, "updated_at": moment,
            }
        )  # fmt: skip
    ingest_rows(actor=Actor.system("test"), rows=rows)
    sweep_due_clocks()


@pytest.fixture
def reader() -> ApiClient:
    return token_client("read")


@pytest.fixture
def maintainer() -> ApiClient:
    return jwt_client(make_user("maintainer"))


pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_tickets")]


def ids(answer) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [ticket["id"] for ticket in answer.json()["results"]]


def test_one_ticket_tells_its_clocks_history_and_alerts(reader: ApiClient):
    ticket = reader.get("/v1/tickets/late").json()
    assert ticket["sla"]["state"] == "breach"
    assert ticket["sla"]["response"]["remaining_minutes"] < -9.9
    assert ticket["escalation_level"] == 2
    assert [event["status"] for event in ticket["history"]] == ["new"]
    assert [alert["sla_state"] for alert in ticket["alerts"]] == ["alert", "breach"]
    assert ticket["alerts"][1]["details"] == {"elapsed_minutes": 30, "target_minutes": 30, "percent_used": 100}


@pytest.mark.parametrize(
    ("state", "found"), [("ok", {"fine", "done"}), ("alert", {"close", "late"}), ("breach", {"late"}), ("", None)]
)
def test_the_dashboard_knows_each_state_and_alert_includes_breach(reader: ApiClient, state: str, found):
    answer = reader.get(f"/v1/dashboard?state={state}" if state else "/v1/dashboard?limit=1000&offset=0")
    assert set(ids(answer)) == (found or {"fine", "close", "late", "done"})
    assert answer.json()["count"] == len(found or "four")


def test_the_dashboard_begins_with_the_most_urgent(reader: ApiClient):
    assert ids(reader.get("/v1/dashboard"))[:2] == ["late", "close"]


@pytest.mark.parametrize("query", ["state=bad", "limit=0", "limit=1001", "offset=-1", "offset=10001", "colour=red"])
def test_a_question_that_means_nothing_is_refused(reader: ApiClient, query: str):
    assert reader.get(f"/v1/dashboard?{query}").status_code == 400


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("status=closed", {"done"}),
        ("is_open=true", {"fine", "close", "late"}),
        ("category=closed,resolved", {"done"}),
        ("priority=low", set()),
        ("search=clos", {"close"}),
        ("assignee=none", {"fine", "close", "late", "done"}),
        ("customer_tier=gold&state=breach", {"late"}),
    ],
)
def test_the_list_is_narrowed_by_what_is_asked(reader: ApiClient, query: str, found):
    assert set(ids(reader.get(f"/v1/tickets?{query}"))) == found


def test_the_list_brings_history_and_alerts_when_asked_in_few_queries(reader: ApiClient, django_assert_max_num_queries):
    reader.get("/v1/tickets")
    with django_assert_max_num_queries(8):
        tickets = reader.get("/v1/tickets?include=history,alerts&limit=1000").json()["results"]
    assert all(len(ticket["history"]) == 1 for ticket in tickets)
    assert reader.get("/v1/tickets?include=secrets").status_code == 400


def test_pages_follow_each_other_by_cursor_without_gaps(reader: ApiClient):
    seen, url = [], "/v1/tickets?limit=1&ordering=due_at&cursor="
    while url:
        page = reader.get(url).json()
        seen += [ticket["id"] for ticket in page["results"]]
        url = page["next"]
    assert sorted(seen) == ["close", "done", "fine", "late"]


def test_the_explanation_adds_up_to_the_deadline(reader: ApiClient):
    answer = reader.get("/v1/tickets/late/explain")
    assert answer.status_code == 200, answer.content
    response, resolution = answer.json()["clocks"]
    assert (response["kind"], resolution["kind"]) == ("response", "resolution")
    rows = response["rows"]
    due = [row["what"] for row in rows].index("due")
    assert sum(row["minutes"] for row in rows[:due] if row["what"] == "ran") == response["target_minutes"] == 30
    assert rows[due]["from"] == response["due_at"]


def test_the_explanation_names_the_event_that_stopped_a_clock_and_who_told_it(reader: ApiClient):
    rows = reader.get("/v1/tickets/done/explain").json()["clocks"][0]["rows"]
    stopped = next(row for row in rows if row["what"] == "stopped")
    assert (stopped["event"]["status"], stopped["event"]["told_by"]) == ("closed", "system:test")


def test_a_maintainer_assigns_by_address_and_takes_back_by_null(maintainer: ApiClient):
    colleague = make_user("maintainer")
    answer = maintainer.post("/v1/tickets/late/assign", {"assignee": colleague.email.upper()})
    assert (answer.status_code, answer.json()["assignee"]) == (200, colleague.email)
    assert maintainer.post("/v1/tickets/late/assign", {"assignee": None}).json()["assignee"] is None


@pytest.mark.parametrize(
    "body", [{}, {"assignee": "nobody@example.com"}, {"assignee": "x"}, {"assignee": None, "id": "z"}]
)
def test_a_bad_assignment_is_refused(maintainer: ApiClient, body):
    assert maintainer.post("/v1/tickets/late/assign", body).status_code == 400


def test_two_who_change_the_same_version_do_not_overwrite_each_other(maintainer: ApiClient):
    etag = maintainer.get("/v1/tickets/fine")["ETag"]
    headers = {"If-Match": etag}
    assert maintainer.post("/v1/tickets/fine/transition", {"status": "in progress"}, headers=headers).status_code == 200
    assert maintainer.post("/v1/tickets/fine/transition", {"status": "closed"}, headers=headers).status_code == 412
    assert Ticket.objects.get(external_id="fine").status == "in progress"


def test_comments_are_written_and_read_in_order(maintainer: ApiClient):
    for body in ("First", "Second"):
        assert maintainer.post("/v1/tickets/late/comments", {"body": body}).status_code == 201
    comments = maintainer.get("/v1/tickets/late/comments").json()
    assert ([comment["body"] for comment in comments["results"]], comments["count"]) == (["First", "Second"], 2)


@pytest.mark.parametrize("path", READABLE)
def test_a_reporter_and_a_stranger_read_nothing(path: str):
    assert jwt_client(make_user("reporter")).get(path).status_code == 403
    assert ApiClient().get(path).status_code == 401
    assert token_client("ingest").get(path).status_code == 403


@pytest.mark.parametrize(
    ("path", "body"),
    [("assign", {"assignee": None}), ("transition", {"status": "closed"}), ("comments", {"body": "Hello"})],
)
def test_nobody_but_maintainers_and_admins_works_on_a_ticket(path: str, body):
    for client in (jwt_client(make_user("reporter")), token_client("read", "ingest")):
        assert client.post(f"/v1/tickets/late/{path}", body).status_code == 403
    assert Ticket.objects.get(external_id="late").status == "new"


def test_a_ticket_that_is_not_there_is_not_found(reader: ApiClient):
    assert reader.get("/v1/tickets/unknown").status_code == 404
    assert reader.get("/v1/tickets/a%00b").status_code == 404
