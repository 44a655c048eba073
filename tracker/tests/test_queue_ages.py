"""One line a minute says how long work waits: what starts another worker in the cloud reads it."""

import json
import logging

import pytest

from tracker import logs, queues
from tracker.queues import Queue
from tracker.sweeps import log_queue_ages

pytestmark = pytest.mark.django_db


@pytest.fixture
def _work_waits(monkeypatch):
    waiting = [Queue("letters", "", "", lambda: 12.34), Queue("reports", "", "", lambda: 900.0, is_held_back=True)]
    monkeypatch.setattr(queues, "_queues", {queue.name: queue for queue in waiting})


@pytest.mark.usefixtures("_work_waits")
def test_the_line_tells_the_longest_wait_that_another_worker_would_shorten(caplog):
    with caplog.at_level(logging.INFO, logger="tracker.sweeps"):
        log_queue_ages()
    record = next(record for record in caplog.records if record.name == "tracker.sweeps")
    line = json.loads(logs.JsonFormatter().format(record))
    assert (line["event"], line["oldest_seconds"]) == ("queue_ages", 12.3)
    assert line["queues"] == {"letters": 12.3, "reports": 900.0}


def test_nothing_that_waits_is_no_wait(caplog):
    with caplog.at_level(logging.INFO, logger="tracker.sweeps"):
        log_queue_ages()
    record = next(record for record in caplog.records if record.name == "tracker.sweeps")
    assert record.oldest_seconds == 0.0
