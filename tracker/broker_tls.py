"""Celery's own habit is an encrypted broker whose certificate nobody looks at, which keeps no eavesdropper out."""

import ssl
from typing import Any
from urllib.parse import urlsplit


def tls_options(url: str) -> dict[str, Any] | None:
    """What CELERY_BROKER_USE_SSL must be for a broker's URL: who answers has to be who was asked for.

    The authorities are those of the system, or of SSL_CERT_FILE. A URL that says `ssl_cert_reqs` itself is obeyed.
    """
    scheme = urlsplit(url).scheme
    if scheme == "rediss":
        return {"ssl_cert_reqs": ssl.CERT_REQUIRED, "ssl_check_hostname": True}
    if scheme == "amqps":
        # A name that is there and empty is filled with the host's, and only then compared.
        return {"cert_reqs": ssl.CERT_REQUIRED, "server_hostname": None}
    return None
