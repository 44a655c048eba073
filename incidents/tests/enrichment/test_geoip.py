"""From an address to a place on the map: what is told, how old it is, and which addresses are never looked up."""

import shutil
from ipaddress import ip_network

import pytest

from incidents.enrichment import geoip
from incidents.enrichment.base import LookUpFailed, NothingToLookUp, Subject


def look_up(ip: str):
    return geoip.look_up(Subject(1, ip))


@pytest.mark.parametrize(
    ("ip", "city", "region", "country"),
    [
        ("81.2.69.142", "Willesden", "England", "GB"),
        ("24.114.0.1", "Ottawa", "Ontario", "CA"),
        ("2001:4860:4860::8888", "Mountain View", "California", "US"),
        ("::ffff:81.2.69.142", "Willesden", "England", "GB"),
        ("8.8.8.8", "", "", "US"),
    ],
)
def test_a_public_address_tells_city_region_and_country(ip, city, region, country):
    answer = look_up(ip)
    assert (answer["city"], answer["region"], answer["country"]) == (city, region, country)


def test_every_answer_says_where_it_comes_from_and_how_old_that_is():
    sources = look_up("81.2.69.142")["sources"]
    assert sources[0] == {"name": "GeoLite2-City", "as_of": "2018-07-03"}
    assert sources[1]["as_of"].startswith("iptocc 3.")


def test_the_newer_country_wins_and_takes_the_old_city_along():
    # 1.1.1.0/24 stood in a suburb of Melbourne in 2018 by GeoLite2; the registry's word is what counts.
    old = {"city": "Research", "region": "Victoria", "country": "AU", "accuracy_km": 1000, "sources": []}
    answer = geoip._prefer_registries(old, "NZ")
    assert (answer["city"], answer["region"], answer["country"]) == ("", "", "NZ")
    assert geoip._prefer_registries(old, "EU") == old
    assert answer["former"] == {"city": "Research", "region": "Victoria", "country": "AU"}


@pytest.mark.parametrize(
    "ip",
    [
        "", "not an address", "10.0.0.1", "192.168.1.20", "127.0.0.1", "169.254.169.254", "100.64.3.1", "0.0.0.1",
        "224.0.0.1", "255.255.255.255", "198.51.100.7", "::1", "fe80::1", "fc00::1", "2001:db8::1", "::ffff:10.0.0.1",
        "64:ff9b::a00:1", "8.8.8.8/../../admin", "8.8.8.8%0d%0aX", "fe80::1%eth0",
    ],
)  # fmt: skip
def test_an_address_that_is_nobodys_in_particular_is_never_looked_up(ip, monkeypatch):
    monkeypatch.setattr(geoip, "_ask_city_db", lambda *_: pytest.fail("it was looked up"))
    with pytest.raises(NothingToLookUp):
        look_up(ip)


def test_the_operators_own_addresses_are_never_looked_up(settings):
    settings.TRUSTED_PROXIES = [ip_network("81.2.69.0/24")]
    with pytest.raises(NothingToLookUp, match="network of the operator"):
        look_up("81.2.69.142")


def test_the_operators_own_database_is_asked_alone(settings, tmp_path, monkeypatch):
    own = tmp_path / "own.mmdb"
    shutil.copy(geoip.PACKAGED_CITY_DB, own)
    settings.GEOIP_CITY_DB = str(own)
    monkeypatch.setattr(geoip.iptocc, "country_code", lambda _: pytest.fail("the registries were asked as well"))
    answer = look_up("81.2.69.142")
    assert (answer["city"], len(answer["sources"])) == ("Willesden", 1)


def test_a_database_that_went_away_is_a_failure_and_no_empty_answer(settings, tmp_path):
    settings.GEOIP_CITY_DB = str(tmp_path / "gone.mmdb")
    with pytest.raises(LookUpFailed, match="cannot be read") as failure:
        look_up("81.2.69.142")
    assert not failure.value.is_permanent
