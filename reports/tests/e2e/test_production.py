"""An installation in production mode: https by nginx, two webs, two workers, beat, all by the image's own commands."""

import http.client
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from websockets.sync.client import connect

from tracker import clock
from tracker.testing import nginx
from tracker.testing.container_processes import can_confine
from tracker.testing.ports import wait_until
from tracker.testing.production import ADMIN, PASSWORD, ProductionStack

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not nginx.is_installed(), reason=nginx.WHY_SKIPPED),
]
# The demo's policy: a case of this kind must be answered within 30 minutes.
PROMISED = timedelta(minutes=30)
UNTIL_BREACH = timedelta(seconds=15)


@pytest.fixture(scope="module")
def production() -> Iterator[ProductionStack]:
    # Sweeps every three seconds instead of every minute.
    with ProductionStack(SCHEDULER_INTERVAL_MINUTES="0.05") as stack:
        stack.manage("seed_demo")
        yield stack


@pytest.fixture(scope="module")
def token(production: ProductionStack) -> str:
    return production.manage("create_api_token", ADMIN, "--scopes", "ingest,issues,read,stream").split()[-1]


@pytest.fixture
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """The certificate is signed by nobody whom a browser knows."""
    return {**browser_context_args, "ignore_https_errors": True, "viewport": {"width": 1280, "height": 900}}


def send(production: ProductionStack, token: str, path: str, document: dict[str, Any]) -> Any:
    """Posts a document; the answer's."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    answer = production.nginx.request("POST", path, body=json.dumps(document).encode(), headers=headers)
    assert answer.status in (200, 201), answer.body
    return answer.json


def make_ticket(id: str) -> dict[str, Any]:
    """A case whose answer is due in a few seconds."""
    now = clock.now()
    return {
        "id": id,
        "priority": "high",
        "customer_tier": "gold",
        "status": "open",
        "title": "Nobody can log in",
        "created_at": (now - PROMISED + UNTIL_BREACH).isoformat(),
        "updated_at": now.isoformat(),
    }


def test_a_morning_in_production(production, token, page: Page, complaints, screenshots):
    back_office = f"{production.origin}/admin"
    page.goto(f"{production.origin}/admin/")
    page.get_by_label("E-mail").fill(ADMIN)
    page.get_by_label("Password").fill(PASSWORD)
    page.screenshot(path=screenshots / "production-login.png")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_text(ADMIN).first).to_be_visible()
    page.screenshot(path=screenshots / "production-dashboard.png")

    # An issue is triaged.
    issue = send(production, token, "/v1/issues", {"title": "The belt tears", "description": "At **every** start."})
    page.goto(f"{back_office}/incidents/issue/?q=belt+tears")
    page.get_by_role("link", name=issue["key"]).first.click()
    page.get_by_role("button", name="Assign to me").click()
    expect(page.get_by_text("Assigned to")).to_be_visible()
    page.get_by_role("button", name="Triaged").click()
    expect(page.get_by_text("Now: triaged.")).to_be_visible()
    page.screenshot(path=screenshots / "production-issue.png")

    # A ticket is late while somebody looks: a sweep of a worker's, told over the socket, and to Slack.
    send(production, token, "/v1/tickets", make_ticket("LATE-1"))
    page.goto(f"{back_office}/incidents/ticket/?q=LATE-1")
    row = page.locator("#result_list tbody tr")
    expect(row).to_have_count(1)
    expect(row).not_to_contain_text("Breach")
    expect(page.locator("#live")).to_have_attribute("data-state", "live")
    expect(row).to_contain_text("Breach", timeout=60_000)
    page.screenshot(path=screenshots / "production-breach.png")

    # A report is made by a worker, and taken away as a file.
    page.goto(f"{back_office}/reports/report/add/")
    page.get_by_role("link", name="Daily summary").click()
    page.get_by_label("Project").select_option(index=1)
    page.get_by_role("button", name="Make the report").click()
    expect(page.locator("#report")).to_have_attribute("data-state", "ready", timeout=60_000)
    page.screenshot(path=screenshots / "production-report.png", full_page=True)
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").first.click()
    path = screenshots / "production-report.csv"
    download.value.save_as(path)
    assert path.stat().st_size > 50
    assert complaints == []
    wait_until(
        lambda: b"LATE-1" in _get(production.stub_origin, "/requests.json"), seconds=30, what=lambda: "message to Slack"
    )


def test_streams_pass_nginx_at_once_and_a_long_upload_is_refused(production, token):
    headers = {"Authorization": f"Bearer {token}"}
    url = f"wss://localhost:{production.nginx.https_port}/ws/alerts"
    stream = http.client.HTTPSConnection(
        "localhost", production.nginx.https_port, timeout=60, context=production.nginx.trust
    )
    stream.request("GET", "/v1/events?types=issue.created", headers=headers)
    response = stream.getresponse()
    assert response.status == 200
    with connect(url, ssl=production.nginx.trust, additional_headers=headers, open_timeout=30) as socket:
        issue = send(production, token, "/v1/issues", {"title": "Heard at once"})
        line = b""
        while b"Heard at once" not in line and issue["key"].encode() not in line:
            line = response.readline()
            assert line, "the stream ended"
        send(production, token, "/v1/tickets", make_ticket("LATE-2") | {"created_at": "2026-01-01T00:00:00Z"})
        while "LATE-2" not in str(socket.recv(timeout=60)):
            pass
    stream.close()
    length = str(32 * 1024 * 1024 + 1)
    answer = production.nginx.request("POST", "/v1/issues", headers=headers | {"Content-Length": length})
    assert (answer.status, answer.json["error"]["type"]) == (413, "too_large")
    # A door's own limit is lower, and its own words pass.
    answer = production.nginx.request(
        "POST", "/v1/issues", body=b"[" * 2_000_000, headers=headers | {"Content-Type": "application/json"}
    )
    assert (answer.status, answer.json["error"]["type"]) == (413, "too_large")


def test_what_it_tells_strangers_and_where_it_writes(production):
    answer = production.nginx.request("GET", "/healthz")
    assert (answer.status, answer.json["status"]) == (200, "ok")
    assert "strict-transport-security" in answer.headers
    answer = production.nginx.request("GET", "/admin/login/")
    assert "Secure" in answer.headers["set-cookie"]
    assert answer.headers["server"] == "nginx"
    page = answer.body.decode()
    (style,) = set(re.findall(r'href="(/static/admin/css/base\.[0-9a-f]{12}\.css)"', page))
    answer = production.nginx.request("GET", style)
    assert (answer.status, "immutable" in answer.headers["cache-control"]) == (200, True)
    assert production.nginx.request("GET", "/metrics").status == 403
    if can_confine():
        tried = production.webs[0].run("python", "-c", "open('x', 'w')")
        assert "Read-only file system" in tried.stderr


def test_every_part_is_well_until_it_ends_and_it_ends_in_time(production):
    assert all(container.is_well() for container in production.containers.values())
    codes = production.stop_all()
    # The stub is of the tests: it ends by the signal itself, as its container's init lets it.
    assert {code for name, code in codes.items() if name != "stub"} == {0}, codes
    checked = {name: container for name, container in production.containers.items() if name != "stub"}
    for name, container in checked.items():
        is_web = name.startswith("web")
        assert container.run(*container.health_check).returncode == (1 if is_web else 0), name


def _get(origin: str, path: str) -> bytes:
    connection = http.client.HTTPConnection(origin.removeprefix("http://"), timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().read()
    finally:
        connection.close()
