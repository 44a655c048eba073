"""Every address that takes a body, given what no client should send: it answers by the contract, at once."""

import gzip
import json
import time

import pytest

from tracker.testing.nasty import HUGE, UNSTORABLE, WORST
from tracker.tests.attacks.asking import WRITING, Asker, check_refusal, is_named, name_of

pytestmark = pytest.mark.django_db
WRITTEN = [probe for probe in WRITING if probe.body]
TEXTS = [*list(WORST.values())[1::2], *UNSTORABLE.values(), HUGE]
# A DELETE has no body, and whatever comes as one is not read.
READ = [probe for probe in WRITING if probe.method != "DELETE"]
# What these show is not what was sent: the ticket after all that was told of it, and nothing of a password.
WITHOUT_ECHO = {"POST v1/tickets", "POST v1/auth/password"}
MIB = 1024 * 1024
BOMB = gzip.compress(b" " * (10 * MIB))
WRONG_KINDS = [None, True, -1, 2**63 - 1, 1e308, " ", [], {"": {}}, [None], ["x"] * 300]
HARMFUL = {
    "depth 100,000": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "lists 100,000 deep": b"[" * 100_000,
    "a million keys": b"{" + b",".join(b'"%d":1' % number for number in range(80_000)) + b"}",
    "a huge integer": b'{"a":1' + b"0" * 5000 + b"}",
    "NaN": b'{"a":NaN}',
    "Infinity": b"[-Infinity]",
    "duplicate keys": b'{"a":1,"a":2}',
    "half a surrogate": b'{"a":"\\ud800"}',
    "NUL": b'{"a":"\\u0000"}',
    "not UTF-8": b'{"a":"\xff"}',
    "UTF-16": '{"a":1}'.encode("utf-16"),
    "cut off": b'{"a":',
    "a number": b"1",
    "null": b"null",
    "a list": b"[]",
    "too large": b'{"a":"' + b"x" * (33 * MIB) + b'"}',
}
# What decides about rights and identity is nobody's to write, at whatever address.
RAISING = {
    "is_superuser": True,
    "is_staff": True,
    "groups": [1],
    "user_permissions": [1],
    "email_confirmed_at": "2026-01-01T00:00:00Z",
    "is_unconfirmed": False,
    "digest": "x",
    "storage_key": "../../etc/passwd",
    "description_html": "<script>",
    "body_html": "<script>",
    "search": "x",
    "last_issue_number": 0,
    "uploaded_by": 1,
    "author": 1,
    "__class__": "x",
    "$where": "1",
}


@pytest.mark.parametrize("probe", WRITTEN, ids=name_of)
def test_the_worst_texts_and_values_are_kept_or_refused_by_name(probe):
    asker = Asker(probe)
    for text in TEXTS:
        for field, body in asker.with_each_text(text):
            answer = asker.ask(body)
            if answer.status_code >= 300:
                error = check_refusal(answer)
                is_by_name = is_named(error, field) or probe.name == "POST v1/auth/password"
                assert answer.status_code != 400 or is_by_name or not_storable(text), (field, error)
            elif probe.name not in WITHOUT_ECHO:
                check_echo(answer, field, text)
    for field in asker.body:
        for value in WRONG_KINDS:
            answer = asker.ask({**asker.body, field: value})
            if answer.status_code >= 300:
                error = check_refusal(answer)
                assert answer.status_code != 400 or error["details"], (field, value, error)


def not_storable(text):
    """Whether the parser refuses it before any field is known."""
    return text in UNSTORABLE.values() or text is HUGE


def check_echo(answer, field, text):
    """What is shown is what was sent, but for outer blanks and, in words, capitals."""
    shown = answer.json().get(field, text) if answer.content else text
    shown = shown[0] if isinstance(shown, list) and len(shown) == 1 else shown
    if isinstance(shown, str):
        assert " ".join(shown.split()).lower() == " ".join(text.split()).lower()


@pytest.mark.parametrize("probe", READ, ids=name_of)
def test_bodies_made_to_harm_or_to_raise_rights_are_refused_within_a_second(probe):
    asker = Asker(probe)
    for name, body in HARMFUL.items():
        started = time.process_time()
        answer = asker.ask(body)
        assert time.process_time() - started <= 1, name
        # Events come one by one or in lists, and an empty one is none.
        if (name, probe.name) != ("a list", "POST v1/tickets"):
            assert answer.status_code in (400, 413), (name, answer.content[:300])
            check_refusal(answer)
    # What is compressed, or no JSON, is not read at all.
    for encoding in ("gzip", "br", "x"):
        assert asker.ask(BOMB, headers={"Content-Encoding": encoding}).status_code == 415
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16", "x"):
        answer = asker.ask(json.dumps(dict(asker.body)).encode(), content_type=kind)
        assert answer.status_code in (400, 415), (kind, answer.content[:300])
        check_refusal(answer)
    # Keys that would raise rights are refused by name.
    answer = asker.ask({**RAISING, **asker.body})
    error = check_refusal(answer)
    assert answer.status_code == 400
    assert [key for key in RAISING if is_named(error, key)]
