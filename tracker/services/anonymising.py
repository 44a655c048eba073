"""Making a person nobody: what they did stays, and nothing says any more who it was.

It goes in three steps, so that it may be stopped at any moment and goes on by itself: shutting out, in the transaction
of whoever asks; taking the words out of every text, in many short transactions; and emptying the account, last of all,
because the words are known from it.
"""

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction

from tracker import clock
from tracker.access import Actor
from tracker.bells import ANONYMISE, ring
from tracker.choices import Role
from tracker.exceptions import Conflict, InvalidInput
from tracker.models import Event, User
from tracker.models.users import NOBODYS_DOMAIN
from tracker.personal_data import all_personal_data
from tracker.personal_words import PersonalWords, fold_name
from tracker.services.events import log_event
from tracker.services.text_rewriting import rewrite_texts
from tracker.services.users import deactivate_user, keep_an_admin

MOST_FORMER, MOST_SHOWN = 1_000, 20
logger = logging.getLogger(__name__)


@transaction.atomic
def ask_to_anonymise(*, actor: Actor, user: User, keep_names: Sequence[str] | None = ()) -> User:
    """Shuts a person out at once, and has everything that names them rewritten. There is no way back.

    Asked again it changes nothing.

    Args:
        keep_names: which of `names_of` stay in texts. Whoever calls themselves “was down”, or by another's name, must
            not take these words out of what others wrote. None: nobody has looked at the names.

    Raises:
        Conflict: it is oneself or the last active admin, something still needs their address, or nobody has looked at
            their several names; it says what.
        InvalidInput: a name was never theirs.
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
    kept = _check_names(user, keep_names)
    deactivate_user(actor=actor, user=user)
    user.is_active, user.anonymise_asked_at = False, clock.now()
    user.save(update_fields=["anonymise_asked_at"])
    log_event(actor=actor, verb="user.anonymise_asked", obj=user, data={"kept_names": kept})
    ring(ANONYMISE)
    return user


def anonymise_user(
    *,
    actor: Actor,
    user: User,
    extra: Sequence[str] = (),
    keep_names: Sequence[str] = (),
    tell: Callable[[str], None] | None = None,
) -> Mapping[str, int]:
    """The whole of it, before it returns; how many rows were rewritten or went, by table or kind.

    Args:
        extra: further words to take out, such as a nickname, or a name of one word alone.
        keep_names: as `ask_to_anonymise`.
        tell: hears of each table before it is searched.

    Raises:
        Conflict, InvalidInput: as `ask_to_anonymise`.
    """
    user = ask_to_anonymise(actor=actor, user=user, keep_names=keep_names)
    if user.anonymised_at is not None and not extra:
        return {}
    words = words_of(user, extra)
    counts = rewrite_texts(words, tell=tell)
    return {**counts, **_empty_account(actor, user, words, counts)}


def finish_anonymising(*, max_seconds: float) -> int:
    """Goes on with everybody who was asked for; answers how many are nobody now. Any number of workers may run it.

    One with whom it fails does not keep the others waiting; the failure is raised after them.
    """
    stop_at, count = time.monotonic() + max_seconds, 0
    failure: Exception | None = None
    waiting = User.objects.filter(anonymise_asked_at__isnull=False, anonymised_at=None)
    for user in waiting.order_by("anonymise_asked_at"):
        if time.monotonic() > stop_at:
            logger.warning("Somebody still waits to be anonymised; the next run goes on.")
            break
        try:
            anonymise_user(actor=Actor.system("anonymise"), user=user)
        except SoftTimeLimitExceeded:
            raise
        except Exception as error:
            logger.exception("Somebody could not be anonymised.", extra={"user_id": user.pk})
            failure = error
        else:
            count += 1
    if failure is not None:
        raise failure
    return count


def names_of(user: User) -> list[str]:
    """The names that are taken out of all texts, the present one first: of those that they have or had, in whatever
    spelling, the ones of several words."""
    found: dict[str, str] = {}
    for name in (user.full_name, *(str(facts.get("full_name") or "") for facts in _facts_in_log(user))):
        if len(name.split()) > 1:
            found.setdefault(fold_name(name), " ".join(name.split()))
    return list(found.values())


def words_of(user: User, extra: Sequence[str] = ()) -> PersonalWords:
    """What names this person: the address and name that they have, those that they had, and what somebody adds."""
    kept = _kept_names(user)
    return PersonalWords.of_person(
        addresses=[user.email, *(str(facts["email"]) for facts in _facts_in_log(user) if facts.get("email"))],
        names=[name for name in names_of(user) if fold_name(name) not in kept],
        extra=extra,
        address=address_of(user),
        name=name_of(user),
    )


def address_of(user: User) -> str:
    """The address that nobody has, in the place of theirs."""
    return f"anonymised-{user.pk}@{NOBODYS_DOMAIN}"


def name_of(user: User) -> str:
    """What they are called instead."""
    return f"anonymised person {user.pk}"


def _check_names(user: User, keep_names: Sequence[str] | None) -> list[str]:
    names = names_of(user)
    shown = ", ".join(f"“{name}”" for name in names[:MOST_SHOWN])
    if keep_names is None:
        if len(names) > 1:
            raise Conflict(
                f"They have called themselves {shown}. Say in keep_names which of these stay in texts, or []."
            )
        return []
    theirs = {fold_name(name): name for name in names}
    if any(fold_name(name) not in theirs for name in keep_names):
        raise InvalidInput.of_field("keep_names", f"Names of theirs are: {shown or 'none of several words'}.")
    return [theirs[fold_name(name)] for name in keep_names]


def _kept_names(user: User) -> set[str]:
    lines = Event.objects.filter(object_type="user", object_id=str(user.pk), verb="user.anonymise_asked")
    return {fold_name(name) for data in lines.values_list("data", flat=True) for name in data.get("kept_names", ())}


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
