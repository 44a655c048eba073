"""What services ring for after a commit. A ring carries nothing; losing it costs one beat of the sweep it wakes."""

import logging

from django.db import transaction
from kombu.exceptions import OperationalError

from tracker.celery import app

MAIL_PEOPLE = "incidents.sweeps.mail_people"
WATCH_PRODUCTION = "incidents.sweeps.watch_production"
ANONYMISE = "tracker.sweeps.anonymise"
logger = logging.getLogger(__name__)


def ring(task_name: str) -> None:
    """Wakes a sweep once the running transaction commits; a dead broker is logged and otherwise ignored."""
    transaction.on_commit(lambda: _send(task_name), robust=True)


def _send(task_name: str) -> None:
    try:
        app.send_task(task_name, retry=False, expires=60)
    except (OperationalError, OSError) as error:
        logger.warning(
            "The broker does not answer; the beat will find the work.", extra={"reason": type(error).__name__}
        )
