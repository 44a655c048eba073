"""`/v1/schema`, `/docs` and `/redoc`, all from this host and under a strict content policy."""

from typing import Any

from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp_update
from django.utils.decorators import method_decorator
from drf_spectacular.views import SpectacularAPIView, SpectacularRedocView, SpectacularSwaggerSplitView

# Both libraries set styles from their scripts. Scripts themselves stay limited to our own files.
STYLED: dict[str, Any] = {"style-src": [SELF, UNSAFE_INLINE]}


class SchemaView(SpectacularAPIView):
    """The OpenAPI 3.1 document."""


@method_decorator(csp_update(STYLED), name="dispatch")
class SwaggerView(SpectacularSwaggerSplitView):
    """Swagger UI, its start-up script as a file of its own."""


@method_decorator(csp_update({**STYLED, "worker-src": [SELF, "blob:"]}), name="dispatch")
class RedocView(SpectacularRedocView):
    """Redoc."""

    template_name = "api/redoc.html"
