"""Rows of the registry for tests: plain ORM rows, no service behind them."""

import itertools
from typing import Any

from tracker.choices import Role
from tracker.models import ApiToken, Project, User

PASSWORD = "correct horse battery"
_numbers = itertools.count(1)


def make_user(role: str = Role.MAINTAINER, **fields: Any) -> User:
    """A person who can log in with the password "correct horse battery"."""
    fields = {"email": f"person{next(_numbers)}@example.com", "full_name": "", "role": role, **fields}
    return User.objects.create_user(password=fields.pop("password", PASSWORD), **fields)


def make_project(**fields: Any) -> Project:
    """A project with a key of its own."""
    number = next(_numbers)
    return Project.objects.create(**{"key": f"P{number}", "name": f"Project {number}", **fields})


def make_token(owner: User, **fields: Any) -> ApiToken:
    """A stored token; nobody knows its secret."""
    number = next(_numbers)
    return ApiToken.objects.create(
        **{
            "owner": owner,
            "name": f"Token {number}",
            "prefix": f"trk_{number:08d}"[:12],
            "digest": number.to_bytes(32, "big"),
            "scopes": ["read"],
            **fields,
        }
    )
