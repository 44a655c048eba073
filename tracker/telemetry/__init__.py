"""Errors and traces, for those who collect them: SENTRY_DSN and OTEL_EXPORTER_OTLP_ENDPOINT.

What is not configured is not even imported, and a span of it is one shared object that does nothing. Both send to an
address of the operator's own, from threads of their own and past the guarded client, as files go to a bucket of S3.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from importlib import import_module
from typing import Literal, Protocol

from django.conf import settings

Kind = Literal["server", "consumer", "client", "internal"]
Attributes = Mapping[str, str | int | float | bool]


class Span(Protocol):
    """One piece of work in a trace."""

    def describe(self, name: str, attributes: Attributes) -> None:
        """Says what it turned out to be: a `name` of few values, and what else is known. Nothing about people."""

    def fail(self) -> None:
        """Marks it as failed."""


class Tracing:
    """What is done where nobody collects traces: nothing."""

    def traceparent(self) -> str:
        """Where the running work stands in its trace (W3C), to be carried along; empty outside of all."""
        return ""

    def span(
        self, name: str, *, kind: Kind, parent: str, links: Sequence[str], attributes: Attributes
    ) -> AbstractContextManager[Span]:
        """A piece of work; `parent` is the traceparent of what caused it, empty for what runs now."""
        return _NOTHING


class _Nothing:
    def __enter__(self) -> Span:
        """Begins nothing."""
        return self

    def __exit__(self, *error: object) -> None:
        """Ends nothing."""

    def describe(self, name: str, attributes: Attributes) -> None:
        """Nobody listens."""

    def fail(self) -> None:
        """Nobody listens."""


_NOTHING = _Nothing()
_tracing = Tracing()


def start() -> None:
    """Begins to collect what is configured; called once, when Django starts."""
    global _tracing
    if settings.SENTRY_DSN:
        import_module("tracker.telemetry.errors").start()
    if settings.OTEL_EXPORTER_OTLP_ENDPOINT:
        _tracing = import_module("tracker.telemetry.traces").start()


def current_traceparent() -> str:
    """Where the running work stands in its trace, for a row or a message that goes on with it; empty without one."""
    return _tracing.traceparent()


def span(
    name: str,
    *,
    kind: Kind = "internal",
    parent: str = "",
    links: Sequence[str] = (),
    attributes: Attributes = {},  # noqa: B006 - only read
) -> AbstractContextManager[Span]:
    """A piece of work of the trace that runs, or of `parent`'s."""
    return _tracing.span(name, kind=kind, parent=parent, links=links, attributes=attributes)
