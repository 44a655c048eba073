"""What has served its time is deleted, and nothing else."""

import io
import uuid
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.core.management import call_command

from tracker import clock
from tracker.models import IdempotencyRecord, LoginAttempt, LoginSession, SweepHeartbeat, User
from tracker.sessions import SessionStore, digest_of
from tracker.sweeps import prune

pytestmark = pytest.mark.django_db


@pytest.fixture
def _some_of_each():
    now, user = clock.now(), User.objects.create_user("a@example.com")
    for days in (0, 2, 40):
        at = now - timedelta(days=days)
        IdempotencyRecord.objects.create(caller="user:1", key=str(days), request_digest=b"x", created_at=at)
        LoginAttempt.objects.create(key="k", window_started_at=at, count=1)
        LoginSession.objects.create(
            user=user, refresh_jti=uuid.uuid4(), created_at=at, refreshed_at=at, expires_at=at + timedelta(hours=1)
        )
        session = SessionStore()
        session.create()
        Session.objects.filter(session_key=digest_of(str(session.session_key))).update(
            expire_date=at + timedelta(hours=1)
        )


@pytest.mark.usefixtures("_some_of_each")
def test_old_rows_go_and_young_ones_stay():
    assert prune() == 2 + 2 + 1 + 2
    assert IdempotencyRecord.objects.get().key == "0"
    assert LoginAttempt.objects.count() == 1
    assert LoginSession.objects.count() == 2
    assert Session.objects.count() == 1
    assert SweepHeartbeat.objects.get(name="prune").rows == 7
    assert prune() == 0


@pytest.mark.usefixtures("_some_of_each")
def test_the_command_says_what_went():
    out = io.StringIO()
    call_command("prune", stdout=out)
    assert out.getvalue().startswith("2 stored answers, 2 login counters, 1 login sessions, 2 sessions")
