"""What the settings alone tell; asked of production only."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Info, Warning, register
from django.http.request import validate_host

from tracker.env import Network

CONFIGURATION = "configuration"
# The values of .env.example.
EXAMPLE_SECRET = re.compile(r"\bchange-me\b")
LOOPBACK = {"", "localhost", "127.0.0.1", "::1"}
# Schemes of EMAIL_URL that send nothing.
SILENT_MAIL = ("consolemail", "memorymail", "dummymail", "filemail")
Finding = Iterator[CheckMessage]


def _check_secrets() -> Finding:
    named = {"SECRET_KEY": settings.SECRET_KEY, "DATABASE_URL": settings.DATABASE_URL, "REDIS_URL": settings.REDIS_URL}
    for name, value in named.items():
        if EXAMPLE_SECRET.search(value):
            yield Warning(
                f"{name} holds a value from an example.",
                hint=f"Put random characters of your own into {name}.",
                id="tracker.W001",
            )


def _check_site_url() -> Finding:
    url = urlsplit(settings.SITE_URL)
    if url.scheme == "http" and url.hostname not in LOOPBACK:
        yield Warning(
            "SITE_URL begins with http://, so the links in letters carry their keys in the clear.",
            hint="Serve Tracker by TLS and set SITE_URL to its https:// address.",
            id="tracker.W002",
        )
    if not validate_host(url.hostname or "", settings.ALLOWED_HOSTS):
        yield Warning(
            "SITE_URL names a host that ALLOWED_HOSTS does not: links in letters would lead to an error.",
            hint="Add the host of SITE_URL to ALLOWED_HOSTS.",
            id="tracker.W003",
        )
    if "*" in settings.ALLOWED_HOSTS:
        yield Warning("ALLOWED_HOSTS is *.", hint="Name the hosts that people use in ALLOWED_HOSTS.", id="tracker.W004")


def _check_proxies() -> Finding:
    if settings.SECURE_SSL_REDIRECT and not settings.TRUSTED_PROXIES:
        yield Warning(
            "TRUSTED_PROXIES is empty while SECURE_SSL_REDIRECT is on: TLS ends before Tracker, which then takes every "
            "request for an unencrypted one and redirects it for ever, and counts all clients as one.",
            hint="Set TRUSTED_PROXIES to the network of the proxy, such as 10.0.0.0/16.",
            id="tracker.W005",
        )


def _check_networks() -> Finding:
    everybody = {
        "TRUSTED_PROXIES": "anybody can claim any address",
        "METRICS_NETWORKS": "anybody can read the metrics",
        "OUTGOING_ALLOWED_NETWORKS": "webhooks can reach every machine of yours",
    }
    for name, consequence in everybody.items():
        networks: Iterable[Network] = getattr(settings, name)
        if any(network.prefixlen == 0 for network in networks):
            yield Warning(f"{name} is the whole internet: {consequence}.", hint=f"Narrow {name}.", id="tracker.W006")


def _check_mail() -> Finding:
    if urlsplit(settings.EMAIL_URL).scheme in SILENT_MAIL:
        yield Info(
            "EMAIL_URL is not set: nobody gets letters, new passwords included.",
            hint="Set EMAIL_URL, such as smtp+tls://user:password@mail.example.com:587.",
            id="tracker.I007",
        )


def _check_valkey() -> Finding:
    url = urlsplit(settings.REDIS_URL)
    if url.scheme == "redis" and url.hostname not in LOOPBACK and not url.password:
        yield Warning(
            "REDIS_URL has no password.", hint="Give Valkey a password, and put it into REDIS_URL.", id="tracker.W008"
        )


CHECKS: tuple[Callable[[], Finding], ...] = (
    _check_secrets,
    _check_site_url,
    _check_proxies,
    _check_networks,
    _check_mail,
    _check_valkey,
)


@register(CONFIGURATION, deploy=True)
def check_configuration(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """All of the above."""
    return [message for check in CHECKS for message in check()]
