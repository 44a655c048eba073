"""All addresses."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from tracker.health import health, healthz
from tracker.metrics_page import show_metrics

urlpatterns = [
    # Whoever types the bare address looks for the pages.
    path("", RedirectView.as_view(pattern_name="admin:index"), name="root"),
    path("health", health, name="health"),
    path("healthz", healthz, name="healthz"),
    path("metrics", show_metrics, name="metrics"),
    path("account/", include("tracker.admin.account_urls")),
    path("admin/", admin.site.urls),
    path("", include("tracker.api.urls")),
    path("v1/", include("incidents.api.urls")),
]

handler400 = "tracker.api.fallbacks.bad_request"
handler403 = "tracker.api.fallbacks.permission_denied"
handler404 = "tracker.api.fallbacks.page_not_found"
handler500 = "tracker.api.fallbacks.server_error"
