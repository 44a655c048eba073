"""The least that Django can answer: no middleware, no database. `hello:application` is a WSGI application."""

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path


def say_hello(request: HttpRequest) -> HttpResponse:
    """The view."""
    return HttpResponse(b'{"hello": "world"}', content_type="application/json")


urlpatterns = [path("hello", say_hello)]

if not settings.configured:
    settings.configure(
        ROOT_URLCONF=__name__, ALLOWED_HOSTS=["127.0.0.1"], SECRET_KEY="hello", USE_TZ=True, MIDDLEWARE=[]
    )
application = get_wsgi_application()
