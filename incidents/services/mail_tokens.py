"""What lets a reply by mail speak for a person: a token in the letter's reply address and references, for one person
and one object. It stands for nothing that its bearer may not do at the moment it comes back."""

import base64
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email.utils import parseaddr

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

from tracker.models import User

SALT = "incidents.mail_tokens"
# 80 bits: a reply address has room for 64 characters before the @.
SIGNATURE_BYTES = 10
MAX_LOCAL_PART = 64
KINDS = {"issue": "s", "incident": "i"}
_TOKEN = re.compile(r"([is])([0-9]{1,18})\.([0-9]{1,18})\.([a-z2-7]{16})")
_WORDS = {letter: word for word, letter in KINDS.items()}


@dataclass(frozen=True, slots=True)
class ReplyRight:
    """What a valid token says: this person answers about this object."""

    person: User
    object_type: str
    object_id: int


def make_token(person: User, object_type: str, object_id: int) -> str:
    """The token for a person's replies about an object; small letters, digits and dots, since mail servers may fold
    capitals. It ends with the person's address."""
    secret = settings.SECRET_KEY
    return f"{KINDS[object_type]}{object_id}.{person.pk}.{_sign(object_type, object_id, person, secret)}"


def reply_address(token: str) -> str:
    """reports+TOKEN@example.com; empty where the operator names no address, or it would be longer than mail allows."""
    local, _, domain = settings.MAIL_INTAKE_ADDRESS.partition("@")
    return f"{local}+{token}@{domain}" if domain and len(local) + 1 + len(token) <= MAX_LOCAL_PART else ""


def own_domain() -> str:
    """The domain that our letters' ids end with."""
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2].lower() or "localhost"


def own_addresses() -> frozenset[str]:
    """The addresses that nobody but Tracker writes from."""
    found = {parseaddr(settings.DEFAULT_FROM_EMAIL)[1].lower(), settings.MAIL_INTAKE_ADDRESS}
    return frozenset(found - {""})


def find_reply_right(*, recipients: Iterable[str], message_ids: Iterable[str]) -> ReplyRight | None:
    """What the first valid token says, of those in the addresses that a mail went to and the letters it refers to."""
    tokens = dict.fromkeys([*_tokens_of_addresses(recipients), *_tokens_of_ids(message_ids)])
    return next((right for token in tokens if (right := _read(token)) is not None), None)


def _tokens_of_addresses(addresses: Iterable[str]) -> Iterator[str]:
    local, _, domain = settings.MAIL_INTAKE_ADDRESS.partition("@")
    for address in addresses:
        name, _, place = address.partition("@")
        base, plus, token = name.partition("+")
        if plus and (base, place) == (local, domain):
            yield token


def _tokens_of_ids(message_ids: Iterable[str]) -> Iterator[str]:
    for message_id in message_ids:
        yield message_id.partition("@")[0].lower()


def _read(token: str) -> ReplyRight | None:
    match = _TOKEN.fullmatch(token)
    if match is None:
        return None
    object_type, object_id = _WORDS[match[1]], int(match[2])
    person = User.objects.filter(pk=int(match[3]), is_active=True).first()
    if person is None:
        return None
    secrets = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    if not any(constant_time_compare(_sign(object_type, object_id, person, key), match[4]) for key in secrets):
        return None
    return ReplyRight(person, object_type, object_id)


def _sign(object_type: str, object_id: int, person: User, secret: str) -> str:
    value = f"{object_type}:{object_id}:{person.pk}:{person.email.lower()}"
    digest = salted_hmac(SALT, value, secret=secret, algorithm="sha256").digest()
    return base64.b32encode(digest[:SIGNATURE_BYTES]).decode("ascii").lower()
