"""Tests run on a real PostgreSQL and a real Valkey: one server for all, a database of each per xdist worker."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import django
import pytest
from pytest_django import DjangoDbBlocker

from tracker.testing.services import settings_environment

with settings_environment():
    django.setup()

from django.conf import settings
from django.core.cache import cache

from tracker import clock
from tracker.testing.template_database import ensure_template

# The real hashers are slow on purpose; what they do is tested where it matters, by name.
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *settings.PASSWORD_HASHERS]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever lies in a folder `attacks` is one."""
    for item in items:
        if "attacks" in item.path.parts:
            item.add_marker(pytest.mark.attack)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Test databases are copies of one that is migrated; what is kept from run to run is that one alone."""
    with django_db_blocker.unblock():
        settings.DATABASES["default"]["TEST"]["TEMPLATE"] = ensure_template()


@pytest.fixture(autouse=True)
def _fresh_cache() -> Iterator[None]:
    """No counter, lock or cached row outlives its test: rows may come back under the same id."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture(autouse=True, scope="session")
def _own_media(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Files that tests store lie in a folder of this process alone."""
    settings.MEDIA_ROOT = tmp_path_factory.mktemp("media")


@pytest.fixture
def move_clock() -> Iterator[Callable[..., None]]:
    """`move_clock(to=moment)` freezes the application's clock, `move_clock(by=timedelta)` shifts it."""
    open_moves: list[AbstractContextManager[None]] = []

    def move(**change: object) -> None:
        moved = clock.moved(**change)  # type: ignore[arg-type]
        moved.__enter__()
        open_moves.append(moved)

    yield move
    for moved in reversed(open_moves):
        moved.__exit__(None, None, None)
