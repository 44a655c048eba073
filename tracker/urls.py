"""All addresses."""

from django.contrib import admin
from django.urls import include, path

from incidents.api.analysis import AnalysisView
from tracker.health import health, healthz
from tracker.home import lead_home
from tracker.metrics_page import show_metrics

urlpatterns = [
    path("", lead_home, name="root"),
    path("health", health, name="health"),
    path("healthz", healthz, name="healthz"),
    path("metrics", show_metrics, name="metrics"),
    path("analysis", AnalysisView.as_view(), name="analysis"),
    path("account/", include("tracker.admin.account_urls")),
    path("admin/", admin.site.urls),
    path("", include("incidents.portal.urls")),
    path("", include("tracker.api.urls")),
    path("v1/", include("incidents.api.urls")),
    path("v1/", include("reports.api.urls")),
]

handler400 = "tracker.api.fallbacks.bad_request"
handler403 = "tracker.api.fallbacks.permission_denied"
handler404 = "tracker.api.fallbacks.page_not_found"
handler500 = "tracker.api.fallbacks.server_error"
