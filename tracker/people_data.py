"""What the registry holds of people, and what becomes of it."""

import json
from collections.abc import Iterable
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.db import connection
from django.db.models import Q, QuerySet
from django_celery_beat.models import PeriodicTask

from tracker.models import (
    ApiToken,
    Event,
    IdempotencyRecord,
    LoginSession,
    Notification,
    NotificationPreference,
    Project,
    SavedView,
    User,
)
from tracker.personal_data import PersonalData, PersonalRows, declare
from tracker.personal_words import PersonalWords

# A name of one word is taken out of no text but these: what the log says of the account itself.
FORGET_FACTS = """
UPDATE tracker_event SET
    before = CASE WHEN before ? 'full_name' THEN jsonb_set(before, '{full_name}', to_jsonb(%(name)s::text))
             ELSE before END,
    after = CASE WHEN after ? 'full_name' THEN jsonb_set(after, '{full_name}', to_jsonb(%(name)s::text)) ELSE after END
 WHERE object_type = 'user' AND object_id = %(id)s AND (before ? 'full_name' OR after ? 'full_name')
"""
FORGET_ANSWERS = """
DELETE FROM tracker_idempotencyrecord
 WHERE caller = ANY(%(callers)s) OR encode(coalesce(response_body, ''), 'escape') ILIKE ANY(%(patterns)s)
"""


def _hindrances(user: User) -> Iterable[str]:
    for name, kwargs in PeriodicTask.objects.filter(kwargs__icontains=user.email).values_list("name", "kwargs"):
        if user.email in _texts(json.loads(kwargs)):
            yield f"The schedule “{name}” sends to it: take it out there first."


def _texts(value: object) -> set[str]:
    if isinstance(value, str):
        return {value.casefold()}
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return {text for item in inner for text in _texts(item)}


def _forget(user: User, words: PersonalWords) -> dict[str, int]:
    theirs: dict[str, QuerySet[Any]] = {
        "second factors": Authenticator.objects.filter(user=user),
        "sign-ons": SocialAccount.objects.filter(user=user),
        "addresses": EmailAddress.objects.filter(user=user),
        "logins": LoginSession.objects.filter(user=user),
        "notifications": Notification.objects.filter(recipient=user),
        "preferences": NotificationPreference.objects.filter(person=user),
        "saved views": SavedView.objects.filter(owner=user, is_shared=False),
        "memberships": Project.members.through.objects.filter(user=user),
        "admin notes": LogEntry.objects.filter(user=user),
    }
    gone = {kind: rows.delete()[0] for kind, rows in theirs.items()}
    gone["stored answers"] = _forget_answers(user, words)
    gone["tokens"] = ApiToken.objects.filter(owner=user).delete()[0]
    gone["sessions"] = _forget_sessions(user)
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('tracker.is_anonymising', 'on', true)")
        cursor.execute(FORGET_FACTS, {"name": f"anonymised person {user.pk}", "id": str(user.pk)})
    return gone


def _forget_answers(user: User, words: PersonalWords) -> int:
    tokens = ApiToken.objects.filter(owner=user).values_list("pk", flat=True)
    callers = [f"user:{user.pk}", *(f"token:{pk}" for pk in tokens)]
    with connection.cursor() as cursor:
        cursor.execute(FORGET_ANSWERS, {"callers": callers, "patterns": words.patterns})
        return int(cursor.rowcount)


def _forget_sessions(user: User) -> int:
    rows = Session.objects.order_by("pk").iterator(chunk_size=1_000)
    theirs = [row.pk for row in rows if row.get_decoded().get("_auth_user_id") == str(user.pk)]
    return Session.objects.filter(pk__in=theirs).delete()[0]


def _about(user: User) -> "QuerySet[Event]":
    return Event.objects.filter(object_type="user", object_id=str(user.pk))


declare(
    "tracker",
    PersonalData(
        rows=(
            PersonalRows(
                "account",
                "Your account.",
                lambda user: User.objects.filter(pk=user.pk),
                (
                    "id", "email", "full_name", "role", "timezone", "is_active", "created_at", "last_login",
                    "email_confirmed_at",
                ),
            ),
            PersonalRows(
                "logins",
                "When you logged in over the API.",
                lambda user: LoginSession.objects.filter(user=user),
                ("created_at", "refreshed_at", "expires_at", "revoked_at", "revoked_because"),
            ),
            PersonalRows(
                "tokens",
                "Your API tokens; their secrets are not kept.",
                lambda user: ApiToken.objects.filter(owner=user),
                ("name", "prefix", "scopes", "created_at", "expires_at", "last_used_at", "revoked_at"),
            ),
            PersonalRows(
                "second_factors",
                "Your second factors, without their secrets.",
                lambda user: Authenticator.objects.filter(user=user),
                ("type", "created_at", "last_used_at"),
            ),
            PersonalRows(
                "sign_ons",
                "What the company's sign-on said of you.",
                lambda user: SocialAccount.objects.filter(user=user),
                ("provider", "uid", "extra_data", "date_joined", "last_login"),
            ),
            PersonalRows(
                "addresses",
                "Your addresses.",
                lambda user: EmailAddress.objects.filter(user=user),
                ("email", "verified", "primary"),
            ),
            PersonalRows(
                "notifications",
                "What you were told.",
                lambda user: Notification.objects.filter(recipient=user),
                ("kind", "object_type", "object_id", "headline", "body", "created_at", "read_at"),
            ),
            PersonalRows(
                "preferences",
                "How you want to be told of what.",
                lambda user: NotificationPreference.objects.filter(person=user),
                ("kind", "is_listed", "mail"),
            ),
            PersonalRows(
                "saved_views",
                "The views that you keep.",
                lambda user: SavedView.objects.filter(owner=user),
                ("page", "name", "query", "is_shared", "created_at"),
            ),
            PersonalRows(
                "projects",
                "The projects that you own or belong to.",
                lambda user: Project.objects.filter(Q(owner=user) | Q(members=user)).distinct(),
                ("key", "name"),
            ),
            PersonalRows(
                "log",
                "What you did, as the log has it.",
                lambda user: Event.objects.filter(actor=user),
                ("at", "verb", "object_type", "object_id", "request_id"),
            ),
            PersonalRows(
                "log_about_you", "What was done to your account.", _about, ("at", "verb", "before", "after")
            ),
        ),
        hindrances=_hindrances,
        forget=_forget,
        untouched=(
            # The account itself is emptied last of all; other people may have the same name.
            "tracker.user",
            # Whom a schedule sends to is asked about before, and its name is its key.
            "django_celery_beat.periodictask",
            IdempotencyRecord._meta.label_lower,
        ),
    ),
)  # fmt: skip
