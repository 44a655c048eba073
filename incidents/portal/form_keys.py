"""What a form carries, signed: a number of its own, so that sent twice it counts once, and when it was opened."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.core import signing
from django.http import HttpResponse

from tracker import clock
from tracker.api.idempotency import RETENTION, answer_once

_SALT = "incidents.portal.form"
# Nobody reads and fills in the form faster.
LEAST_SECONDS = 3


@dataclass(frozen=True, slots=True)
class FormKey:
    """One opened form."""

    nonce: str
    opened_at: datetime

    @property
    def is_too_quick(self) -> bool:
        """Whether the form came back faster than a person fills it in."""
        return clock.now() - self.opened_at < timedelta(seconds=LEAST_SECONDS)


def new_form_key() -> str:
    """The key of a form that is opened now."""
    return signing.dumps([secrets.token_urlsafe(16), clock.now().timestamp()], salt=_SALT)


def read_form_key(text: str) -> FormKey | None:
    """The key, unless it is none of ours or too old to be remembered."""
    try:
        nonce, opened = signing.loads(text, salt=_SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    key = FormKey(nonce, datetime.fromtimestamp(opened, tz=UTC))
    return key if clock.now() - key.opened_at < RETENTION else None


def do_once(caller: str, key: FormKey | None, digest: bytes, work: Callable[[], int]) -> int:
    """The id that `work` answers, which is called once for a form however often it comes in; in one transaction.

    The same form with other content is another one: somebody went back and wrote more.
    """
    if key is None:
        return work()
    answer = answer_once(
        caller=caller,
        key=f"{key.nonce}:{digest.hex()}",
        digest=digest,
        produce=lambda: HttpResponse(str(work()), status=201),
    )
    if not isinstance(answer, HttpResponse):
        raise TypeError("A kept answer has a body.")
    return int(answer.content)
