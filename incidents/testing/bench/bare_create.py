"""The least that REST framework can do to keep an issue: one view, no middleware, nobody asked, one INSERT."""

import os

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler


def make_application() -> WSGIHandler:
    """Django with nothing but the view."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tracker.settings")
    settings.MIDDLEWARE = []
    settings.ROOT_URLCONF = "incidents.testing.bench.bare_urls"
    django.setup()
    return WSGIHandler()


if os.environ.get("SERVER_SOFTWARE", "").startswith("gunicorn"):
    application = make_application()
