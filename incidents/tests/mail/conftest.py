"""Where mail comes in while these tests run."""

import pytest


@pytest.fixture(autouse=True)
def intake(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    settings.MAIL_INTAKE_ADDRESS = "reports@tracker.example"
    settings.DEFAULT_FROM_EMAIL = "Tracker <tracker@tracker.example>"
    settings.MAIL_INTAKE_TARGET = "incident"
    settings.MAIL_AUTHSERV_ID = "mx.tracker.example"
