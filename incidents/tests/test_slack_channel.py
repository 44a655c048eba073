"""What Slack gets, and what is made of its answers."""

import asyncio
import json
import uuid
from ipaddress import ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incidents import channels
from incidents.channels.base import ChannelConfig, Dead, Digest, Retry, Sent
from incidents.channels.slack import GREEN, GREY, ORANGE, RED, escape_text, render
from incidents.choices import Notice
from incidents.testing.notices import BREACH, make_notice, make_service_notice
from incidents.testing.receiver import RunningReceiver
from tracker.outgoing import open_client

KEY = uuid.UUID(int=7)
LOOPBACK = (ip_network("127.0.0.0/8"),)
HOSTILE = [
    "<!channel> <!here> <!everyone> <@U123> <#C1> <https://evil.example|click>",
    "@channel @here @everyone",
    "&lt;!channel&gt; &<>",
    "line\nbreak\r\n> quote\u2028\u202e\x00\x1b[31m",
    "<" * 5000,
    "*bold* `code` ~x~ _y_ | https://evil.example",
]


@pytest.fixture(scope="module")
def receiver():
    with RunningReceiver() as running:
        yield running


def deliver(url: str, message=BREACH, deadline_seconds: float = 2.0):
    async def run():
        async with open_client(LOOPBACK) as client:
            channel = ChannelConfig(1, "ops", "slack", url)
            return await channels.send(channel, message, key=KEY, deadline_seconds=deadline_seconds, client=client)

    return asyncio.run(run())


def test_the_message_holds_every_fact_and_slack_takes_it(receiver):
    assert deliver(receiver.url("/slack/ok")) == Sent(200)
    request = receiver.sent_to("/slack/ok")[-1]
    assert request.idempotency_key == str(KEY)
    for fact in (
        "INC-1",
        "Mail is down",
        "high",
        "gold",
        "resolution",
        "breach",
        "180 min",
        "2026-03-01 12:30:00",
        "OPS",
    ):
        assert fact in request.body
    assert "*Escalation level*\\n2" in request.body
    assert "percent used 100" in request.body
    assert "<https://tracker.example/tickets/INC-1|INC-1>" in request.body


@pytest.mark.parametrize(
    ("changes", "colour"),
    [
        ({}, RED),
        ({"state": "alert"}, ORANGE),
        ({"notice": Notice.RESOLVED}, GREEN),
        ({"notice": Notice.WITHDRAWN}, GREY),
    ],
)
def test_the_colour_tells_the_state(changes, colour):
    assert render(make_notice(**changes))["attachments"][0]["color"] == colour


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("name", ["title", "ticket_id", "project", "priority", "customer_tier"])
def test_nothing_typed_by_a_stranger_becomes_a_mention_or_a_link(receiver, text, name):
    message = make_notice(**{name: text})
    payload = json.dumps(render(message), ensure_ascii=False)
    for forbidden in (
        "<!",
        "<@",
        "<#",
        "<https://evil",
        "@channel",
        "@here",
        "@everyone",
        "\u202e",
        "\u2028",
        "\\u0000",
    ):
        assert forbidden not in payload
    assert deliver(receiver.url("/slack/ok"), message) == Sent(200)


def test_text_is_cut_after_escaping_and_never_within_an_entity():
    for limit in range(1, 30):
        cut = escape_text("a&<>@" * 20, limit)
        assert len(cut) <= limit
        assert cut.rstrip("…").count("&") == cut.count(";")


def test_a_digest_names_every_ticket_within_the_limits_of_slack(receiver):
    items = tuple(make_notice(ticket_id=f"INC-{n}-{'<&>' * 30}", state="alert") for n in range(100))
    message = Digest(items, "https://tracker.example/alerts")
    assert deliver(receiver.url("/slack/ok"), message) == Sent(200)
    body = receiver.sent_to("/slack/ok")[-1].body
    assert all(f"INC-{n}-" in body for n in range(100))
    assert "100 notices: 100 alert" in body
    assert len(json.loads(body)["attachments"][0]["blocks"]) <= 50


@given(st.lists(st.builds(make_notice, ticket_id=st.text(min_size=1, max_size=128)), min_size=2, max_size=100))
@settings(max_examples=50, deadline=None)
def test_no_block_of_a_digest_is_longer_than_slack_takes(items):
    blocks = render(Digest(tuple(items), "https://tracker.example/alerts"))["attachments"][0]["blocks"]
    assert len(blocks) <= 50
    assert max(len(block["text"]["text"]) for block in blocks) <= 3000
    assert sum(block["text"]["text"].count("SLA") for block in blocks) >= len(items)


@pytest.mark.parametrize(
    ("states", "colour"),
    [({"alert", "breach"}, RED), ({"alert"}, ORANGE), ({"resolved"}, GREEN), ({"withdrawn"}, GREY)],
)
def test_a_digest_wears_the_colour_of_the_worst_in_it(states, colour):
    notices = {"resolved": Notice.RESOLVED, "withdrawn": Notice.WITHDRAWN}
    items = tuple(make_notice(state=state, notice=notices.get(state, Notice.FIRED)) for state in states)
    assert render(Digest(items, "https://tracker.example/"))["attachments"][0]["color"] == colour


def test_a_test_message_arrives(receiver):
    assert deliver(receiver.url("/slack/ok"), make_service_notice()) == Sent(200)


@pytest.mark.parametrize(
    ("path", "outcome"),
    [
        ("/slack/429?after=7", Retry("the receiver answered 429", 7.0, 429)),
        ("/slack/500", Retry("the receiver answered 500", None, 500)),
        ("/slack/408", Retry("the receiver answered 408", None, 408)),
        ("/slack/400", Dead("the receiver answered 400", breaks_channel=False, status=400)),
        ("/slack/403", Dead("the receiver answered 403", breaks_channel=True, status=403)),
        ("/slack/404", Dead("the receiver answered 404", breaks_channel=True, status=404)),
        ("/slack/410", Dead("the receiver answered 410", breaks_channel=True, status=410)),
        ("/slack/reset", Retry("connection reset")),
        ("/elsewhere/204", Retry("the receiver answered 204")),
    ],
)
def test_each_answer_is_judged(receiver, path, outcome):
    if path.endswith("204"):
        outcome = Retry('the answer is not Slack\'s "ok"', status=204)
    assert deliver(receiver.url(path)) == outcome


@pytest.mark.parametrize("path", ["/slack/hang", "/slack/drip"])
def test_a_receiver_that_stalls_is_tried_again_later(receiver, path):
    assert deliver(receiver.url(path), deadline_seconds=0.3) == Retry("no answer within 0.3 seconds")


def test_a_redirect_is_not_followed(receiver):
    before = len(receiver.sent_to("/slack/elsewhere"))
    outcome = deliver(receiver.url(f"/slack/redirect?to={receiver.url('/slack/elsewhere')}"))
    assert isinstance(outcome, Retry)
    assert outcome.status == 302
    assert len(receiver.sent_to("/slack/elsewhere")) == before


def test_an_address_in_the_house_kills_the_delivery_without_a_connection():
    outcome = deliver("http://10.0.0.1/services/secret")
    assert isinstance(outcome, Dead)
    assert outcome.breaks_channel
    assert "secret" not in outcome.reason
