"""Test data by plain functions, and clients that speak the API as somebody."""

import itertools
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django.contrib.auth.hashers import make_password
from django.test import Client

from tracker import clock
from tracker.access import Actor
from tracker.choices import NotificationKind, Role
from tracker.models import ApiToken, Factory, Notification, ProductionPoint, Project, Sprocket, User
from tracker.services.logins import start_login
from tracker.services.tokens import issue_token

PASSWORD = "correct horse battery staple"
_numbers = itertools.count(1)


@cache
def _password_hash() -> str:
    # Hashing costs half a second by design; once per test process is enough.
    return make_password(PASSWORD)


def make_user(role: str = Role.MAINTAINER, **fields: Any) -> User:
    """A saved person with PASSWORD and a fresh e-mail address."""
    number = next(_numbers)
    defaults = {"email": f"{role}{number}@example.com", "full_name": f"{role.title()} {number}"}
    password = fields.pop("password", None)
    user = User(role=role, **{**defaults, **fields})
    user.password = make_password(password) if password else _password_hash()
    user.save()
    return user


def make_project(**fields: Any) -> Project:
    """A saved project with a fresh key; `members=[…]` puts people in."""
    number = next(_numbers)
    members = fields.pop("members", [])
    project = Project.objects.create(**{"key": f"P{number}", "name": f"Project {number}", **fields})
    project.members.set(members)
    return project


def make_notification(recipient: User, **fields: Any) -> Notification:
    """A line that nobody has read, about nothing in particular."""
    values = {"kind": NotificationKind.ASSIGNED, "headline": f"News {next(_numbers)}", "created_at": clock.now()}
    return Notification.objects.create(recipient=recipient, **{**values, **fields})


def make_factory(series: Iterable[tuple[float, float]] = (), **fields: Any) -> Factory:
    """A factory with (actual, goal) of every minute, the last of them now."""
    factory = Factory.objects.create(**{"name": f"Site {next(_numbers)}", **fields})
    pairs, now = list(series), clock.now().replace(microsecond=0)
    moments = [now - timedelta(minutes=len(pairs) - 1 - place) for place in range(len(pairs))]
    ProductionPoint.objects.bulk_create(
        ProductionPoint(factory=factory, at=at, actual=actual, goal=goal)
        for at, (actual, goal) in zip(moments, pairs, strict=True)
    )
    if pairs:
        factory.points_count, factory.last_point_at, factory.series_changed_at = len(pairs), now, now
        factory.save()
    return factory


def make_sprocket(**fields: Any) -> Sprocket:
    """A kind of sprocket."""
    measures = {"teeth": 12, "pitch_diameter": 50.0, "outside_diameter": 55.5, "pitch": 12.7}
    return Sprocket.objects.create(**{**measures, **fields})


def make_token_row(owner: User, **fields: Any) -> ApiToken:
    """A stored token; nobody knows its secret."""
    number = next(_numbers)
    defaults = {"name": f"Token {number}", "prefix": f"t{number:09d}", "digest": number.to_bytes(32, "big")}
    return ApiToken.objects.create(owner=owner, **{**defaults, "scopes": ["read"], **fields})


def make_token(
    owner: User | None = None, scopes: Iterable[str] = ("read",), *, expires_at: datetime | None = None
) -> str:
    """The plaintext of a new API token; without `owner` a new admin owns it."""
    owner = owner or make_user(Role.ADMIN)
    return issue_token(actor=Actor.of_user(owner), owner=owner, name="a test", scopes=scopes, expires_at=expires_at)[1]


def make_access_token(user: User) -> str:
    """A JWT as a login hands it out."""
    return start_login(actor=Actor.of_user(user), user=user).access


class ApiClient(Client):
    """Django's test client with JSON as the default body; a failing view answers 500 instead of raising."""

    def __init__(self, *, bearer: str = "", **defaults: Any) -> None:
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        super().__init__(headers={**headers, **defaults.pop("headers", {})}, raise_request_exception=False, **defaults)

    def post(self, path: str, data: Any = None, content_type: str = "application/json", **extra: Any) -> Any:
        """POST; without `data` the body is empty."""
        return super().post(path, "" if data is None else data, content_type, **extra)

    def patch(self, path: str, data: Any = "", content_type: str = "application/json", **extra: Any) -> Any:
        """PATCH."""
        return super().patch(path, data, content_type, **extra)

    def put(self, path: str, data: Any = "", content_type: str = "application/json", **extra: Any) -> Any:
        """PUT."""
        return super().put(path, data, content_type, **extra)


def jwt_client(user: User) -> ApiClient:
    """Speaks as a person who logged in over the API."""
    return ApiClient(bearer=make_access_token(user))


def token_client(*scopes: str, owner: User | None = None) -> ApiClient:
    """Speaks with an API token that has `scopes`."""
    return ApiClient(bearer=make_token(owner, scopes or ("read",)))


def session_client(user: User, *, enforce_csrf_checks: bool = False) -> ApiClient:
    """Speaks as a browser that is logged in."""
    client = ApiClient(enforce_csrf_checks=enforce_csrf_checks)
    client.force_login(user, backend="tracker.backends.CountedPasswordBackend")
    return client
