"""The contract between the outbox and whatever carries a message: what is told, and how an attempt may end.

A new kind of channel is one file with one coroutine, `send(channel, message, *, key, deadline_seconds, client)`, that
answers with an `Outcome` and raises nothing. No model is known here, so that nothing can hold the database while it
talks to the network.
"""

import email.utils
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import UUID

from incidents.choices import Notice
from tracker.outgoing import OutgoingClient, OutgoingResponse

# Longer waits than this are not honoured: an outage of the receiver must not outlive itself by days.
MAX_RETRY_AFTER_SECONDS = 3600.0
RETRIABLE_STATUSES = frozenset({408, 425, 429})
# The receiver says that the address itself is wrong, so every later message would end the same way.
CHANNEL_BREAKING_STATUSES = frozenset({401, 403, 404, 410})


@dataclass(frozen=True, slots=True)
class ChannelConfig:
    """What a sender may know of a channel. `url` holds the addresses where the kind is e-mail."""

    id: int
    name: str
    kind: str
    url: str = field(repr=False)
    secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class AlertNotice:
    """One thing that became of one alert at `at` (aware), with all its facts. Every attempt has the same `key`."""

    key: UUID
    notice: Notice
    ticket_id: str
    title: str
    project: str
    priority: str
    customer_tier: str
    sla_type: str
    state: str
    escalation_level: int
    elapsed_minutes: float
    target_minutes: float
    percent_used: float
    details: Mapping[str, Any]
    at: datetime
    link: str

    @property
    def is_over(self) -> bool:
        """Whether this notice takes an earlier one back."""
        return self.notice in {Notice.RESOLVED, Notice.WITHDRAWN}

    @property
    def headline(self) -> str:
        """The whole story in one line of plain text."""
        word = f"{self.state} {self.notice}".capitalize() if self.is_over else self.state.capitalize()
        used = f"{self.percent_used:g} % of {self.target_minutes:g} min"
        return f"{word}: {self.ticket_id}, {self.sla_type} SLA, {used} used, level {self.escalation_level}"


@dataclass(frozen=True, slots=True)
class ServiceNotice:
    """A message of Tracker about itself: a test, or that another channel stopped working."""

    key: UUID
    notice: Notice
    headline: str
    text: str
    link: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Digest:
    """Many notices in one message, for a flood; oldest first."""

    items: tuple[AlertNotice, ...]
    link: str

    @property
    def headline(self) -> str:
        """How many of which state, in one line of plain text."""
        counts: dict[str, int] = {}
        for item in self.items:
            word = item.state if item.notice == Notice.FIRED else item.notice.value
            counts[word] = counts.get(word, 0) + 1
        return f"{len(self.items)} notices: " + ", ".join(f"{count} {word}" for word, count in sorted(counts.items()))


@dataclass(frozen=True, slots=True)
class LetterItem:
    """One thing that a person is told of: what, a few words of it, where to look, and when it happened."""

    headline: str
    body: str
    link: str
    when: str


@dataclass(frozen=True, slots=True)
class LetterPicture:
    """A picture that stands in the letter itself; `width` is how wide it is shown, in points."""

    title: str
    description: str
    width: int
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class LetterCell:
    """A cell of a letter's table; numbers stand at the right."""

    text: str
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class LetterTable:
    """A table of a letter; `more` says how many of its rows are left out."""

    title: str
    header: tuple[LetterCell, ...]
    rows: tuple[tuple[LetterCell, ...], ...]
    more: int = 0


@dataclass(frozen=True, slots=True)
class LetterFile:
    """A file that comes with a letter."""

    name: str
    content_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class PersonalLetter:
    """A letter to one person, addressed when it is sent: `items`, an account letter's `paragraphs`, or a document of
    `figures`, `pictures` and `tables`, with `notes` on how to read it.

    `reply_to` is where answers go, `reference` the id under which letters about the same thing hang together.
    """

    to: str = field(repr=False)
    headline: str
    greeting: str
    paragraphs: tuple[str, ...] = ()
    items: tuple[LetterItem, ...] = ()
    more: int = 0
    figures: tuple[tuple[str, str], ...] = ()
    pictures: tuple[LetterPicture, ...] = ()
    tables: tuple[LetterTable, ...] = ()
    notes: tuple[str, ...] = ()
    file: LetterFile | None = None
    link: str = ""
    link_label: str = ""
    wishes_link: str = ""
    reply_to: str = ""
    reference: str = ""


Message = AlertNotice | ServiceNotice | Digest


@dataclass(frozen=True, slots=True)
class Sent:
    """The receiver took it."""

    status: int | None = None


@dataclass(frozen=True, slots=True)
class Retry:
    """It may work later. `after_seconds` is the receiver's own wish; `reason` holds no secret."""

    reason: str
    after_seconds: float | None = None
    status: int | None = None


@dataclass(frozen=True, slots=True)
class Dead:
    """It will never work. `breaks_channel` tells that the address is at fault rather than this one message."""

    reason: str
    breaks_channel: bool = False
    status: int | None = None


@dataclass(frozen=True, slots=True)
class Void:
    """There is nothing left to say, or nobody to say it to; not the channel's fault, and nothing was sent."""

    reason: str
    status: int | None = None


Outcome = Sent | Retry | Dead | Void


class Sender(Protocol):
    """What each kind of channel implements."""

    async def __call__(
        self, channel: ChannelConfig, message: Message, *, key: UUID, deadline_seconds: float, client: OutgoingClient
    ) -> Outcome:
        """Makes one attempt within `deadline_seconds`; `key` is the same in every attempt. Raises nothing."""
        ...


def judge_response(response: OutgoingResponse, *, now: datetime) -> Outcome:
    """How an attempt ended by the receiver's status. A redirect is never followed; it is tried again, because a page
    that says "down for maintenance" is often one, and nothing is lost when somebody mends the address meanwhile."""
    status = response.status
    if 200 <= status < 300:
        return Sent(status)
    reason = f"the receiver answered {status}"
    if 300 <= status < 400:
        return Retry(f"{reason}, a redirect, which is not followed", status=status)
    if status >= 500 or status in RETRIABLE_STATUSES:
        return Retry(reason, read_retry_after(response.headers.get("retry-after", ""), now=now), status)
    return Dead(reason, breaks_channel=status in CHANNEL_BREAKING_STATUSES, status=status)


def read_retry_after(text: str, *, now: datetime) -> float | None:
    """Seconds to wait as a Retry-After header says, in seconds or as a date; None where it says nothing readable."""
    text = text.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), MAX_RETRY_AFTER_SECONDS)
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return min(max((moment - now).total_seconds(), 0.0), MAX_RETRY_AFTER_SECONDS)
