"""Refresh tokens turn: each works once, a second use ends the family, and forgeries open nothing."""

import base64
import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import jwt
import pytest
from django.conf import settings
from django.db import connection

from tracker import clock
from tracker.access import Actor
from tracker.models import LoginSession
from tracker.services import jwts
from tracker.services.logins import start_login
from tracker.testing.factories import ApiClient, make_user

REFRESH = "/v1/auth/refresh"
ME = "/v1/auth/me"


def login(user):
    return start_login(actor=Actor.of_user(user), user=user)


def refresh(token):
    return ApiClient().post(REFRESH, {"refresh": token})


def me(access):
    return ApiClient(bearer=access).get(ME).status_code


@pytest.mark.django_db
def test_a_refresh_token_buys_the_next_pair():
    first = login(make_user())
    second = refresh(first.refresh).json()
    assert me(second["access"]) == 200
    assert refresh(second["refresh"]).status_code == 200


@pytest.mark.django_db
def test_the_second_use_ends_the_whole_family_and_no_other():
    user = make_user()
    stolen, elsewhere = login(user), login(user)
    second = refresh(stolen.refresh).json()
    answer = refresh(stolen.refresh)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert me(second["access"]) == 401
    assert me(stolen.access) == 401
    assert refresh(second["refresh"]).status_code == 401
    assert LoginSession.objects.get(revoked_at__isnull=False).revoked_because == "reuse"
    assert me(elsewhere.access) == 200


@pytest.mark.django_db(transaction=True)
def test_of_many_simultaneous_uses_at_most_one_gets_a_pair():
    pair = login(make_user())

    def use(_):
        try:
            return refresh(pair.refresh).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(use, range(8)))
    assert statuses == [200] + [401] * 7


@pytest.mark.django_db
def test_tokens_end_on_the_second(move_clock):
    now = clock.now().replace(microsecond=0)
    move_clock(to=now)
    pair = login(make_user())
    move_clock(to=now + timedelta(seconds=299))
    assert me(pair.access) == 200
    move_clock(to=now + timedelta(seconds=300))
    assert me(pair.access) == 401
    assert refresh(pair.refresh).status_code == 200


@pytest.mark.django_db
def test_a_refresh_token_ends_too(move_clock):
    now = clock.now()
    pair = login(make_user())
    move_clock(to=now + settings.REFRESH_TOKEN_LIFETIME + timedelta(seconds=1))
    assert refresh(pair.refresh).status_code == 401


def forgeries(pair):
    key = jwts._signing_key(settings.SECRET_KEY)
    claims = jwt.decode(pair.access, options={"verify_signature": False})
    header, payload, signature = pair.access.split(".")

    def encode(data):
        return base64.urlsafe_b64encode(json.dumps(data).encode()).rstrip(b"=").decode()

    yield "alg none", f"{encode({'alg': 'none', 'typ': 'JWT'})}.{payload}."
    yield "no signature", f"{header}.{payload}."
    yield "another payload", f"{header}.{encode({**claims, 'sub': '1'})}.{signature}"
    yield "another algorithm", jwt.encode(claims, key * 2, algorithm="HS512")
    yield "kid as a path", jwt.encode(claims, b"\0" * 32, algorithm="HS256", headers={"kid": "/dev/null"})
    yield "Django's own secret", jwt.encode(claims, settings.SECRET_KEY, algorithm="HS256")
    yield "wrong audience", jwt.encode({**claims, "aud": "other"}, key, algorithm="HS256")
    yield "wrong issuer", jwt.encode({**claims, "iss": "other"}, key, algorithm="HS256")
    yield "refresh as access", pair.refresh
    yield "no expiry", jwt.encode({k: v for k, v in claims.items() if k != "exp"}, key, algorithm="HS256")
    yield "expiry as text", jwt.encode({**claims, "exp": "9" * 10}, key, algorithm="HS256")
    yield "unknown login", jwt.encode({**claims, "sid": str(uuid.uuid4())}, key, algorithm="HS256")
    yield "somebody else's login", jwt.encode({**claims, "sub": "999999"}, key, algorithm="HS256")
    yield "subject is no number", jwt.encode({**claims, "sub": "x"}, key, algorithm="HS256")
    yield "not even a token", "a.b.c"
    yield "four thousand characters", "a" * 5000
    yield "not ASCII", "é"


@pytest.mark.django_db
def test_no_forged_token_opens_anything():
    pair = login(make_user())
    assert me(pair.access) == 200
    for name, token in forgeries(pair):
        assert me(token.encode().decode("latin-1")) == 401, name


@pytest.mark.django_db
def test_an_access_token_refreshes_nothing():
    assert refresh(login(make_user()).access).status_code == 401
