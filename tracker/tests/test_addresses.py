"""What a typed URL may lead to, as far as can be told without a look-up."""

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis.strategies import integers

from tracker.addresses import OutgoingRefused, check_address, check_url, is_reachable_by_all
from tracker.testing.forbidden_urls import FORBIDDEN_URLS

LOOPBACK = (ip_network("127.0.0.0/8"),)


def test_the_corpus_is_large():
    assert len(set(FORBIDDEN_URLS)) >= 80


@pytest.mark.parametrize("url", FORBIDDEN_URLS)
def test_a_url_into_the_house_is_refused(url):
    with pytest.raises(OutgoingRefused):
        check_url(url.replace("{port}", "8080"), ())


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("https://hooks.slack.com/services/T0/B0/secret", "https://hooks.slack.com:443/…"),
        ("http://example.com:8080/in?token=secret", "http://example.com:8080/…"),
        ("https://1.1.1.1/", "https://1.1.1.1:443/…"),
        ("https://[2606:4700::1111]/x", "https://[2606:4700::1111]:443/…"),
        ("https://bücher.example/", "https://xn--bcher-kva.example:443/…"),
        ("https://EXAMPLE.com./x", "https://example.com:443/…"),
        ("https://[64:ff9b::808:808]/", "https://[64:ff9b::808:808]:443/…"),
    ],
)
def test_a_public_address_passes_and_its_masked_form_keeps_the_secret(url, masked):
    assert check_url(url, ()).masked == masked


def test_an_allowed_network_lets_its_addresses_pass_and_no_others():
    assert check_url("http://127.0.0.1:8080/x", LOOPBACK).port == 8080
    assert check_url("http://localhost:8080/x", LOOPBACK).host == "localhost"
    assert check_url("http://[::ffff:127.0.0.1]:8080/x", LOOPBACK).path == "/x"
    for url in ("http://127.1/", "http://2130706433/", "http://10.0.0.1/", "http://[::1]/"):
        with pytest.raises(OutgoingRefused):
            check_url(url, LOOPBACK)


def test_a_refusal_never_repeats_the_path():
    with pytest.raises(OutgoingRefused) as refusal:
        check_url("http://10.0.0.1/services/secret?token=secret", ())
    assert "secret" not in str(refusal.value)


@given(integers(0, 2**32 - 1))
def test_an_ipv4_address_is_judged_alike_in_every_ipv6_wrapping(number):
    plain = ip_address(number)
    expected = is_reachable_by_all(plain)
    for wrapping in ("::ffff:", "64:ff9b::"):
        assert is_reachable_by_all(ip_address(f"{wrapping}{plain}")) == expected


@given(integers(0, 2**128 - 1).map(ip_address).filter(lambda address: address.version == 6))
def test_what_python_calls_private_is_never_reachable(address):
    if is_reachable_by_all(address):
        check_address(address, ())
        assert not any([address.is_private, address.is_multicast, address.is_loopback, address.is_link_local])
