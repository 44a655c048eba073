"""Every line of the log is one JSON object, whatever a stranger sends, and holds no secret."""

import io
import json
import logging
import logging.config
import subprocess
import sys

import pytest
import structlog
from django.test import Client

from tracker import logs, task_log
from tracker.testing.services import make_child_environment

SECRETS = [
    "trk_" + "Canary7Canary7Canary7",
    "Canary7" + "x" * 30,
    "https://hooks.slack.com/services/T0000/B0000/Canary7Canary7",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJDYW5hcnk3In0.Canary7Signature",
]
HOSTILE = [
    'line\r\n{"event": "forged"}',
    "\x1b[31mred\x1b[0m\x07\x00\x7f",
    "a\u2028b\u2029c\u0085d\u200b\u202e",
    "\ud800 lone surrogate",
    "\\u0000 \" ' {} %s %(x)s",
]


@pytest.fixture
def lines():
    """What the JSON handler wrote, one string per line."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.JsonFormatter())
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield lambda: stream.getvalue().splitlines()
    root.removeHandler(handler)
    root.setLevel(before)


@pytest.mark.parametrize("text", HOSTILE, ids=["forged line", "control", "separators", "surrogate", "quotes"])
def test_hostile_text_stays_inside_one_parseable_line(text):
    # Not through the log itself: pytest would carry a lone surrogate into its reports, and xdist cannot send one.
    record = logging.makeLogRecord({"name": "some.part", "msg": text, "operation": text, "nested": {text: [text]}})
    line = logs.JsonFormatter().format(record)
    assert line.isascii()
    assert line.isprintable()
    event = json.loads(line)
    assert event["operation"] == event["event"] == text


def test_a_line_has_the_fields_that_operators_search_by(lines):
    with logs.context(request_id="abc", ticket_id="T-1"):
        logging.getLogger("some.part").info("done in %s", "time", extra={"operation": "sweep", "latency_ms": 1.5})
    event = json.loads(lines()[0])
    assert list(event)[:4] == ["timestamp", "level", "logger", "event"]
    assert event["timestamp"].endswith("Z")
    assert (event["level"], event["logger"], event["event"]) == ("info", "some.part", "done in time")
    assert (event["request_id"], event["ticket_id"]) == ("abc", "T-1")
    assert (event["operation"], event["latency_ms"]) == ("sweep", 1.5)


def test_structlog_and_logging_write_the_same_shape(lines):
    structlog.get_logger("some.part").info("said", ticket_id="T-2")
    event = json.loads(lines()[0])
    assert (event["logger"], event["event"], event["ticket_id"]) == ("some.part", "said", "T-2")


@pytest.mark.parametrize("secret", SECRETS, ids=["token", "password", "webhook", "jwt"])
def test_no_secret_reaches_a_line(lines, secret):
    logger = logging.getLogger("some.part")
    logger.info("Authorization: Bearer %s", secret)
    logger.info("sent password=%s to", secret)
    logger.info('body {"password": "%s", "url": "x"}', secret)
    logger.info("x", extra={"headers": {"Authorization": f"Bearer {secret}", "Cookie": secret}, "password": secret})
    logger.info("x", extra={"query": [("access_token", f"access_token={secret}")]})
    logger.info("postgres://tracker:%s@db/tracker", secret.replace("/", "").replace(":", ""))
    try:
        raise ValueError(f"Bearer {secret} refused")
    except ValueError:
        logger.exception("failed")
    written = "\n".join(lines())
    assert len(lines()) == 7
    assert "Canary7" not in written


def test_the_name_of_a_token_may_be_read(lines):
    logging.getLogger("some.part").info("token created", extra={"token_id": 5, "prefix": "abcd"})
    event = json.loads(lines()[0])
    assert (event["token_id"], event["prefix"]) == (5, "abcd")


@pytest.mark.parametrize(
    "sent", ["a b", "x" * 65, "", "a\nb", "ü", "a\x00", "../x", "<b>"], ids=lambda text: ascii(text)[:12]
)
def test_a_request_id_that_could_harm_is_replaced(sent):
    accepted = logs.accept_request_id(sent)
    assert accepted != sent
    assert logs.REQUEST_ID_PATTERN.match(accepted)


def test_a_request_id_comes_back_and_stands_in_the_lines_of_the_request(lines):
    answer = Client().get("/admin/login/?token=trk_Canary7", headers={"X-Request-ID": "client-1"})
    assert answer.headers["X-Request-ID"] == "client-1"
    access = [event for event in map(json.loads, lines()) if event["event"] == "request"]
    assert len(access) == 1
    assert access[0]["request_id"] == "client-1"
    assert (access[0]["operation"], access[0]["status"], access[0]["method"]) == ("admin:login", 200, "GET")
    assert access[0]["path"] == "/admin/login/"
    assert access[0]["latency_ms"] >= 0
    assert "Canary7" not in "".join(lines())
    assert logs.current_request_id() == ""


@pytest.mark.parametrize("link", ["/account/reset/Mg/{}/", "/account/confirm/Mg/{}/x", "/incidents/follow/{}/"])
def test_a_link_of_a_letter_that_was_copied_with_more_is_told_without_its_token(lines, link):
    assert Client().get(link.format("cxyz-0123456789abcdef")).status_code == 404
    assert "0123456789abcdef" not in "".join(lines())


@pytest.mark.parametrize(
    "path", ["/a%0D%0A%7B%22event%22:1%7D", "/%1B%5B31m", "/%E2%80%A8"], ids=["crlf", "ansi", "u2028"]
)
def test_a_hostile_path_and_user_agent_stay_inside_the_access_line(lines, path):
    Client().get(path, headers={"User-Agent": "x\x1b[0m"})
    for line in lines():
        json.loads(line)
        assert line.isprintable()


def test_a_request_id_travels_to_the_task_and_is_gone_afterwards(lines, celery_task):
    with logs.context(request_id="req-7"):
        headers: dict[str, str] = {}
        task_log.send_request_id(headers=headers)
    celery_task.push_request(id="task-1", **headers)
    task_log.bind_request_id(task_id="task-1", task=celery_task)
    assert logs.current_request_id() == "req-7"
    task_log.log_task(task=celery_task, state="SUCCESS")
    celery_task.pop_request()
    event = json.loads(lines()[-1])
    assert (event["request_id"], event["operation"], event["state"]) == ("req-7", celery_task.name, "SUCCESS")
    assert event["latency_ms"] >= 0
    assert logs.current_request_id() == ""


@pytest.fixture
def celery_task():
    from tracker.sweeps import beat_heart

    return beat_heart


def test_commands_talk_to_people_on_stderr(db):
    done = subprocess.run(
        [
            sys.executable,
            "manage.py",
            "shell",
            "-c",
            "import logging; logging.getLogger('x').warning('mind\\x1b the gap')",
        ],
        env=make_child_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert "warning: mind\\u001b the gap" in done.stderr
    assert "mind" not in done.stdout


def test_the_level_of_the_settings_is_kept():
    config = logs.logging_config("WARNING")
    assert config["root"]["level"] == "WARNING"
    assert config["loggers"]["django.request"]["level"] == "ERROR"
    assert logs.logging_config("CRITICAL")["loggers"]["kombu"]["level"] == "CRITICAL"
