"""Addresses of the registry's API."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from tracker.api.docs import RedocView, SchemaView, SwaggerView
from tracker.api.tokens import TokenViewSet

router = SimpleRouter(trailing_slash=False, use_regex_path=False)
router.register("tokens", TokenViewSet, basename="token")

urlpatterns = [
    path("v1/schema", SchemaView.as_view(), name="schema"),
    path("docs", SwaggerView.as_view(url_name="schema"), name="docs"),
    path("redoc", RedocView.as_view(url_name="schema"), name="redoc"),
    path("v1/", include(router.urls)),
]
