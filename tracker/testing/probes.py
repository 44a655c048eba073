"""Probes of the registry's addresses."""

from collections.abc import Mapping
from typing import Any

from tracker.models import ApiToken, User
from tracker.testing.factories import (
    PASSWORD,
    make_factory,
    make_notification,
    make_project,
    make_sprocket,
    make_token_row,
    make_user,
)
from tracker.testing.rights import Probe

NEW_TOKEN = {"name": "CI", "scopes": ["read"]}
NEW_PASSWORD = {"current_password": PASSWORD, "new_password": "a quite different phrase"}


def token_of(owner: User) -> Mapping[str, Any]:
    """A token."""
    token: ApiToken = make_token_row(owner)
    return {"pk": token.pk}


def person(owner: User) -> Mapping[str, Any]:
    """The owner is the object."""
    return {"pk": owner.pk}


def stranger(owner: User) -> Mapping[str, Any]:
    """Somebody to whom nothing refers."""
    return {"pk": make_user().pk}


def notification(owner: User) -> Mapping[str, Any]:
    """A line of the owner's list."""
    return {"pk": make_notification(owner).pk}


def project(owner: User) -> Mapping[str, Any]:
    """A project of theirs."""
    return {"pk": make_project(owner=owner).key}


def factory(owner: User) -> Mapping[str, Any]:
    """A factory; it belongs to nobody."""
    return {"pk": make_factory().pk}


def factory_of_points(owner: User) -> Mapping[str, Any]:
    """The same, under the name by which its production is asked for."""
    return {"id": make_factory().pk}


def sprocket(owner: User) -> Mapping[str, Any]:
    """A kind of sprocket."""
    return {"pk": make_sprocket().pk}


SERIES = {"sprocket_production_actual": [1], "sprocket_production_goal": [2], "time": [1611194818]}
MEASURES = {"teeth": 5, "pitch_diameter": 5, "outside_diameter": 6, "pitch": 1}
POINTS = "v1/factories/{id}/points"

PROBES = [
    Probe("GET", "v1/auth/me", "users", "read", is_own=True),
    Probe("PATCH", "v1/auth/me", "users", "update", body={"full_name": "New"}, is_own=True),
    Probe("POST", "v1/auth/password", "users", "update", body=NEW_PASSWORD, is_own=True),
    Probe("POST", "v1/auth/logout", "users", "update", status=204, is_own=True),
    Probe("GET", "v1/users", "users", "list"),
    Probe("GET", "v1/users/{pk}", "users", "read", person),
    Probe("POST", "v1/users", "users", "create", body={"email": "new@example.com"}, status=201),
    Probe("PATCH", "v1/users/{pk}", "users", "update", person, body={"full_name": "New"}),
    Probe("DELETE", "v1/users/{pk}", "users", "delete", stranger, status=204),
    Probe("POST", "v1/users/{pk}/anonymise", "users", "transition", stranger, status=202),
    Probe("GET", "v1/system", "system", "read"),
    Probe("GET", "v1/notifications", "notifications", "list"),
    Probe("GET", "v1/notifications/{pk}", "notifications", "read", notification),
    Probe("POST", "v1/notifications/{pk}/read", "notifications", "transition", notification),
    Probe("POST", "v1/notifications/read-all", "notifications", "transition"),
    Probe("GET", "v1/notifications/preferences", "notifications", "list"),
    Probe("PATCH", "v1/notifications/preferences", "notifications", "update", body={"watched": {"mail": "daily"}}),
    Probe("GET", "v1/tokens", "api_tokens", "list"),
    Probe("GET", "v1/tokens/{pk}", "api_tokens", "read", token_of),
    Probe("POST", "v1/tokens", "api_tokens", "create", body=NEW_TOKEN, status=201),
    Probe("POST", "v1/tokens/{pk}/revoke", "api_tokens", "transition", token_of),
    Probe("GET", "v1/projects", "projects", "list"),
    Probe("GET", "v1/projects/{pk}", "projects", "read", project),
    Probe("POST", "v1/projects", "projects", "create", body={"key": "OPS", "name": "Operations"}, status=201),
    Probe("PATCH", "v1/projects/{pk}", "projects", "update", project, body={"name": "New"}),
    Probe("DELETE", "v1/projects/{pk}", "projects", "delete", project, status=204),
    Probe("POST", "v1/projects/{pk}/transition", "projects", "transition", project, body={"is_archived": True}),
    Probe("GET", "v1/factories", "factories", "list"),
    Probe("GET", "v1/factories/{pk}", "factories", "read", factory),
    Probe("POST", "v1/factories", "factories", "create", body={"factory": {"chart_data": SERIES}}, status=201),
    Probe("PATCH", "v1/factories/{pk}", "factories", "update", factory, body={"place": "Lyon"}),
    Probe("DELETE", "v1/factories/{pk}", "factories", "delete", factory, status=204),
    Probe("GET", POINTS, "production", "list", factory_of_points),
    Probe("POST", POINTS, "production", "create", factory_of_points, body={"chart_data": SERIES}, status=201),
    Probe("DELETE", POINTS, "production", "delete", factory_of_points, status=204, query="?from=2020-01-01"),
    Probe("GET", "v1/factories/{id}/chart", "production", "list", factory_of_points),
    Probe("GET", "v1/sprockets", "sprockets", "list"),
    Probe("GET", "v1/sprockets/{pk}", "sprockets", "read", sprocket),
    Probe("POST", "v1/sprockets", "sprockets", "create", body=MEASURES, status=201),
    Probe("PUT", "v1/sprockets/{pk}", "sprockets", "update", sprocket, body=MEASURES),
    Probe("PATCH", "v1/sprockets/{pk}", "sprockets", "update", sprocket, body={"teeth": 6}),
    Probe("DELETE", "v1/sprockets/{pk}", "sprockets", "delete", sprocket, status=204),
]
