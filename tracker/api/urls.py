"""Addresses of the registry's API."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from tracker.api.accounts import ConfirmView, RegisterView, ResetConfirmView, ResetView
from tracker.api.auth import LoginView, LogoutView, MeView, PasswordView, RefreshView
from tracker.api.docs import RedocView, SchemaView, SwaggerView
from tracker.api.factories import FactoryViewSet
from tracker.api.factory_points import ChartView, PointViewSet
from tracker.api.notifications import NotificationViewSet
from tracker.api.projects import ProjectViewSet
from tracker.api.sprockets import SprocketViewSet
from tracker.api.system import SystemView
from tracker.api.tokens import TokenViewSet
from tracker.api.users import UserViewSet

router = SimpleRouter(trailing_slash=False, use_regex_path=False)
router.register("notifications", NotificationViewSet, basename="notification")
router.register("tokens", TokenViewSet, basename="token")
router.register("users", UserViewSet, basename="user")
router.register("projects", ProjectViewSet, basename="project")
router.register("factories", FactoryViewSet, basename="factory")
router.register("sprockets", SprocketViewSet, basename="sprocket")

urlpatterns = [
    path("v1/schema", SchemaView.as_view(), name="schema"),
    path("docs", SwaggerView.as_view(url_name="schema"), name="docs"),
    path("redoc", RedocView.as_view(url_name="schema"), name="redoc"),
    path("v1/auth/login", LoginView.as_view(), name="login"),
    path("v1/auth/refresh", RefreshView.as_view(), name="refresh"),
    path("v1/auth/logout", LogoutView.as_view(), name="logout"),
    path("v1/auth/password", PasswordView.as_view(), name="password"),
    path("v1/auth/password/reset", ResetView.as_view(), name="reset"),
    path("v1/auth/password/reset/confirm", ResetConfirmView.as_view(), name="reset_confirm"),
    path("v1/auth/register", RegisterView.as_view(), name="register"),
    path("v1/auth/confirm", ConfirmView.as_view(), name="confirm"),
    path("v1/auth/me", MeView.as_view(), name="me"),
    path(
        "v1/factories/<str:id>/points",
        PointViewSet.as_view({"get": "list", "post": "create", "delete": "destroy"}),
        name="factory-points",
    ),
    path("v1/factories/<str:id>/chart", ChartView.as_view(), name="factory-chart"),
    path("v1/system", SystemView.as_view(), name="system"),
    path("v1/", include(router.urls)),
]
