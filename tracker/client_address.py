"""Where a request comes from, believing X-Forwarded-For only from the operator's own proxies."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

IPV6_PREFIX = 64


def client_address(request: HttpRequest) -> str:
    """The nearest address that is none of TRUSTED_PROXIES; empty where there is none (a unix socket)."""
    address = _parse(request.META.get("REMOTE_ADDR", ""))
    chain = request.headers.get("X-Forwarded-For", "").split(",")
    # From the right: each proxy appends whom it saw, and what stands left of a stranger is the stranger's claim.
    while address is not None and _is_trusted(address) and chain:
        claimed = _parse(chain.pop().strip())
        if claimed is None:
            break
        address = claimed
    return str(address) if address is not None else ""


def counted_address(request: HttpRequest) -> str:
    """What attempts are counted by: an IPv4 address, or the network of an IPv6 one, of which one host has 2^64."""
    address = _parse(client_address(request))
    if isinstance(address, IPv6Address):
        return str(ip_network((address, IPV6_PREFIX), strict=False))
    return str(address) if address is not None else ""


def _parse(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def _is_trusted(address: IPv4Address | IPv6Address) -> bool:
    return any(address in network for network in settings.TRUSTED_PROXIES)
