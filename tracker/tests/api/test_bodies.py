"""Bodies that are too large, too deep, ambiguous or not JSON are refused within a second and in little memory."""

import gzip
import json
import resource
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.exceptions import InvalidInput
from tracker.strict_json import MAX_DEPTH, parse_json
from tracker.testing.factories import jwt_client, make_user

MIB = 1024 * 1024
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)
ATTACKS = {
    "depth 100,000 of lists": b"[" * 100_000 + b"]" * 100_000,
    "depth 100,000 of objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "depth 21": b"[" * 21 + b"]" * 21,
    "only openers": b"[" * (MIB - 10),
    "openers inside strings do not count, but lone quotes do": b'"' + b"[" * 1000,
    "many keys": b"{" + b",".join(b'"%d":1' % number for number in range(90_000)) + b"}",
    "many lists": b"[" + b",".join([b"[]"] * 300_000) + b"]",
    "fewer lists": b"[" + b",".join([b"[]"] * 49_000) + b"]",
    "a huge integer": b'{"a":1' + b"0" * 5000 + b"}",
    "a megabyte of digits": b"1" * (MIB - 10),
    "an integer beyond 64 bits": b'{"a":9223372036854775808}',
    "a float beyond all": b'{"a":1e999}',
    "NaN": b'{"a":NaN}',
    "Infinity": b'{"a":-Infinity}',
    "duplicate keys": b'{"a":1,"b":2,"a":3}',
    "duplicate keys inside": b'{"a":[{"b":1,"b":1}]}',
    "duplicate keys by escape": b'{"a":1,"\\u0061":3}',
    "half a surrogate": b'{"a":"\\ud800"}',
    "half a surrogate as a key": b'{"\\udfff":1}',
    "NUL": b'{"a":"x\\u0000y"}',
    "raw NUL": b'{"a":"x\0y"}',
    "not UTF-8": b'{"a":"\xff"}',
    "UTF-16": '{"a":1}'.encode("utf-16"),
    "BOM": b'\xef\xbb\xbf{"a":1}',
    "cut": b'{"a":',
    "a comma too many": b'{"a":1,}',
    "a comment": b'{"a":1} // yes',
    "single quotes": b"{'a':1}",
    "backslashes": b'"' + b"\\" * (MIB - 11),
    "quotes": b'"' * (MIB - 11),
    "two documents": b"{}{}",
}
ACCEPTED = {"many keys", "fewer lists"}


@pytest.mark.django_db
@pytest.mark.parametrize("name", ATTACKS)
def test_each_attack_ends_in_a_400_within_a_second(name):
    client = jwt_client(make_user())
    client.get("/v1/tokens")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.monotonic()
    answer = client.post("/v1/tokens", ATTACKS[name], content_type="application/json")
    assert time.monotonic() - started <= 1
    assert answer.status_code == 400, answer.content
    assert answer.json()["error"]["message"]
    assert len(answer.content) < 20_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before <= 128 * 1024


@pytest.mark.parametrize("name", sorted(ATTACKS.keys() - ACCEPTED))
def test_the_parser_itself_refuses_it(name):
    with pytest.raises(InvalidInput):
        parse_json(ATTACKS[name])


@given(JSON_VALUES)
def test_what_is_fine_is_read_as_the_standard_says(value):
    text = json.dumps(value)
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        assert parse_json(text.encode()) == value


def test_twenty_levels_and_brackets_in_strings_are_fine():
    assert parse_json(b"[" * 20 + b"]" * 20)
    assert parse_json(json.dumps({"a": '[{"\\' * 500}).encode())


@pytest.mark.django_db
@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "identity, gzip", "x"])
def test_a_compressed_body_is_never_unfolded(encoding):
    bomb = gzip.compress(b" " * (10 * MIB))
    answer = jwt_client(make_user()).post("/v1/tokens", bomb, headers={"Content-Encoding": encoding})
    assert answer.status_code == 415


@pytest.mark.django_db
def test_fifty_megabytes_are_refused_unread():
    started = time.monotonic()
    body = b'{"a":"' + b"x" * (50 * MIB) + b'"}'
    assert jwt_client(make_user()).post("/v1/tokens", body).status_code == 413
    assert time.monotonic() - started <= 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    "content_type", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=a", "text/json"]
)
def test_only_json_is_spoken(content_type):
    assert jwt_client(make_user()).post("/v1/tokens", b"name=x", content_type=content_type).status_code == 415


@pytest.mark.django_db
@pytest.mark.parametrize("charset", ["utf-16", "bz2_codec", "latin-1", "nonsense"])
def test_only_utf8_is_spoken(charset):
    client = jwt_client(make_user())
    answer = client.generic("POST", "/v1/tokens", b"{}", content_type=f"application/json; charset={charset}")
    assert answer.status_code in (400, 415)


@pytest.mark.django_db
@pytest.mark.parametrize("body", [b"[]", b"1", b'"x"', b"null", b"[{}]"])
def test_json_of_the_wrong_kind_is_a_400(body):
    assert jwt_client(make_user()).post("/v1/tokens", body).status_code == 400
