"""Strict reading of the environment: nonsense stops the start with the variable's name and what it may be."""

import ipaddress
import os
import re
import secrets
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.core.exceptions import ImproperlyConfigured

TRUE_WORDS = ("1", "true", "yes", "on")
FALSE_WORDS = ("0", "false", "no", "off", "")

# A blank of a URL template, such as {ip}.
URL_BLANK = re.compile(r"\{([^{}]*)\}")
MAXMIND_MARK = b"\xab\xcd\xefMaxMind.com"
MAXMIND_DESCRIPTION_BYTES = 128 * 1024

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def read_text(name: str, default: str = "") -> str:
    """The value of `name`, or the content of the file that `NAME_FILE` names (the way secrets are mounted).

    Raises:
        ImproperlyConfigured: both are set, or the file cannot be read.
    """
    file_name = os.environ.get(f"{name}_FILE", "")
    if not file_name:
        return os.environ.get(name, default).strip()
    if os.environ.get(name):
        raise ImproperlyConfigured(f"{name} and {name}_FILE are both set; set one of them.")
    try:
        return Path(file_name).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ImproperlyConfigured(f"{name}_FILE must name a readable text file: {error.__class__.__name__}.") from None


def read_bool(name: str, *, default: bool) -> bool:
    """A switch: 1/true/yes/on or 0/false/no/off."""
    text = read_text(name).lower()
    if name not in os.environ and f"{name}_FILE" not in os.environ:
        return default
    if text in TRUE_WORDS:
        return True
    if text in FALSE_WORDS:
        return False
    raise ImproperlyConfigured(f"{name} must be one of 1, true, yes, on, 0, false, no, off; not {text!r}.")


def read_number(name: str, default: float, *, low: float, high: float) -> float:
    """A number between `low` and `high`, both allowed."""
    text = read_text(name)
    if not text:
        return default
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not low <= number <= high:
        raise ImproperlyConfigured(f"{name} must be a number from {low:g} to {high:g}; not {text!r}.")
    return number


def read_integer(name: str, default: int, *, low: int, high: int) -> int:
    """A whole number between `low` and `high`, both allowed."""
    number = read_number(name, default, low=low, high=high)
    if number != int(number):
        raise ImproperlyConfigured(f"{name} must be a whole number from {low} to {high}; not {number:g}.")
    return int(number)


def read_list(name: str, default: tuple[str, ...] = ()) -> list[str]:
    """A comma separated list without empty members."""
    text = read_text(name)
    return [item.strip() for item in text.split(",") if item.strip()] if text else list(default)


def read_choice(name: str, default: str, choices: tuple[str, ...]) -> str:
    """One word of `choices`; case does not matter."""
    text = read_text(name, default)
    for choice in choices:
        if choice.lower() == text.lower():
            return choice
    raise ImproperlyConfigured(f"{name} must be one of {', '.join(choices)}; not {text!r}.")


def read_timezone(name: str, default: str) -> str:
    """The name of a time zone of the IANA database, such as Europe/Berlin."""
    text = read_text(name, default) or default
    try:
        return ZoneInfo(text).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ImproperlyConfigured(
            f"{name} must be the name of a time zone such as Europe/Berlin; not {text!r}."
        ) from None


def read_url(name: str, default: str = "", *, schemes: tuple[str, ...]) -> str:
    """A URL with one of `schemes`. The value is never repeated in the error: it may hold a password."""
    text = read_text(name, default)
    if text and urlsplit(text).scheme not in schemes:
        raise ImproperlyConfigured(f"{name} must be a URL that starts with one of: {', '.join(schemes)}.")
    return text


def read_sentry_dsn(name: str) -> str:
    """A DSN as Sentry gives it out: https://KEY@HOST/NUMBER. The value is never repeated in the error."""
    text = read_url(name, schemes=("http", "https"))
    parts = urlsplit(text)
    if text and not (parts.username and parts.hostname and parts.path.rpartition("/")[2].isdigit()):
        raise ImproperlyConfigured(f"{name} must look like https://KEY@HOST/NUMBER, as the project's settings show it.")
    return text


def read_url_template(name: str, *, schemes: tuple[str, ...], blanks: tuple[str, ...]) -> str:
    """A URL with at least one of the named `blanks`, as `{blank}`, in its path or query and nowhere before it.

    The value is never repeated in the error: it may hold a key.
    """
    template = read_url(name, schemes=schemes)
    if not template:
        return ""
    found = URL_BLANK.findall(template)
    known = ", ".join(f"{{{blank}}}" for blank in blanks)
    if not found or set(found) - set(blanks) or re.search(r"[{}]", URL_BLANK.sub("", template)):
        raise ImproperlyConfigured(f"{name} must hold one or more of {known}, and no other braces.")
    parts = urlsplit(URL_BLANK.sub("", template))
    if not parts.hostname or not template.startswith(f"{parts.scheme}://{parts.netloc}/"):
        raise ImproperlyConfigured(f"{name} must name a host, and its blanks must come after it.")
    if parts.username is not None or parts.fragment or re.search(r"[\s\\]", template):
        raise ImproperlyConfigured(f"{name} must carry no user name, no #fragment and no blank space.")
    return template


def read_header_text(name: str) -> str:
    """A secret that is sent in a header: visible ASCII. The value is never repeated in the error."""
    text = read_text(name)
    if not re.fullmatch(r"[\x21-\x7e]*", text):
        raise ImproperlyConfigured(f"{name} must be of visible ASCII characters.")
    return text


def read_database_name(name: str) -> str:
    """The name of a readable file in MaxMind's format, which ends with its description."""
    text = read_text(name)
    if not text:
        return ""
    try:
        with Path(text).open("rb") as file:
            file.seek(max(0, Path(text).stat().st_size - MAXMIND_DESCRIPTION_BYTES))
            is_right = MAXMIND_MARK in file.read(MAXMIND_DESCRIPTION_BYTES)
    except OSError as error:
        raise ImproperlyConfigured(f"{name} must name a readable file: {error.__class__.__name__}.") from None
    if not is_right:
        raise ImproperlyConfigured(f"{name} must name a database in MaxMind's format (.mmdb).")
    return text


def read_directory(name: str) -> Path | None:
    """The full name of a folder, which need not be there yet; None where nothing is set."""
    text = read_text(name)
    if text and not Path(text).is_absolute():
        raise ImproperlyConfigured(f"{name} must be the full name of a folder, from / on; not {text!r}.")
    return Path(text) if text else None


def read_networks(name: str, default: tuple[str, ...] = ()) -> list[Network]:
    """A comma separated list of IP networks such as 10.0.0.0/8."""
    networks: list[Network] = []
    for item in read_list(name, default):
        try:
            networks.append(ipaddress.ip_network(item))
        except ValueError:
            raise ImproperlyConfigured(f"{name} must be a list of networks such as 10.0.0.0/8; not {item!r}.") from None
    return networks


def require(name: str, value: str, *, in_production: bool) -> str:
    """Refuses to start a production process without `name`."""
    if in_production and not value:
        raise ImproperlyConfigured(f"{name} must be set in production (DEBUG is off); {name}_FILE works too.")
    return value


def require_beside(name: str, value: str, *, other: str, is_needed: bool) -> str:
    """Refuses to start without `name` where `other` is set."""
    if is_needed and not value:
        raise ImproperlyConfigured(f"{name} must be set beside {other}; {name}_FILE works too.")
    return value


def read_or_make_local_secret(path: Path) -> str:
    """The secret of a local run, made once and kept readable to its owner alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="utf-8").strip()
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(secrets.token_urlsafe(48))
    return path.read_text(encoding="utf-8").strip()
