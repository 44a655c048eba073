"""Senders' status words and what they mean to the clocks."""

import re
from collections.abc import Iterable

from django.db import transaction

from incidents.choices import Category
from incidents.models import Ticket, TicketEvent, TicketStatus
from incidents.services.policies import hold_policy
from incidents.tasks import REPLAY_TICKETS, ring
from tracker import access, clock
from tracker.access import Actor
from tracker.exceptions import InvalidInput
from tracker.services.events import log_event

# A sender that makes up words without end would fill the table that every batch reads.
MAX_STATUSES = 2_000

WELL_KNOWN = {
    Category.NEW: "new open opened created submitted reported received registered unassigned todo backlog triage",
    Category.WAITING: "waiting pending hold paused blocked suspended deferred",
    Category.RESOLVED: "resolved solved fixed done completed complete",
    Category.CLOSED: "closed cancelled canceled rejected duplicate archived declined",
    Category.ACTIVE: "active acknowledged assigned accepted started working ongoing progress investigating reopened",
}
_CATEGORY_OF = {word: category for category, words in WELL_KNOWN.items() for word in words.split()}
_FRAGMENTS = (
    ("await", Category.WAITING),
    ("wait", Category.WAITING),
    ("pend", Category.WAITING),
    ("hold", Category.WAITING),
    ("resol", Category.RESOLVED),
    ("solv", Category.RESOLVED),
    ("clos", Category.CLOSED),
    ("cancel", Category.CLOSED),
)


def status_key(name: str) -> str:
    """One key per word: case, blanks, dashes and underscores do not matter."""
    return re.sub(r"[\s_-]+", " ", name).strip().casefold()


def guess_category(name: str) -> tuple[Category, bool]:
    """What an unknown word probably means, and whether that is a mere guess."""
    key = status_key(name)
    if key in _CATEGORY_OF:
        return _CATEGORY_OF[key], False
    if key == "in progress":
        return Category.ACTIVE, False
    for fragment, category in _FRAGMENTS:
        if fragment in key:
            return category, True
    words = [_CATEGORY_OF[word] for word in key.split() if word in _CATEGORY_OF]
    return (words[-1] if words else Category.ACTIVE), True


def read_categories(names: Iterable[str]) -> dict[str, str]:
    """The category of each status as spelled; unknown ones are created with a guess and flagged for an admin.

    Raises:
        InvalidInput: there are more than MAX_STATUSES different words already.
    """
    wanted = {name: status_key(name) for name in names}
    known = dict(TicketStatus.objects.values_list("key", "category"))
    missing = {key: name for name, key in wanted.items() if key not in known}
    if missing:
        known.update(_create_statuses(missing, len(known)))
    return {name: known[key] for name, key in wanted.items()}


def look_up_categories(names: Iterable[str]) -> dict[str, str]:
    """As `read_categories`, but writes nothing: a word that is not there yet counts as it would be guessed."""
    known = dict(TicketStatus.objects.values_list("key", "category"))
    return {name: known.get(status_key(name)) or guess_category(name)[0] for name in names}


def _create_statuses(missing: dict[str, str], known_count: int) -> dict[str, str]:
    if known_count + len(missing) > MAX_STATUSES:
        raise InvalidInput.of_field("status", f"There are {known_count} different words already, of {MAX_STATUSES}.")
    guesses = {key: guess_category(name) for key, name in missing.items()}
    statuses = [
        TicketStatus(key=key, name=missing[key], category=guesses[key][0], is_guessed=guesses[key][1])
        for key in sorted(missing)
    ]
    with transaction.atomic():
        TicketStatus.objects.bulk_create(statuses, ignore_conflicts=True)
    return dict(TicketStatus.objects.filter(key__in=missing).values_list("key", "category"))


@transaction.atomic
def recategorise_status(*, actor: Actor, status: TicketStatus, category: str) -> int:
    """Says what a status means, and asks that every ticket which ever had it be replayed; their number.

    Choosing the guessed category confirms the guess. Ingest waits meanwhile: the history has no index by status, which
    every event would pay for, so it is read through once, about a second for each two million events.

    Raises:
        PermissionDenied: see access.yaml, sla_policies.update.
        InvalidInput: there is no such category.
    """
    access.require(actor, "sla_policies", "update")
    if category not in Category.values:
        raise InvalidInput.of_field("category", f"Must be one of {', '.join(Category.values)}.")
    hold_policy(is_exclusive=True)
    status = TicketStatus.objects.select_for_update().get(pk=status.pk)
    if (status.category, status.is_guessed) == (category, False):
        return 0
    before = {"category": status.category, "is_guessed": status.is_guessed}
    has_changed = status.category != category
    status.category, status.is_guessed = category, False
    status.save(update_fields=["category", "is_guessed"])
    count = _request_replays(status) if has_changed else 0
    log_event(
        actor=actor,
        verb="status.recategorised",
        obj=status,
        before=before,
        after={"category": category, "is_guessed": False},
        data={"status": status.name, "tickets": count},
    )
    return count


def _request_replays(status: TicketStatus) -> int:
    spellings = TicketEvent.objects.order_by().values_list("status", flat=True).distinct()
    names = [name for name in spellings if status_key(name) == status.key]
    ids = TicketEvent.objects.filter(status__in=names).values("ticket_id")
    count = Ticket.objects.filter(pk__in=ids).request_replay(at=clock.now())
    ring(REPLAY_TICKETS)
    return count
