"""The dead man's switch: somebody outside is called as long as all is well, and raises the alarm when nobody calls.

Whoever watches from inside cannot tell of its own death. So HEARTBEAT_URL is called by what beat rings for and a worker
does, and only while database, worker, beat, sweeps and deliveries do not fail and the auditor has nothing open.
"""

import logging

from asgiref.sync import async_to_sync
from django.conf import settings

from tracker import health
from tracker.health import Grade
from tracker.outgoing import OutgoingFailed, send_request

# What is merely degraded (a dead letter of yesterday, a full disk to come) is for /healthz, not for the night watch.
MUST_NOT_FAIL = ("database", "worker", "beat", "sweep_lag", "deliveries")
MUST_BE_WELL = ("audit",)
DEADLINE_SECONDS = 10.0
logger = logging.getLogger(__name__)


def find_ailing() -> list[str]:
    """The parts for which the call is left out."""
    grades = health.ask_probes(health.find_checks((*MUST_NOT_FAIL, *MUST_BE_WELL)))
    return [
        name for name, grade in grades.items() if grade is Grade.FAILED or (name in MUST_BE_WELL and grade != Grade.OK)
    ]


def call_home() -> bool:
    """Calls HEARTBEAT_URL, if there is one and all is well; whether it did.

    Raises:
        OutgoingFailed, OutgoingRefused: nobody answered there, or not with a success. The text names no address.
    """
    if not settings.HEARTBEAT_URL:
        return False
    if ailing := find_ailing():
        logger.warning("The heartbeat is withheld.", extra={"reason": ", ".join(ailing)})
        return False
    answer = async_to_sync(send_request)(
        "GET",
        settings.HEARTBEAT_URL,
        headers={},
        body=b"",
        deadline_seconds=DEADLINE_SECONDS,
        allow=settings.OUTGOING_ALLOWED_NETWORKS,
    )
    if not 200 <= answer.status < 300:
        raise OutgoingFailed(f"HEARTBEAT_URL answered {answer.status}")
    return True
