"""Calls as senders make them: by the key in the address, signed, limited, and kept."""

import io
import json
import logging
from datetime import timedelta
from urllib.parse import urlencode

import pytest

from incidents.choices import HookOutcome
from incidents.models import HookCall, Incident, Issue
from incidents.services.hook_throttling import write_throttled
from incidents.services.hooks import rotate_hook, update_hook
from incidents.testing.hook_calls import SYSTEM, Sender, alert, group, issue_news
from incidents.testing.hook_samples import SAMPLES, WEBHOOKS, headers_for
from tracker import logs
from tracker.services.retention import prune_by_policy
from tracker.testing.real_data import needs
from tracker.tests.attacks.test_secrets_at_rest import every_text_of_every_table

pytestmark = pytest.mark.django_db


@needs(WEBHOOKS)
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.path)
def test_a_sample_is_taken_as_its_sender_sends_it(sample):
    sender = Sender(sample.kind)
    answer = sender.send(sample.body, event=sample.event)
    assert answer.status_code == (200 if sample.signals else 202), answer.content
    assert [one["result"] for one in answer.json()["results"]] == ["opened"] * sample.signals
    call = HookCall.objects.get()
    assert call.body == sample.body.decode()
    assert (call.outcome, call.taken) == ("taken" if sample.signals else "noted", sample.signals)
    assert bool(call.note) is not bool(sample.signals)
    made = Incident if sample.kind in ("alertmanager", "grafana") else Issue
    assert made.objects.count() == sample.signals


@needs(WEBHOOKS)
@pytest.mark.parametrize("sample", [one for one in SAMPLES if one.kind == "github"][:2], ids=lambda one: one.path)
def test_github_may_send_a_form_and_signs_the_form(sample):
    body = urlencode({"payload": sample.body.decode()}).encode()
    sender = Sender("github")
    answer = sender.send(body, event=sample.event, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 200, answer.content
    assert Issue.objects.get().title == "Spelling error in the README file"


def test_a_wrong_key_another_kind_and_a_hook_that_is_off_are_the_same_404():
    sender = Sender()
    right = sender.path
    rotate_hook(actor=SYSTEM, hook=sender.hook)
    off = Sender()
    update_hook(actor=SYSTEM, hook=off.hook, changes={"is_enabled": False})
    paths = [
        right,
        off.path,
        right.replace("alertmanager", "grafana"),
        "/v1/hooks/alertmanager/hook_0000000000_x",
        "/v1/hooks/alertmanager/x",
        "/v1/hooks/pagerduty/x",
        "/v1/hooks/alertmanager/%00",
        "/v1/hooks/alertmanager/" + "x" * 3_000,
    ]
    answers = [sender.send(group(alert()), path=path) for path in paths]
    assert {answer.status_code for answer in answers} == {404}
    assert len({json.dumps(answer.json()["error"] | {"request_id": ""}) for answer in answers}) == 1
    assert not HookCall.objects.exists()


@pytest.mark.parametrize("kind", ["github", "sentry"])
def test_a_call_that_is_not_signed_as_agreed_is_refused_and_its_body_not_kept(kind):
    sender, body = Sender(kind), json.dumps(issue_news()).encode()
    signed = headers_for(kind, body)
    unsigned = {name: text for name, text in signed.items() if "Signature" not in name}
    for headers in (unsigned, headers_for(kind, body, secret="another"), headers_for(kind, body + b" ")):
        answer = sender.send(body, headers=headers)
        assert answer.status_code == 401
        assert answer.json()["error"]["type"] == "not_authenticated"
    update_hook(actor=SYSTEM, hook=sender.hook, changes={"secret": ""})
    assert "no secret yet" in sender.send(body, headers=signed).json()["error"]["message"]
    calls = HookCall.objects.all()
    assert [(call.outcome, call.body, bool(call.note)) for call in calls] == [("refused", "", True)] * 4
    assert not Issue.objects.exists()
    update_hook(actor=SYSTEM, hook=sender.hook, changes={"secret": "a secret that both sides know"})
    # A refused call does not use up its delivery id.
    assert sender.send(body, headers=signed).status_code in (200, 202)


def test_a_delivery_that_is_repeated_is_the_same_call():
    sender = Sender("github")
    first, second = (sender.send(issue_news(), delivery="72d3162e-cc78-11e3") for _ in range(2))
    assert second.json() == {**first.json(), "is_repeated": True, "results": []}
    assert HookCall.objects.count() == Issue.objects.count() == 1
    other = Sender("github")
    assert other.send(issue_news(number=8), delivery="72d3162e-cc78-11e3").json()["is_repeated"] is False


def test_a_ping_is_answered():
    answer = Sender("github").send({"zen": "Keep it logically awesome.", "hook_id": 1, "hook": {}}, event="ping")
    assert (answer.status_code, answer.json()["note"]) == (200, "pong: the webhook works.")


BODIES = {
    "nothing": b"",
    "no JSON": b"hello",
    "a NaN": b'{"alerts": NaN}',
    "a key twice": b'{"alerts": [], "alerts": []}',
    "a NUL": b'{"alerts": "\\u0000"}',
    "half a character": b'{"alerts": "\\ud800"}',
    "no UTF-8": b"\xff\xfe\x00",
    "a nest": b"[" * 100_000 + b"]" * 100_000,
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_what_is_no_json_is_a_400_and_is_kept(body):
    answer = Sender().send(body)
    assert answer.status_code == 400
    assert set(answer.json()["error"]) == {"type", "message", "details", "request_id"}
    call = HookCall.objects.get()
    assert (call.outcome, bool(call.note)) == (HookOutcome.REFUSED, True)
    assert len(call.body) == len(body.decode("utf-8", "replace"))


def test_what_is_too_large_or_no_json_by_its_type_is_written_down_without_its_body():
    sender = Sender()
    assert sender.send(b"x" * (1024 * 1024 + 1)).status_code == 413
    assert sender.send(b"{}", content_type="multipart/form-data; boundary=x").status_code == 415
    assert sender.send(b"{}", headers={"Content-Encoding": "gzip"}).status_code == 415
    assert [(call.outcome, call.body) for call in HookCall.objects.all()] == [("refused", "")] * 3
    for content_type in ("application/problem+json", "text/plain", "application/json; charset=utf-8"):
        assert sender.send(group(alert()), content_type=content_type).status_code == 200
    assert sender.client.get(sender.path).status_code == 405


def test_each_hook_has_a_rate_of_its_own_and_shows_when_it_was_throttled():
    slow, other = Sender(rate_per_minute=2), Sender()
    answers = [slow.send(group(alert())) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 429, 429]
    assert 0 < int(answers[-1]["Retry-After"]) <= 60
    assert other.send(group(alert())).status_code == 200
    write_throttled(slow.hook)
    slow.hook.refresh_from_db()
    assert (slow.hook.throttled_count, slow.hook.throttled_at is not None) == (2, True)
    assert slow.hook.last_used_at is not None


def test_the_key_stands_in_no_log():
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.JsonFormatter())
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        sender = Sender()
        secret = sender.key.rpartition("_")[2]
        for path in (sender.path, f"{sender.path}/", f"{sender.path}/more", sender.path.replace("alert", "other")):
            sender.send(group(alert()), path=path)
        logging.getLogger("x").error("POST %s and %s", sender.path, sender.key)
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    assert "/v1/hooks/" in stream.getvalue()
    assert secret not in stream.getvalue()
    assert secret.encode() not in bytes(sender.hook.digest)


def test_headers_are_kept_without_credentials():
    sender = Sender("sentry")
    sender.send({"action": "created", "data": {"issue": {"id": "1", "title": "x"}}})
    kept = HookCall.objects.get().headers
    assert kept["sentry-hook-resource"] == "issue"
    assert not any("signature" in name or "authorization" in name for name in kept)


def test_calls_are_kept_for_thirty_days(move_clock):
    sender = Sender()
    sender.send(group(alert()))
    assert prune_by_policy(actor=SYSTEM, max_seconds=9)["hook_calls"].rows == 0
    move_clock(by=timedelta(days=31))
    sender.send(group(alert()))
    assert prune_by_policy(actor=SYSTEM, max_seconds=9)["hook_calls"].rows == 1
    assert HookCall.objects.count() == 1


def test_no_table_holds_a_key_or_a_secret_that_was_used():
    sender = Sender("github", secret="canary-of-a-hook")
    sender.send(issue_news(), secret="canary-of-a-hook")
    rotated = rotate_hook(actor=SYSTEM, hook=sender.hook)
    stored = every_text_of_every_table()
    for secret in ("canary-of-a-hook", sender.key.split("_", 2)[2], rotated.split("_", 2)[2]):
        assert secret not in stored
        assert secret.encode().hex() not in stored
