"""Errors to Sentry, or to whatever speaks its protocol. Imported only where SENTRY_DSN is set."""

from typing import Any

import sentry_sdk
from django.conf import settings
from sentry_sdk.integrations.argv import ArgvIntegration
from sentry_sdk.integrations.celery import CeleryIntegration
from sentry_sdk.integrations.django import DjangoIntegration
from sentry_sdk.integrations.logging import LoggingIntegration
from sentry_sdk.integrations.modules import ModulesIntegration
from sentry_sdk.integrations.stdlib import StdlibIntegration

from tracker import logs
from tracker.telemetry.scrubbing import scrub_event
from tracker.version import VERSION


def start() -> None:
    """Sends every unforeseen error from here on, from a thread of its own; one that cannot be sent is dropped."""
    sentry_sdk.init(
        dsn=settings.SENTRY_DSN,
        release=f"tracker@{VERSION}",
        environment="production" if settings.IS_PRODUCTION else "local",
        # The name of the machine is nobody's business.
        server_name="",
        before_send=_before_send,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        auto_session_tracking=False,
        send_client_reports=False,
        traces_sample_rate=None,
        trace_propagation_targets=[],
        shutdown_timeout=2,
        # Everything that speaks the protocol unpacks gzip.
        _experiments={"transport_compression_algo": "gzip"},  # type: ignore[typeddict-item]
        auto_enabling_integrations=False,
        # The first tells the command line, where addresses of people may stand.
        disabled_integrations=[ArgvIntegration(), ModulesIntegration(), StdlibIntegration()],
        integrations=[
            DjangoIntegration(middleware_spans=False, signals_spans=False),
            CeleryIntegration(propagate_traces=False),
            LoggingIntegration(level=None),
        ],
    )


def _before_send(event: Any, hint: dict[str, Any]) -> Any:
    return scrub_event(event, tags={"request_id": logs.current_request_id()})
