"""Traces by OpenTelemetry, from a request over its tasks to the deliveries it causes. Imported only where
OTEL_EXPORTER_OTLP_ENDPOINT is set.

Spans are made by hand in four places (requests, tasks, statements, deliveries) and not by the packages that instrument
Django and Celery: those tell addresses, queries and user agents of people, and every tick of beat.
"""

import atexit
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from celery.signals import before_task_publish, task_postrun, task_prerun, worker_process_shutdown
from django.conf import settings
from django.db.backends.signals import connection_created
from opentelemetry import context as contexts
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.re import parse_env_headers

from tracker.telemetry import Attributes, Kind, Span, Tracing
from tracker.version import VERSION

HEADER = "tracker_traceparent"
# A collector that is away must not keep a process from ending.
EXPORT_SECONDS = 2.0
LONGEST_STATEMENT, LONGEST_NAME = 1_000, 20
Execute = Callable[..., Any]
KINDS: dict[Kind, SpanKind] = {
    "server": SpanKind.SERVER,
    "consumer": SpanKind.CONSUMER,
    "client": SpanKind.CLIENT,
    "internal": SpanKind.INTERNAL,
}
_propagator = TraceContextTextMapPropagator()


class _Handle:
    def __init__(self, span: trace.Span) -> None:
        self._span = span

    def describe(self, name: str, attributes: Attributes) -> None:
        self._span.update_name(name)
        self._span.set_attributes(dict(attributes))

    def fail(self) -> None:
        self._span.set_status(StatusCode.ERROR)


class OpenTelemetry(Tracing):
    """Spans that are kept and sent."""

    def __init__(self, provider: TracerProvider) -> None:
        self._tracer = provider.get_tracer("tracker", VERSION)

    def traceparent(self) -> str:
        """As the W3C spells it."""
        carrier: dict[str, str] = {}
        _propagator.inject(carrier)
        return carrier.get("traceparent", "")

    @contextmanager
    def span(
        self, name: str, *, kind: Kind, parent: str, links: Sequence[str], attributes: Attributes
    ) -> Iterator[Span]:
        """A span that is current inside the block. The text of an exception stays out of it."""
        with self._tracer.start_as_current_span(
            name,
            context=_read(parent) if parent else None,
            kind=KINDS[kind],
            attributes=dict(attributes),
            links=[trace.Link(trace.get_current_span(_read(one)).get_span_context()) for one in links if one],
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            handle = _Handle(span)
            try:
                yield handle
            except BaseException:
                handle.fail()
                raise

    def follow_statements(self, connection: Any, **_: Any) -> None:
        """Called for each connection to the database that is opened."""
        if self._trace_statement not in connection.execute_wrappers:
            connection.execute_wrappers.append(self._trace_statement)

    def _trace_statement(self, execute: Execute, sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
        """A span for each statement inside a span, as it was written: with blanks in place of its values."""
        if not trace.get_current_span().is_recording():
            return execute(sql, params, many, context)
        text = sql if isinstance(sql, str) else type(sql).__name__
        words = text.split(None, 1)
        attributes = {"db.system.name": "postgresql", "db.query.text": text[:LONGEST_STATEMENT]}
        name = words[0].upper()[:LONGEST_NAME] if words else "SQL"
        with self.span(name, kind="client", parent="", links=(), attributes=attributes):
            return execute(sql, params, many, context)


def _read(traceparent: str) -> contexts.Context:
    return _propagator.extract({"traceparent": traceparent})


def start() -> OpenTelemetry:
    """Begins to trace; spans leave in batches, from a thread of their own."""
    resource = Resource.create({"service.name": settings.OTEL_SERVICE_NAME, "service.version": VERSION})
    sampler = ParentBased(TraceIdRatioBased(settings.OTEL_TRACES_SAMPLER_ARG))
    provider = TracerProvider(resource=resource, sampler=sampler, shutdown_on_exit=False)
    exporter = OTLPSpanExporter(
        endpoint=f"{settings.OTEL_EXPORTER_OTLP_ENDPOINT.rstrip('/')}/v1/traces",
        headers=parse_env_headers(settings.OTEL_EXPORTER_OTLP_HEADERS, liberal=True),
        timeout=EXPORT_SECONDS,
    )
    provider.add_span_processor(BatchSpanProcessor(exporter))
    tracing = OpenTelemetry(provider)
    _follow_tasks(tracing)
    connection_created.connect(tracing.follow_statements, weak=False, dispatch_uid="tracker.traces")
    atexit.register(provider.shutdown)
    # Children of a worker end without the interpreter's leave.
    worker_process_shutdown.connect(lambda **_: provider.shutdown(), weak=False, dispatch_uid="tracker.traces")
    return tracing


def _follow_tasks(tracing: OpenTelemetry) -> None:
    """A task that a request rang for goes on with its trace; one of beat begins none."""

    def send(headers: dict[str, Any] | None = None, **_: Any) -> None:
        traceparent = tracing.traceparent()
        if traceparent and headers is not None:
            headers[HEADER] = traceparent

    def begin(task: Any, **_: Any) -> None:
        sent = getattr(task.request, HEADER, None)
        if isinstance(sent, str) and sent:
            attributes = {"messaging.system": "celery", "messaging.operation.name": "process"}
            block = tracing.span(f"run {task.name}", kind="consumer", parent=sent, links=(), attributes=attributes)
            task.request.tracker_span = (block, block.__enter__())

    def end(task: Any, state: str = "", **_: Any) -> None:
        block, span = getattr(task.request, "tracker_span", None) or (None, None)
        if block is None or span is None:
            return
        if state != "SUCCESS":
            span.fail()
        block.__exit__(None, None, None)

    before_task_publish.connect(send, weak=False, dispatch_uid="tracker.traces.send")
    task_prerun.connect(begin, weak=False, dispatch_uid="tracker.traces.begin")
    task_postrun.connect(end, weak=False, dispatch_uid="tracker.traces.end")
