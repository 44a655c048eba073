"""Every address that is read, asked with what no client should ask: refused by name, or the same rows."""

import time
from urllib.parse import quote, urlencode

import pytest
from django.test import Client

from tracker.testing.nasty import WORST
from tracker.tests.attacks.asking import PROBES, READING, Asker, check_refusal, is_named, name_of

pytestmark = pytest.mark.django_db
BOOMS = ["1" * 5000, "-1", "1e3", "0x10", "٣", "9223372036854775808", "1000001", "", " ", "NaN", "1;2", "[]", "null"]
# Each of them asks for something that no list may tell: other columns, other tables, other people's secrets.
PROBING = [
    "owner__password__startswith=p",
    "password__startswith=p",
    "reporter__password__regex=^p",
    "ordering=owner__password",
    "ordering=password",
    "ordering=-reporter__password,id",
    "ordering=?",
    "ordering=" + ",".join(["id"] * 50),
    "id__in=" + ",".join(map(str, range(2000))),
    "format=api",
    "page_size=1000000",
    "expand=owner.password",
    "fields=password",
    "_method=DELETE",
    "&".join(f"x{number}=1" for number in range(50)),
    "search=a&search=b",
    "limit=1&limit=2",
]
TEXTS = [
    *(WORST[name] for name in ("patterns", "line separators", "beyond the plane", "longer in lower case")),
    *("a\0b", "(a+)+$", "\\", "'", ":*", "!", "&|", "-", "%", "x" * 10_000, "1" * 5000, "9223372036854775808", "٣", ""),
]
IDS = [
    WORST["script"],
    WORST["line separators"],
    "a\0b",
    "9" * 40,
    "-1",
    "0",
    "٣",
    "1_0",
    "+1",
    "..",
    "1'--",
    "x" * 4000,
]
CURSORS = ["x", "eyJpZCI6MX0=", "AAAA", "%00", "../..", "a" * 10_000, "eyJ" + "A" * 400]


def is_list(probe):
    return probe.action == "list" and "{" not in probe.route


LISTS = [probe for probe in READING if is_list(probe)]
NAMING = [probe for probe in PROBES if "{" in probe.route]


@pytest.mark.parametrize("probe", READING, ids=name_of)
def test_what_asks_beyond_the_filters_or_for_another_host_is_refused(probe):
    asker = Asker(probe)
    for query in PROBING:
        answer = asker.ask(path=f"{asker.path}?{query}")
        assert answer.status_code == 400, (query, answer.content[:300])
        assert check_refusal(answer)["details"], query
    # A foreign host is refused, and a forwarded one is not believed.
    assert asker.ask(headers={"Host": "evil.example"}).status_code == 400
    answer = asker.ask(headers={"X-Forwarded-Host": "evil.example"})
    assert b"evil.example" not in answer.getvalue()
    assert "evil.example" not in str(dict(answer.items()))


@pytest.mark.parametrize("probe", LISTS, ids=name_of)
def test_paging_keeps_its_limits_and_every_parameter_takes_any_text(probe):
    asker = Asker(probe)
    for name in ("limit", "offset"):
        for value in BOOMS:
            answer = asker.ask(path=f"{asker.path}?{urlencode({name: value})}")
            assert answer.status_code == 400, (name, value)
            assert is_named(check_refusal(answer), name)
    for cursor in CURSORS:
        answer = asker.ask(path=f"{asker.path}?cursor={cursor}")
        assert answer.status_code == 400, (cursor, answer.content[:200])
        check_refusal(answer)
    names = known_parameters(asker)
    # Each parameter gets a third, the next one the next: what breaks one kind of filter breaks it in many lists.
    for index, name in enumerate(names):
        for text in TEXTS[index % 3 :: 3]:
            started = time.monotonic()
            answer = asker.ask(path=f"{asker.path}?{name}={quote(text)}")
            assert time.monotonic() - started < 3
            if answer.status_code != 200:
                assert answer.status_code == 400, (name, text, answer.status_code)
                assert is_named(check_refusal(answer), name), (name, text)


def known_parameters(asker):
    """As the refusal of an unknown one tells."""
    message = check_refusal(asker.ask(path=f"{asker.path}?no-such-parameter=1"))["details"][0]["message"]
    names = message.partition("allowed here: ")[2].rstrip(".").split(", ")
    return [name for name in names if name.isidentifier() and name not in ("limit", "offset", "cursor", "none")]


@pytest.mark.parametrize("probe", NAMING, ids=name_of)
def test_any_text_in_place_of_an_id_is_a_404(probe):
    asker = Asker(probe)
    for text in IDS:
        for name in (name for name in asker.values if f"{{{name}}}" in probe.route):
            path = probe.path({**asker.values, name: quote(text, safe="")})
            answer = asker.ask(dict(asker.body) or None, path=path)
            assert answer.status_code in (404, 405), (text, answer.status_code, answer.content[:200])
            check_refusal(answer)


@pytest.mark.parametrize("probe", PROBES, ids=name_of)
def test_an_unknown_method_is_refused_and_no_answer_may_be_kept_by_a_cache(probe):
    asker = Asker(probe)
    for method in ("TRACE", "PROPFIND", "CONNECT", "QQ"):
        answer = asker.ask(method=method)
        assert answer.status_code in (403, 405), (method, answer.status_code)
        check_refusal(answer)
    for answer in (asker.ask(dict(asker.body) or None), Client().generic(probe.method, asker.path)):
        assert "no-store" in answer["Cache-Control"]
        assert "private" in answer["Cache-Control"]
        assert {"authorization", "cookie"} <= {part.strip().lower() for part in answer["Vary"].split(",")}
        assert answer["X-Content-Type-Options"] == "nosniff"
