"""What the tests of accounts share."""

from typing import Any

import pytest


@pytest.fixture
def mail(settings: Any) -> None:
    """Letters reach people."""
    settings.EMAIL_URL = "smtp://mail.example.com"


@pytest.fixture
def open_registration(settings: Any) -> None:
    """Whoever has an address at example.com may register."""
    settings.REGISTRATION_DOMAINS = ["example.com"]
