"""The operator's own provider: what is asked, and what counts as an answer."""

import asyncio
import json
from datetime import UTC, datetime
from ipaddress import ip_network

import pytest

from incidents.enrichment.base import LookUpFailed, NothingToLookUp, Subject
from incidents.enrichment.facts import gather_facts
from incidents.enrichment.http import ask, read_answer, url_of
from incidents.testing.lookups import RunningLookUps
from tracker.outgoing import OutgoingResponse, open_client

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SUBJECT = Subject(7, "2001:4860:4860::8888", -33.9, 151.2)


def answer_of(status, body, **headers):
    return read_answer(OutgoingResponse(status, headers, body.encode()), now=NOW)


@pytest.mark.parametrize(
    ("template", "url"),
    [
        ("https://geo.example/{ip}/json", "https://geo.example/2001%3A4860%3A4860%3A%3A8888/json"),
        ("https://geo.example/?at={latitude},{longitude}", "https://geo.example/?at=-33.900000,151.200000"),
        ("https://geo.example/{id}", "https://geo.example/7"),
    ],
)
def test_the_blanks_are_filled_percent_encoded(settings, template, url):
    settings.ENRICHMENT_URL = template
    assert url_of(SUBJECT) == url


@pytest.mark.parametrize(
    "ip", ["10.0.0.1", "", "8.8.8.8/../../latest/meta-data", "8.8.8.8?x=1", "8.8.8.8#", "8.8.8.8\r\n"]
)
def test_an_address_that_is_private_or_none_never_leaves_the_house(settings, ip):
    settings.ENRICHMENT_URL = "https://geo.example/{ip}"
    if ip.strip() == "8.8.8.8":
        assert url_of(Subject(1, ip)) == "https://geo.example/8.8.8.8"
        return
    with pytest.raises(NothingToLookUp):
        url_of(Subject(1, ip))


def test_without_coordinates_or_without_a_provider_nobody_is_asked(settings):
    settings.ENRICHMENT_URL = "https://geo.example/{latitude}"
    with pytest.raises(NothingToLookUp, match="coordinates"):
        url_of(Subject(1, "8.8.8.8"))
    settings.ENRICHMENT_URL = ""
    with pytest.raises(NothingToLookUp, match="switched off"):
        url_of(SUBJECT)


@pytest.mark.parametrize(
    ("status", "body", "reason", "is_permanent"),
    [
        (200, '{"error": true, "reason": "RateLimited"}', "reports a failure: RateLimited", False),
        (200, '{"error": {"code": 104, "info": "limit reached"}}', "limit reached", False),
        (200, '{"status": "fail", "message": "private range"}', "private range", False),
        (200, '{"success": false}', "does not say", False),
        (200, '{"errors": ["x"]}', "does not say", False),
        (200, "{}", "empty", True),
        (200, "[]", "not a JSON object", True),
        (200, "null", "not a JSON object", True),
        (200, "", "not JSON", False),
        (200, "<html>", "not JSON", False),
        (200, '{"a": NaN}', "not JSON", False),
        (200, '{"city": "Tor\\u0000onto"}', "cannot be kept", True),
        (200, '{"city": "' + "x" * 3000 + '"}', "cannot be kept", True),
        (200, '{"n": 1e999}', "not JSON", False),
        (200, '{"a": ' * 20 + "1" + "}" * 20, "too many parts", True),
        (200, '{"a": [' + "1," * 600 + "1]}", "too many parts", True),
        (200, '{"a": "' + "x" * 70_000 + '"}', "longer than 64 KiB", True),
        (301, "", "answered 301", True),
        (404, '{"city": "Toronto"}', "answered 404", True),
        (429, "", "answered 429", False),
        (500, '{"city": "Toronto"}', "answered 500", False),
    ],
)
def test_an_error_never_passes_for_an_answer(status, body, reason, is_permanent):
    with pytest.raises(LookUpFailed, match=reason) as failure:
        answer_of(status, body)
    assert failure.value.is_permanent is is_permanent


def test_an_object_is_an_answer_and_a_wait_that_is_asked_for_is_kept():
    assert answer_of(200, '{"city": "Toronto", "error": false, "ok": true}')["city"] == "Toronto"
    with pytest.raises(LookUpFailed) as failure:
        answer_of(429, "", **{"retry-after": "120"})
    assert failure.value.after_seconds == 120


def test_a_real_request_carries_the_token_and_nothing_of_the_reporter(settings):
    settings.ENRICHMENT_TOKEN = "a secret"
    with RunningLookUps() as provider:
        url = provider.url("/lookup/8.8.8.8")
        assert fetch(url, allow=("127.0.0.0/8",))["city"] == "Teststadt"
        (request,) = provider.calls
    assert (request.method, request.body) == ("GET", "")
    assert request.headers["authorization"] == "Bearer a secret"
    assert set(request.headers) == {
        "host",
        "user-agent",
        "accept-encoding",
        "content-length",
        "accept",
        "authorization",
    }


@pytest.mark.parametrize("url", ["http://127.0.0.1:8099/", "http://169.254.169.254/latest/", "http://[::1]:8099/"])
def test_a_provider_in_the_own_network_is_refused_unless_the_operator_allows_it(url):
    with pytest.raises(LookUpFailed, match="refused") as failure:
        fetch(url)
    assert failure.value.is_permanent


def test_what_the_outside_provider_says_has_the_last_word_and_nonsense_is_left_out():
    geoip = {"city": "Ottawa", "region": "Ontario", "country": "CA"}
    place = {"nearest_place": "Moss Park", "country": "CA", "timezone": "America/Toronto"}
    told = {"data": {"city": "Toronto", "region_code": "ON", "country": "Canada", "country_code": "CA", "timezone": 5}}
    assert gather_facts({"geoip": geoip, "place": place, "http": told}) == {
        "city": "Toronto", "region": "Ontario", "country": "CA", "nearest_place": "Moss Park",
        "timezone": "America/Toronto",
    }  # fmt: skip
    assert gather_facts({}) == dict.fromkeys(("city", "region", "country", "nearest_place", "timezone"), "")


@pytest.mark.parametrize("zone", ["Nowhere/Land", "CEST", "Europe", "Europe/../Europe/Berlin", "X" * 64])
def test_a_time_zone_that_there_is_not_is_left_out(zone):
    place = {"timezone": "America/Toronto"}
    assert gather_facts({"place": place, "http": {"data": {"timezone": zone}}})["timezone"] == "America/Toronto"


def test_a_city_of_another_country_than_that_of_the_coordinates_is_left_out():
    facts = gather_facts(
        {"geoip": {"city": "Ottawa", "region": "Ontario", "country": "CA"}, "place": {"country": "DE"}}
    )
    assert (facts["city"], facts["region"], facts["country"]) == ("", "", "DE")


def fetch(url, *, allow=()):
    async def run():
        async with open_client([ip_network(text) for text in allow]) as client:
            return await ask(url, client)

    return json.loads(json.dumps(asyncio.run(run())))
