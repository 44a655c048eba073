"""Calls that real senders would not make: the samples with fields gone, of other types, or too large. Never a 500."""

import copy
import json
import re
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from incidents.intake.hooks.markdown import escape
from incidents.intake.hooks.readers import read_call, read_document
from incidents.intake.hooks.signals import Reading, Unknown
from incidents.models import HookCall
from incidents.rich_text import render_markdown
from incidents.services.hook_rules import create_rule
from incidents.testing.hook_calls import SYSTEM, Sender
from incidents.testing.hook_samples import SAMPLES, WEBHOOKS
from tracker.testing.nasty import WORST, everything
from tracker.testing.real_data import needs

pytestmark = needs(WEBHOOKS)
ODD = [
    None, True, 0, -1, 2**62, 10**30, 1.5e308, -0.0, "", " ", "x" * 5_000, "\n\r\t", "\u202e\u2028\x1b[31m", "<script>",
    "0001-01-01T00:00:00Z", "9999-12-31T23:59:59+14:00", "2020-13-45", [], {}, [[]], [None], {"": ""}, [{"a": [1]}] * 3,
    "```\n" * 50, "javascript:alert(1)", "http://" + "a" * 3_000, "{title}", "%s%(x)s", "🚲" * 400,
]  # fmt: skip


def places(document, path=()):
    """The way to every value of a document."""
    yield path
    items = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    for key, value in items:
        yield from places(value, (*path, key))


@st.composite
def mutations(draw):
    """A sample with up to four of its values gone or replaced."""
    sample = draw(st.sampled_from(SAMPLES))
    document = json.loads(sample.body)
    for _ in range(draw(st.integers(1, 4))):
        path = draw(st.sampled_from(sorted(places(document), key=str)))
        odd = copy.deepcopy(draw(st.sampled_from(ODD)))
        if not path:
            document = odd
            continue
        parent = document
        for key in path[:-1]:
            parent = parent[key]
        if draw(st.booleans()):
            parent[path[-1]] = odd
        else:
            del parent[path[-1]]
    return sample, document


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(mutations())
def test_a_reader_reads_anything(mutation):
    sample, document = mutation
    body = json.dumps(document).encode()
    reading = read_call(sample.kind, read_document(body, ""), {"x-github-event": sample.event})
    assert isinstance(reading, Reading | Unknown)
    if isinstance(reading, Unknown):
        assert reading.reason != "It could not be read."
        return
    for signal in reading.signals:
        assert 1 <= len(signal.fingerprint) <= 200
        assert 1 <= len(signal.title) <= 300
        assert signal.title == " ".join(signal.title.split())
        assert len(signal.text) <= 65_536


@pytest.mark.django_db
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(mutations())
def test_a_call_is_answered_and_kept_whatever_it_holds(mutation):
    sample, document = mutation
    sender = Sender(sample.kind)
    answer = sender.send(document, event=sample.event)
    assert answer.status_code in (200, 202, 400, 413), answer.content
    assert HookCall.objects.filter(hook=sender.hook).count() == 1
    if answer.status_code == 200:
        assert "refused" not in [one["result"] for one in answer.json()["results"]], answer.content


def test_no_text_of_a_sender_becomes_more_than_text():
    for text in everything():
        labels, notes = (
            {"alertname": text or "x", "host": text},
            {"summary": text, "description": text, "runbook": text},
        )
        document = {"alerts": [{"labels": labels, "annotations": notes, "generatorURL": text}]}
        reading = read_call("alertmanager", document, {})
        assert isinstance(reading, Reading), text
        for signal in reading.signals:
            html = render_markdown(signal.text)
            assert set(re.findall(r"</?([a-z0-9]+)", html)) <= {"p", "br", "pre", "code", "a"}, text
            assert not re.search(r'<a [^>]*href="(?!https?:|mailto:|//)', html), text


@pytest.mark.django_db
def test_the_worst_texts_are_taken_as_they_are():
    sender = Sender("grafana")
    alerts = [{"labels": {"alertname": text, "number": str(place)}} for place, text in enumerate(WORST.values())]
    results = sender.tell({"alerts": alerts})
    assert [one["result"] for one in results] == ["opened"] * len(WORST)
    rule = {"name": "x", "target": "issue", "title_template": "{label.alertname}", "conditions": {"number": "n*"}}
    create_rule(actor=SYSTEM, values=rule)
    again = [{"labels": {"alertname": text, "number": f"n{place}"}} for place, text in enumerate(WORST.values())]
    assert [one["result"] for one in sender.tell({"alerts": again})] == ["opened"] * len(WORST)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("Disk full\n===", "<p>Disk full<br>\n===</p>"),
        ("a=b\n=", "<p>a=b<br>\n=</p>"),
        ("1) x\n- y", "<p>1) x<br>\n- y</p>"),
    ],
)
def test_plain_text_formats_nothing(text, html):
    assert render_markdown(escape(text)).strip() == html


@pytest.mark.parametrize(
    ("text", "href"),
    [
        ("See https://wiki.example/run_book-2?a=1&b=*#top.", "https://wiki.example/run_book-2?a=1&amp;b=*#top"),
        ("(http://wiki.example/a_b_c)", "http://wiki.example/a_b_c"),
        ("**https://wiki.example/a~b**", "https://wiki.example/a~b"),
    ],
)
def test_an_address_in_a_text_leads_where_it_says(text, href):
    html = render_markdown(escape(text)).strip()
    assert f'href="{href}"' in html
    assert "".join(re.split(r"<[^>]+>", html)) == text.replace("&", "&amp;")


def test_an_address_breaks_out_of_nothing():
    for text in (
        "http://a.example/>[x](javascript:y)",
        "http://a\\>b",
        "http://a.example/](x)<b>",
        "https://",
        "http://`x`",
    ):
        html = render_markdown(escape(text))
        assert set(re.findall(r"</?([a-z0-9]+)", html)) <= {"p", "a"}
        assert "javascript:" not in "".join(re.findall(r"<[^>]*>", html))


def test_a_long_text_is_escaped_at_once():
    for text in ("http://" * 10_000, "=" * 60_000, "http://" + "." * 60_000, "http://a" + "_" * 60_000, " =" * 30_000):
        started = time.process_time()
        escape(text)
        assert time.process_time() - started < 0.5
