"""What each sender's call means, read without any row: the real samples, and what may be wrong with them."""

import json
from datetime import UTC, datetime

import pytest

from incidents.intake.hooks.readers import FORM, read_call, read_document
from incidents.intake.hooks.severities import read_severity
from incidents.intake.hooks.signals import MAX_SIGNALS, Reading, Unknown, make_fingerprint
from incidents.rich_text import render_markdown
from incidents.testing.hook_samples import SAMPLES, WEBHOOKS, headers_for
from tracker.exceptions import InvalidInput
from tracker.testing.real_data import needs

real = needs(WEBHOOKS)


def read(sample):
    headers = {name.lower(): text for name, text in headers_for(sample.kind, b"", event=sample.event).items()}
    return read_call(sample.kind, read_document(sample.body, "application/json"), headers)


def read_sample(path):
    return read(next(sample for sample in SAMPLES if sample.path == path))


def read_one(kind, document, **headers):
    reading = read_call(kind, document, {name.replace("_", "-"): text for name, text in headers.items()})
    assert isinstance(reading, Reading), reading
    (signal,) = reading.signals
    return signal


def alert(**fields):
    return {"labels": {"alertname": "DiskFull", "instance": "db1"}, "status": "firing", **fields}


@real
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.path)
def test_a_sample_holds_what_its_sender_means(sample):
    reading = read(sample)
    assert isinstance(reading, Reading if sample.signals else Unknown)
    signals = reading.signals if isinstance(reading, Reading) else ()
    assert len(signals) == sample.signals
    assert len({signal.fingerprint for signal in signals}) == sample.signals
    assert all(signal.is_firing and signal.title and signal.labels for signal in signals)


@real
def test_alerts_of_alertmanager_keep_fingerprint_severity_and_their_moment():
    first, second = read_sample("alertmanager/zulip.alert_two_firing.json").signals
    assert [first.fingerprint, second.fingerprint] == ["a1bc48475b20e73d", "c2ea85182f28cbd9"]
    assert first.title == "High CPU Temperature: High CPU core temperature (andromeda)"
    assert first.occurred_at == datetime(2020, 2, 6, 0, 17, 58, 432911, tzinfo=UTC)
    assert read_severity(first.severity_hint) == "critical"
    assert first.labels["receiver"] == "ops-zulip"
    assert first.labels["annotation.topic"] == "andromeda"
    assert "CPU core temperature is 34.75C" in first.text


@real
def test_without_a_fingerprint_the_labels_make_one():
    signals = read_sample("alertmanager/prometheus_bot.production_example.json").signals
    assert all(signal.fingerprint.startswith("made-") for signal in signals)
    assert [read_severity(signal.severity_hint) for signal in signals[:2]] == ["critical", "medium"]
    assert signals[2].title == "CPU_Percentage_Worning: Heartbeat ❤️"
    assert make_fingerprint("", {"a": "1", "b": "2"}) == make_fingerprint("", {"b": "2", "a": "1"})


@real
def test_grafana_says_where_to_look_and_what_it_measured():
    unified = read_sample("grafana/unified_alert_v11.json").signals[0]
    assert unified.fingerprint == "e6349a25f5ef0e9e"
    assert unified.title == "Memory (copy): High memory usage"
    assert "2.473545728e+09" in unified.text
    assert "Dashboard" in unified.text
    legacy = read_sample("grafana/legacy_alert.json").signals[0]
    assert legacy.title == "Test rule"
    assert "Higher Value = 200" in legacy.text


def test_grafanas_legacy_rule_ends_under_the_name_it_began_with():
    began = {"ruleId": 7, "orgId": 1, "ruleName": "CPU", "state": "alerting", "tags": {"severity": "page"}}
    first, last = (read_one("grafana", {**began, "state": state}) for state in ("alerting", "ok"))
    assert first.fingerprint == last.fingerprint == "rule-1-7"
    assert (first.is_firing, last.is_firing) == (True, False)
    assert read_severity(first.severity_hint) == "critical"
    assert read_call("grafana", {**began, "state": "pending"}, {}).signals == ()


@real
def test_an_issue_of_sentry_and_its_alert_are_one():
    created = read_sample("sentry/issue_created_webhook.json").signals[0]
    alerted = read_sample("sentry/issue_alert_triggered_webhook.json").signals[0]
    assert created.fingerprint == alerted.fingerprint == "issue-1635244907"
    assert created.title == alerted.title == "Exception: Custom exception!"
    assert created.labels["project"] == alerted.labels["project"] == "zulip-integration-testing"
    assert alerted.labels["server_name"] == "hp-pavilion"
    assert alerted.labels["rule"] == "Send a webhook payload to Webhook.site"
    assert 'raise Exception("Custom exception!")' in alerted.text
    assert read_severity(created.severity_hint) == "high"


@pytest.mark.parametrize(("action", "is_firing"), [("resolved", False), ("ignored", False), ("unresolved", True)])
def test_sentry_says_how_an_issue_stands(action, is_firing):
    document = {"action": action, "data": {"issue": {"id": "5", "title": "Boom"}}}
    assert read_one("sentry", document).is_firing is is_firing


def test_a_metric_alert_of_sentry_ends_too():
    data = {"metric_alert": {"id": "9", "alert_rule": {"name": "Slow"}}, "description_title": "Critical: Slow"}
    first, last = (read_one("sentry", {"action": action, "data": data}) for action in ("critical", "resolved"))
    assert first.fingerprint == last.fingerprint == "metric-9"
    assert (first.is_firing, last.is_firing) == (True, False)
    assert read_severity(first.severity_hint) == "critical"


@real
def test_github_tells_of_an_issue_and_of_what_is_said():
    opened = read_sample("github/issues.opened.payload.json").signals[0]
    assert opened.fingerprint == "Codertocat/Hello-World#1"
    assert opened.title == "Spelling error in the README file"
    assert opened.news.source == "Codertocat/Hello-World"
    assert opened.news.tags == ("bug",)
    assert opened.labels["labels"] == "bug"
    assert opened.url == "https://github.com/Codertocat/Hello-World/issues/1"
    assert read_sample("github/issues.opened.with-empty-body.payload.json").signals[0].text == ""
    assert read_sample("github/issues.labeled.payload.json").signals[0].news.tag == "bug"
    said = read_sample("github/issue_comment.created.payload.json").signals[0].news.comment
    assert (said.id, said.author) == ("492700400", "Codertocat")
    assert said.body.startswith("You are totally right!")


@pytest.mark.parametrize("action", ["closed", "deleted", "transferred"])
def test_an_issue_that_is_gone_there_is_done_here(action):
    issue = {"number": 3, "title": "Gone", "state": "open" if action != "closed" else "closed"}
    document = {"action": action, "issue": issue, "repository": {"full_name": "a/b"}}
    assert read_one("github", document, x_github_event="issues").is_firing is False


def test_a_ping_and_a_pull_request_are_nothing_to_do_and_a_push_is_unknown():
    assert read_call("github", {"zen": "Speak", "hook_id": 1}, {}).signals == ()
    issue = {"number": 3, "title": "x", "pull_request": {}}
    document = {"action": "created", "issue": issue, "comment": {"id": 1}, "repository": {"full_name": "a/b"}}
    assert read_call("github", document, {}).signals == ()
    assert "push" in read_call("github", {"ref": "x"}, {"x-github-event": "push"}).reason


def test_the_year_1_is_not_an_end_and_an_end_that_passed_is():
    for ends_at, is_firing in (("0001-01-01T00:00:00Z", True), ("2020-02-06T00:17:58.432911368Z", False)):
        document = {"alerts": [{"labels": {"alertname": "Old"}, "endsAt": ends_at}]}
        assert read_one("alertmanager", document).is_firing is is_firing


def test_the_oldest_form_of_alertmanager_has_one_list_named_alert():
    old = {"labels": {"alertname": "Old"}, "summary": "It is worn", "payload": {"generatorURL": "http://p/graph"}}
    signal = read_one("alertmanager", {"version": "1", "status": "firing", "alert": [old]})
    assert (signal.title, signal.url) == ("Old: It is worn", "http://p/graph")


def test_what_cannot_be_read_is_told_of_and_the_rest_is_taken():
    reading = read_call("alertmanager", {"alerts": [alert(), 7, {}, None], "truncatedAlerts": 12}, {})
    assert len(reading.signals) == 1
    assert reading.note == "3 of 4 alerts could not be read. The sender left 12 alerts out."
    many = read_call("alertmanager", {"alerts": [alert()] * (MAX_SIGNALS + 5)}, {})
    assert len(many.signals) == MAX_SIGNALS
    assert "5 of 505" in many.note


HOSTILE = "<img src=x onerror=alert(1)> **bold** [x](javascript:alert(1)) ``` ~~~ \n# head\n1. one"


def test_a_senders_text_formats_nothing():
    signal = read_one("alertmanager", {"alerts": [alert(annotations={"description": HOSTILE, "b": HOSTILE})]})
    html = render_markdown(signal.text)
    assert not any(tag in html for tag in ("<img", "<strong", "<h1", "<ol", 'href="javascript'))
    assert html.count("<pre>") == 2
    assert "**bold**" in html
    assert read_one("alertmanager", {"alerts": [alert(generatorURL="javascript:alert(1)")]}).url == ""


def test_a_body_is_read_strictly_but_long_numbers_are_names():
    assert read_document(b'{"groupKey": 43434343434343434343}', "")["groupKey"] == "43434343434343434343"
    assert read_document(b"payload=%7B%22a%22%3A1%7D", FORM) == {"a": 1}
    for body in (b"", b"{", b'{"a":NaN}', b'{"a":1,"a":2}', b'{"a":"\\u0000"}', b'{"a":"\\ud800"}', b"[" * 100_000):
        with pytest.raises(InvalidInput):
            read_document(body, "application/json")
    for form in (b"a=1", b"payload=%ff", b"&" * 100, b"\xff"):
        with pytest.raises(InvalidInput):
            read_document(form, FORM)


@pytest.mark.parametrize("kind", ["alertmanager", "grafana", "sentry", "github"])
@pytest.mark.parametrize("document", [None, 1, "x", [], {}, [[]], {"alerts": {}}, {"data": []}, {"issue": "x"}])
def test_what_is_nothing_of_a_senders_is_unknown(kind, document):
    reading = read_call(kind, document, {})
    assert isinstance(reading, Unknown)
    assert reading.reason
    json.dumps(reading.reason)
