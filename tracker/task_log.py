"""A request's id travels in the headers of the tasks it enqueues, and comes back in the lines those tasks log."""

import logging
import logging.config
import time
from typing import Any

import structlog
from celery.signals import before_task_publish, setup_logging, task_failure, task_postrun, task_prerun
from django.conf import settings

from tracker import logs

HEADER = "tracker_request_id"
logger = logging.getLogger("tracker.tasks")


def connect() -> None:
    """Hooks this module into Celery; called once, where the Celery app is made."""
    setup_logging.connect(configure_logging, weak=False, dispatch_uid="tracker.logging")
    before_task_publish.connect(send_request_id, weak=False, dispatch_uid="tracker.request_id.send")
    task_prerun.connect(bind_request_id, weak=False, dispatch_uid="tracker.request_id.bind")
    task_failure.connect(log_failure, weak=False, dispatch_uid="tracker.task.failure")
    task_postrun.connect(log_task, weak=False, dispatch_uid="tracker.task.log")


def configure_logging(**_: Any) -> None:
    """Makes worker and beat log as the web does (a receiver of this signal also keeps Celery from its own set-up)."""
    logging.config.dictConfig(settings.LOGGING)


def send_request_id(headers: dict[str, Any] | None = None, **_: Any) -> None:
    """Puts the running request's id into the message."""
    request_id = logs.current_request_id()
    if request_id and headers is not None:
        headers[HEADER] = request_id


def bind_request_id(task_id: str, task: Any, **_: Any) -> None:
    """Starts the task with the id of the request that caused it, or with its own where beat did."""
    structlog.contextvars.clear_contextvars()
    sent = getattr(task.request, HEADER, None)
    logs.bind(request_id=logs.accept_request_id(sent or task_id), operation=task.name, task_id=task_id)
    task.request.tracker_started_at = time.perf_counter()


def log_failure(exception: BaseException | None = None, **_: Any) -> None:
    """One line with the traceback, while the request id is still bound."""
    logger.error("task failed", exc_info=exception)


def log_task(task: Any, state: str = "", **_: Any) -> None:
    """One line per task; those of beat, every few seconds, only at DEBUG."""
    started_at = getattr(task.request, "tracker_started_at", None)
    latency_ms = round((time.perf_counter() - started_at) * 1000, 1) if started_at else None
    level = logging.INFO if getattr(task.request, HEADER, None) else logging.DEBUG
    logger.log(level, "task", extra={"state": state, "latency_ms": latency_ms})
    structlog.contextvars.clear_contextvars()
