"""All addresses."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("tracker.api.urls")),
    path("v1/", include("incidents.api.urls")),
]

handler400 = "tracker.api.fallbacks.bad_request"
handler403 = "tracker.api.fallbacks.permission_denied"
handler404 = "tracker.api.fallbacks.page_not_found"
handler500 = "tracker.api.fallbacks.server_error"
