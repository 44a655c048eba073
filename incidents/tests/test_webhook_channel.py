"""What a generic webhook gets: a signed body under a stable key."""

import asyncio
import hashlib
import hmac
import json
import re
import uuid
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest

from incidents import channels
from incidents.channels.base import MAX_RETRY_AFTER_SECONDS, ChannelConfig, Digest, Sent, read_retry_after
from incidents.channels.webhook import sign
from incidents.testing.notices import BREACH, make_notice, make_service_notice
from incidents.testing.receiver import RunningReceiver
from tracker.outgoing import open_client

KEY = uuid.UUID(int=9)
SECRET = "a secret of the receiver"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def receiver():
    with RunningReceiver() as running:
        yield running


def deliver(receiver: RunningReceiver, message, *, secret: str = SECRET):
    async def run():
        async with open_client((ip_network("127.0.0.0/8"),)) as client:
            channel = ChannelConfig(1, "hook", "webhook", receiver.url("/webhook/ok"), secret)
            return await channels.send(channel, message, key=KEY, deadline_seconds=2, client=client)

    assert asyncio.run(run()) == Sent(200)
    return receiver.sent_to("/webhook/ok")[-1]


def test_the_body_holds_every_fact_under_one_key(receiver):
    request = deliver(receiver, BREACH)
    payload = json.loads(request.body)
    assert payload["delivery"] == request.idempotency_key == request.headers["x-tracker-delivery"] == str(KEY)
    (notice,) = payload["notices"]
    assert notice["timestamp"] == "2026-03-01T12:30:00+00:00"
    assert {
        name: notice[name] for name in ("ticket_id", "priority", "customer_tier", "sla_type", "state", "notice")
    } == {
        "ticket_id": "INC-1",
        "priority": "high",
        "customer_tier": "gold",
        "sla_type": "resolution",
        "state": "breach",
        "notice": "fired",
    }
    assert notice["details"] == {"elapsed_minutes": 180, "target_minutes": 180, "percent_used": 100}


def test_the_signature_is_the_documented_one(receiver):
    request = deliver(receiver, BREACH)
    moment, digest = re.fullmatch(r"t=(\d+),v1=([0-9a-f]{64})", request.headers["x-tracker-signature"]).groups()
    signed = f"{moment}.{request.body}".encode()
    assert hmac.compare_digest(hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest(), digest)
    assert abs(int(moment) - datetime.now(UTC).timestamp()) < 60


def test_the_receiver_in_the_documentation_takes_what_we_sign_and_nothing_else():
    page = (Path(__file__).parents[2] / "docs" / "channels.md").read_text(encoding="utf-8")
    example: dict = {}
    exec(re.search(r"```python\n(.*?)```", page, re.DOTALL)[1], example)  # noqa: S102
    is_genuine = example["is_genuine"]
    body = b'{"version":1}'
    header = sign(body, SECRET, at=datetime.now(UTC))
    assert is_genuine(body, header, SECRET)
    assert not is_genuine(body + b" ", header, SECRET)
    assert not is_genuine(body, header, "another secret")
    assert not is_genuine(body, sign(body, SECRET, at=datetime.now(UTC) - timedelta(minutes=6)), SECRET)
    assert not is_genuine(body, "", SECRET)


def test_without_a_secret_nothing_is_signed(receiver):
    assert "x-tracker-signature" not in deliver(receiver, BREACH, secret="").headers


def test_a_flood_is_one_body_in_which_each_notice_keeps_its_own_key(receiver):
    items = tuple(make_notice(key=uuid.UUID(int=100 + n)) for n in range(50))
    payload = json.loads(deliver(receiver, Digest(items, "https://tracker.example/")).body)
    assert [notice["delivery"] for notice in payload["notices"]] == [str(item.key) for item in items]


def test_a_test_message_says_so(receiver):
    assert json.loads(deliver(receiver, make_service_notice()).body)["notices"][0]["notice"] == "test"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("999999999999", MAX_RETRY_AFTER_SECONDS),
        ("Sun, 01 Mar 2026 12:00:30 GMT", 30.0),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("", None),
        ("-5", None),
        ("1.5", None),
        ("Sun, 99 Xyz", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(text, seconds):
    assert read_retry_after(text, now=NOW) == seconds
