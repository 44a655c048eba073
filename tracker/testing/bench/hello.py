"""The least that Django can do: one view, no middleware. What the API's cheapest request is measured against."""

import os

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.urls import path


def say_hello(request: HttpRequest) -> HttpResponse:
    """Hello."""
    return HttpResponse(b"hello", content_type="text/plain")


urlpatterns = [path("hello", say_hello)]


def make_application() -> WSGIHandler:
    """Django with nothing but the view."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tracker.settings")
    settings.MIDDLEWARE = []
    settings.ROOT_URLCONF = __name__
    django.setup()
    return WSGIHandler()


if os.environ.get("SERVER_SOFTWARE", "").startswith("gunicorn"):
    application = make_application()
