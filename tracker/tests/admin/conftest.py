"""People before a screen."""

import pytest
from django.test import Client

from tracker.choices import Role
from tracker.models import User
from tracker.testing.factories import make_user


@pytest.fixture
def maintainer(db: None) -> User:
    """A maintainer."""
    return make_user(Role.MAINTAINER)


@pytest.fixture
def admin_user(db: None) -> User:
    """An admin."""
    return make_user(Role.ADMIN)


@pytest.fixture
def maintainer_client(maintainer: User) -> Client:
    """A maintainer's browser."""
    client = Client()
    client.force_login(maintainer)
    return client


@pytest.fixture
def admin_client(admin_user: User) -> Client:
    """An admin's browser."""
    client = Client()
    client.force_login(admin_user)
    return client
