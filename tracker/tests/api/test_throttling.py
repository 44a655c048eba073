"""So many requests a minute, counted right under parallel ones; and a dead Valkey keeps nobody out."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tracker.api import throttling
from tracker.exceptions import Throttled
from tracker.testing.factories import ApiClient, jwt_client, make_token, make_user

ME = "/v1/auth/me"


@pytest.mark.django_db
def test_one_too_many_is_a_429_that_says_when_to_come_back(settings):
    settings.API_RATE_PER_MINUTE = 3
    user = make_user()
    client = jwt_client(user)
    assert [client.get(ME).status_code for _ in range(4)] == [200, 200, 200, 429]
    answer = client.get(ME)
    assert 1 <= int(answer["Retry-After"]) <= 60
    assert answer.json()["error"]["type"] == "throttled"
    assert jwt_client(make_user()).get(ME).status_code == 200
    assert ApiClient(bearer=make_token(user)).get(ME).status_code == 403


def test_parallel_requests_are_all_counted():
    def count(_):
        try:
            throttling.count_request("test:parallel", limit=50)
        except Throttled:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(count, range(200))) == 50


def test_what_one_process_has_taken_no_other_may_let_through(monkeypatch):
    """A second process is one that knows nothing of the first one's lease."""
    passed = 0
    for _ in range(30):
        monkeypatch.setattr(throttling, "_leases", {})
        try:
            for _ in range(10):
                throttling.count_request("test:shared", limit=200)
                passed += 1
        except Throttled:
            pass
    assert passed == 200


def test_most_requests_of_a_minute_do_not_ask_valkey(monkeypatch):
    asked = []
    count = throttling._count
    monkeypatch.setattr(throttling, "_count", lambda **call: (asked.append(call), count(**call))[1])
    for _ in range(100):
        throttling.count_request("test:lease", limit=6000)
    assert len(asked) == 2


@pytest.mark.django_db
def test_without_valkey_requests_pass_and_do_not_wait_long(monkeypatch, settings):
    settings.API_RATE_PER_MINUTE = 1
    dead = Redis(host="127.0.0.1", port=1, socket_timeout=0.1, retry=Retry(NoBackoff(), 0))
    monkeypatch.setattr(throttling, "_count", dead.register_script(throttling.COUNT))
    monkeypatch.setattr(throttling, "_closed_until", 0.0)
    monkeypatch.setattr(throttling, "_leases", {})
    client = jwt_client(make_user())
    started = time.monotonic()
    assert [client.get(ME).status_code for _ in range(20)] == [200] * 20
    assert time.monotonic() - started < 3
