"""What an operator says about enrichment: nonsense stops the start, and no secret is repeated in the error."""

import shutil
from pathlib import Path

import _maxminddb_geolite2
import pytest
from django.core.exceptions import ImproperlyConfigured

from tracker import env

BLANKS = ("ip", "latitude", "longitude", "id")


def read_template(monkeypatch, value):
    monkeypatch.setenv("ENRICHMENT_URL", value)
    return env.read_url_template("ENRICHMENT_URL", schemes=("http", "https"), blanks=BLANKS)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "https://geo.example/v1/{ip}?key=abc",
        "http://10.0.0.8:8080/at/{latitude}/{longitude}",
        "https://geo.example/?incident={id}&ip={ip}",
    ],
)
def test_a_template_with_known_blanks_behind_its_host_is_taken(monkeypatch, value):
    assert read_template(monkeypatch, value) == value


@pytest.mark.parametrize(
    "value",
    [
        "geo.example/{ip}", "ftp://geo.example/{ip}", "file:///etc/{ip}", "https://geo.example/", "https://{ip}/",
        "https://{ip}.geo.example/", "https://geo.example{ip}/", "https://geo.example:{id}/x", "https://geo.example/{}",
        "https://geo.example/{email}", "https://geo.example/{ip", "https://geo.example/{ip}}", "https://geo.example/{{ip}}",
        "https://user:secret@geo.example/{ip}", "https://geo.example/{ip}#x", "https://geo.example/{ip} x",
        "https:///{ip}", "https://geo.example\\@evil.example/{ip}",
    ],
)  # fmt: skip
def test_a_template_that_could_lead_elsewhere_stops_the_start(monkeypatch, value):
    with pytest.raises(ImproperlyConfigured, match="ENRICHMENT_URL") as refusal:
        read_template(monkeypatch, value)
    assert "secret" not in str(refusal.value)
    assert "geo.example" not in str(refusal.value)


@pytest.mark.parametrize("value", ["two words", "a\nb", "schlüssel"])
def test_a_token_that_no_header_can_carry_stops_the_start(monkeypatch, value):
    monkeypatch.setenv("ENRICHMENT_TOKEN", value)
    with pytest.raises(ImproperlyConfigured) as refusal:
        env.read_header_text("ENRICHMENT_TOKEN")
    assert value not in str(refusal.value)


def test_a_token_may_come_from_a_file(monkeypatch, tmp_path):
    (tmp_path / "token").write_text("abc\n")
    monkeypatch.setenv("ENRICHMENT_TOKEN_FILE", str(tmp_path / "token"))
    assert env.read_header_text("ENRICHMENT_TOKEN") == "abc"


def test_a_city_database_must_be_one(monkeypatch, tmp_path):
    own = tmp_path / "own.mmdb"
    shutil.copy(Path(_maxminddb_geolite2.__file__).with_name("GeoLite2-City.mmdb"), own)
    monkeypatch.setenv("GEOIP_CITY_DB", str(own))
    assert env.read_database_name("GEOIP_CITY_DB") == str(own)
    own.write_text("id;city")
    for wrong in (own, tmp_path, tmp_path / "missing.mmdb"):
        monkeypatch.setenv("GEOIP_CITY_DB", str(wrong))
        with pytest.raises(ImproperlyConfigured, match="GEOIP_CITY_DB"):
            env.read_database_name("GEOIP_CITY_DB")
