"""Making a person nobody: what they did stays, and nothing says any more who it was.

It goes in three steps, so that it may be stopped at any moment and goes on by itself: shutting out, in the transaction
of whoever asks; taking the words out of every text, in many short transactions; and emptying the account, last of all,
because the words are known from it.
"""

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from django.db import transaction

from tracker import clock
from tracker.access import Actor
from tracker.bells import ANONYMISE, ring
from tracker.choices import Role
from tracker.exceptions import Conflict
from tracker.models import Event, User
from tracker.personal_data import all_personal_data
from tracker.personal_words import PersonalWords
from tracker.services.events import log_event
from tracker.services.text_rewriting import rewrite_texts
from tracker.services.users import deactivate_user, keep_an_admin

# A name that nobody can register: RFC 2606 keeps it out of the world.
DOMAIN = "users.invalid"
MOST_FORMER = 1_000
logger = logging.getLogger(__name__)


@transaction.atomic
def ask_to_anonymise(*, actor: Actor, user: User) -> User:
    """Shuts a person out at once, and has everything that names them rewritten. There is no way back.

    Asked again it changes nothing.

    Raises:
        Conflict: it is oneself or the last active admin, or something still needs their address; it says what.
    """
    user = User.objects.select_for_update().get(pk=user.pk)
    if user.anonymise_asked_at is not None:
        ring(ANONYMISE)
        return user
    if actor.user is not None and actor.user.pk == user.pk:
        raise Conflict("Nobody anonymises themselves; another admin can.")
    keep_an_admin(user)
    hindrances = [text for data in all_personal_data() for text in data.hindrances(user)]
    if hindrances:
        raise Conflict(f"Their address is still needed. {' '.join(hindrances)}")
    deactivate_user(actor=actor, user=user)
    user.is_active, user.anonymise_asked_at = False, clock.now()
    user.save(update_fields=["anonymise_asked_at"])
    log_event(actor=actor, verb="user.anonymise_asked", obj=user)
    ring(ANONYMISE)
    return user


def anonymise_user(
    *, actor: Actor, user: User, extra: Sequence[str] = (), tell: Callable[[str], None] | None = None
) -> Mapping[str, int]:
    """The whole of it, before it returns; how many rows were rewritten or went, by table or kind.

    Args:
        extra: further words to take out, such as a nickname, or a name of one word alone.
        tell: hears of each table before it is searched.

    Raises:
        Conflict: as `ask_to_anonymise`.
    """
    user = ask_to_anonymise(actor=actor, user=user)
    if user.anonymised_at is not None and not extra:
        return {}
    words = words_of(user, extra)
    counts = rewrite_texts(words, tell=tell)
    return {**counts, **_empty_account(actor, user, words, counts)}


def finish_anonymising(*, max_seconds: float) -> int:
    """Goes on with everybody who was asked for; answers how many are nobody now. Any number of workers may run it."""
    stop_at, count = time.monotonic() + max_seconds, 0
    waiting = User.objects.filter(anonymise_asked_at__isnull=False, anonymised_at=None)
    for user in waiting.order_by("anonymise_asked_at"):
        if time.monotonic() > stop_at:
            logger.warning("Somebody still waits to be anonymised; the next run goes on.")
            break
        anonymise_user(actor=Actor.system("anonymise"), user=user)
        count += 1
    return count


def words_of(user: User, extra: Sequence[str] = ()) -> PersonalWords:
    """What names this person: the address and name that they have, those that they had, and what somebody adds."""
    known = [*_facts_in_log(user), {"email": user.email, "full_name": user.full_name}]
    return PersonalWords.of_person(
        addresses=[str(facts["email"]) for facts in known if facts.get("email")],
        names=[str(facts["full_name"]) for facts in known if facts.get("full_name")],
        extra=extra,
        address=address_of(user),
        name=name_of(user),
    )


def address_of(user: User) -> str:
    """The address that nobody has, in the place of theirs."""
    return f"anonymised-{user.pk}@{DOMAIN}"


def name_of(user: User) -> str:
    """What they are called instead."""
    return f"anonymised person {user.pk}"


def _facts_in_log(user: User) -> Iterator[Mapping[str, object]]:
    lines = Event.objects.filter(object_type="user", object_id=str(user.pk)).order_by("-id")
    for pair in lines.values_list("before", "after")[:MOST_FORMER]:
        yield from (facts for facts in pair if isinstance(facts, dict))


@transaction.atomic
def _empty_account(actor: Actor, user: User, words: PersonalWords, rewritten: Mapping[str, int]) -> dict[str, int]:
    """The last step: what is theirs alone goes, and the account says nothing any more."""
    user = User.objects.select_for_update().get(pk=user.pk)
    gone: dict[str, int] = {}
    for data in all_personal_data():
        gone |= {kind: count for kind, count in data.forget(user, words).items() if count}
    if user.anonymised_at is not None:
        return gone
    user.email, user.full_name, user.timezone = address_of(user), name_of(user), "UTC"
    user.role, user.is_superuser, user.is_active = Role.REPORTER, False, False
    user.is_unconfirmed, user.email_confirmed_at, user.last_login = False, None, None
    user.set_unusable_password()
    user.anonymised_at = clock.now()
    user.save()
    log_event(actor=actor, verb="user.anonymised", obj=user, data={"rewritten": dict(rewritten), "deleted": gone})
    return gone
