"""Which addresses on the network Tracker may talk to on behalf of a user: pure checks, no look-up, no connection.

A channel's URL is typed by a person and fetched by our server, which stands inside the operator's network. What the
rest of the world can reach anyway is allowed; everything else is refused unless the operator names its network in
`OUTGOING_ALLOWED_NETWORKS`. The ranges are written out here, from IANA's special-purpose registries, because
`ipaddress.is_global` has meant different things in different patch releases of Python.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, quote, urlsplit

from tracker.env import Network

IPAddress = IPv4Address | IPv6Address

MAX_URL_LENGTH = 2048

SPECIAL_IPV4 = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
GLOBAL_IPV6 = IPv6Network("2000::/3")
# Inside the global range: protocol assignments with Teredo, documentation, 6to4.
SPECIAL_IPV6 = tuple(IPv6Network(text) for text in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"))
LOOPBACK_IPV6 = IPv6Address("::1")
# The last 32 bits are an IPv4 address that the packet ends up at: mapped, compatible, and the well-known NAT64 prefix.
EMBEDDED_IPV4 = tuple(IPv6Network(text) for text in ("::ffff:0:0/96", "::/96", "64:ff9b::/96"))

# Ports below 1024 belong to services that do not speak HTTP; these are such services above it.
LOWEST_FREE_PORT = 1024
WEB_PORTS = frozenset({80, 443})
SERVICE_PORTS = frozenset({1433, 1521, 1719, 1720, 1723, 2049, 2375, 2376, 2379, 2380, 3306, 3389, 3659, 4045, 4190})
SERVICE_PORTS |= frozenset({5060, 5061, 5432, 5672, 6000, 6379, 6566, 6667, 6697, 10080, 10250, 11211, 27017})

PATH_CHARACTERS = "/?%:@!$&'()*+,;=~"
# What inet_aton reads as one part of an IPv4 address: decimal, octal or hexadecimal.
NUMBER_LABEL = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)")
HOST_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")


class OutgoingRefused(Exception):
    """The address, the URL or the request may never be sent; trying again changes nothing. The text names no secret."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a checked URL leads. `host` is ASCII and lower case; `path` carries the query and may be a secret."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def masked(self) -> str:
        """The URL without its path, which for many receivers is the password."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}/…"


def embedded_ipv4(address: IPAddress) -> IPAddress:
    """The IPv4 address that an IPv6 address merely carries, or the address itself."""
    if isinstance(address, IPv6Address) and address > LOOPBACK_IPV6 and any(address in net for net in EMBEDDED_IPV4):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def is_reachable_by_all(address: IPAddress) -> bool:
    """Is this an address of the public internet, whatever spelling it came in?"""
    address = embedded_ipv4(address)
    if isinstance(address, IPv4Address):
        return not any(address in network for network in SPECIAL_IPV4)
    return address in GLOBAL_IPV6 and not any(address in network for network in SPECIAL_IPV6)


def check_address(address: IPAddress, allow: Sequence[Network]) -> None:
    """Raise OutgoingRefused unless the address is public or lies in one of the networks the operator allowed."""
    plain = embedded_ipv4(address)
    if is_reachable_by_all(plain):
        return
    if any(candidate in network for network in allow for candidate in (address, plain)):
        return
    raise OutgoingRefused(f"{plain} is not an address of the public internet")


def check_url(url: str, allow: Sequence[Network]) -> Target:
    """Check everything about a URL that can be told without a look-up; a host name is judged when it is resolved.

    Raises OutgoingRefused with a reason that may be shown to whoever typed the URL.
    """
    parts = _split(url)
    if parts.username is not None or parts.password is not None:
        raise OutgoingRefused("the URL must not carry a user name or password")
    if parts.fragment or url.endswith("#"):
        raise OutgoingRefused("the URL must not carry a #fragment")
    host = _ascii_host(parts.hostname or "")
    port = _port(parts)
    literal = _literal(host, is_bracketed="[" in parts.netloc)
    if literal is not None:
        check_address(literal, allow)
    elif host == "localhost" or host.endswith(".localhost"):
        check_address(IPv4Address("127.0.0.1"), allow)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port, quote(path, safe=PATH_CHARACTERS))


def literal_address(host: str) -> IPAddress | None:
    """The address a host of a checked URL spells out, or None where it is a name."""
    try:
        return ip_address(host)
    except ValueError:
        return None


def _split(url: str) -> SplitResult:
    if len(url) > MAX_URL_LENGTH:
        raise OutgoingRefused(f"the URL is longer than {MAX_URL_LENGTH} characters")
    # urlsplit drops tabs and line ends and strips what precedes the scheme: it would check another text than was typed.
    if any(character <= " " or character in "\\\x7f" or character.isspace() for character in url):
        raise OutgoingRefused("the URL contains a space, a backslash or a control character")
    try:
        parts = urlsplit(url)
    except ValueError:
        raise OutgoingRefused("the URL cannot be read") from None
    if parts.scheme not in {"http", "https"}:
        raise OutgoingRefused("the URL must start with http:// or https://")
    return parts


def _port(parts: SplitResult) -> int:
    try:
        port = parts.port
    except ValueError:
        raise OutgoingRefused("the port is not a number up to 65535") from None
    if port is None:
        return 443 if parts.scheme == "https" else 80
    if port not in WEB_PORTS and (port < LOWEST_FREE_PORT or port in SERVICE_PORTS):
        raise OutgoingRefused(f"port {port} is not one that a web hook listens on")
    return port


def _ascii_host(host: str) -> str:
    """The host as the resolver would see it: full-width digits, circled numbers and foreign dots become plain ones."""
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            raise OutgoingRefused("the host name cannot be read") from None
    host = host.lower().removesuffix(".")
    if not host:
        raise OutgoingRefused("the URL has no host")
    return host


def _literal(host: str, *, is_bracketed: bool) -> IPAddress | None:
    """The address that the host spells, None for a name; refuses every spelling but the usual one."""
    if is_bracketed:
        try:
            address = IPv6Address(host)
        except ValueError:
            raise OutgoingRefused("the host is neither a name nor an address") from None
        if address.scope_id is not None:
            raise OutgoingRefused("the host must not carry a zone")
        return address
    labels = host.split(".")
    if NUMBER_LABEL.fullmatch(labels[-1]):
        try:
            return IPv4Address(host)
        except ValueError:
            raise OutgoingRefused("write an IPv4 address as four decimal numbers") from None
    if len(host) > 253 or not all(HOST_LABEL.fullmatch(label) for label in labels):
        raise OutgoingRefused("the host is neither a name nor an address")
    return None
