"""The stub receiver that stands in for the outside world."""

import json
import urllib.error
import urllib.request

import pytest

from incidents.testing.receiver import REMEMBERED, RunningReceiver
from incidents.testing.receiver_page import show_mrkdwn


@pytest.fixture
def receiver():
    with RunningReceiver() as running:
        yield running


def fetch(url: str, body: bytes | None = None) -> tuple[int, str]:
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


@pytest.mark.parametrize(
    ("path", "body", "answer"),
    [
        ("/slack/ok", b'{"text": "hi"}', (200, "ok")),
        ("/slack/ok", b"{", (400, "invalid_payload")),
        ("/slack/ok", b"[]", (400, "invalid_payload")),
        ("/slack/ok", b"{}", (400, "no_text")),
        ("/slack/404", b'{"text": "hi"}', (404, "no_service")),
        ("/webhook/ok", b"anything", (200, "ok")),
    ],
)
def test_it_answers_as_slack_does(receiver, path, body, answer):
    assert fetch(receiver.url(path), body) == answer


def test_a_text_longer_than_slack_takes_is_refused(receiver):
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}]
    body = json.dumps({"text": "hi", "attachments": [{"blocks": blocks}]}).encode()
    assert fetch(receiver.url("/slack/ok"), body) == (400, "invalid_blocks")


def test_a_flaky_receiver_recovers_after_the_given_number_of_failures(receiver):
    url = receiver.url("/webhook/flaky?until=2")
    assert [fetch(url, b"{}")[0] for _ in range(3)] == [500, 500, 200]


def test_its_behaviour_changes_while_it_runs(receiver):
    receiver.override["/webhook/ok"] = "503"
    assert fetch(receiver.url("/webhook/ok"), b"{}")[0] == 503


def test_the_page_shows_what_came_and_runs_none_of_it(receiver):
    fetch(receiver.url("/slack/ok"), b'{"text": "<script>alert(1)</script>"}')
    status, page = fetch(receiver.url("/"))
    assert status == 200
    assert "&lt;script&gt;alert(1)" in page
    assert "<script" not in page
    (request,) = json.loads(fetch(receiver.url("/requests.json"))[1])["requests"]
    assert (request["path"], request["answered"]) == ("/slack/ok", 200)


def test_the_page_shows_markup_as_slack_would():
    text = "*<https://tracker.example/a?b=1&c=2|INC-1>* &lt;b&gt; <javascript:alert(1)|x>"
    assert show_mrkdwn(text) == (
        '<b><a href="https://tracker.example/a?b=1&amp;c=2" rel="noreferrer">INC-1</a></b> &lt;b&gt; '
        "&lt;javascript:alert(1)|x&gt;"
    )


def test_its_memory_is_bounded(receiver):
    for _ in range(3):
        fetch(receiver.url("/webhook/ok"), b"{}")
    assert receiver.requests.maxlen == REMEMBERED
