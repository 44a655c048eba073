"""People before the portal."""

import pytest

from incidents.testing.portal import Visitor
from tracker.choices import Role
from tracker.models import User
from tracker.testing.factories import make_user


@pytest.fixture
def rita(db: None) -> User:
    """A reporter."""
    return make_user(Role.REPORTER, full_name="Rita", timezone="Europe/Berlin")


@pytest.fixture
def browser_of_rita(rita: User) -> Visitor:
    """Her browser."""
    return Visitor(rita)
