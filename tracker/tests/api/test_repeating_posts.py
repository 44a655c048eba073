"""Idempotency-Key: whatever the network repeats, the work is done once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection

from tracker.api import idempotency
from tracker.models import ApiToken, IdempotencyRecord
from tracker.services.pruning import prune_registry
from tracker.testing.factories import ApiClient, jwt_client, make_access_token, make_user

TOKENS = "/v1/tokens"
BODY = {"name": "CI", "scopes": ["read"]}


def order(client, key="k", body=BODY, address=TOKENS):
    return client.post(address, body, headers={"Idempotency-Key": key})


@pytest.mark.django_db
def test_the_second_answer_is_the_first_and_says_so():
    client = jwt_client(make_user())
    first, second = order(client), order(client)
    assert (second.status_code, second["ETag"], second["Location"]) == (201, first["ETag"], first["Location"])
    assert second["Idempotency-Replayed"] == "true"
    assert ApiToken.objects.count() == 1


@pytest.mark.django_db
def test_another_body_or_address_under_the_same_key_is_a_422():
    client = jwt_client(make_user())
    made = order(client)
    for answer in (order(client, body={**BODY, "name": "X"}), order(client, address=f"{made['Location']}/revoke")):
        assert answer.status_code == 422
        assert answer.json()["error"]["type"] == "idempotency_key_reused"
    assert ApiToken.objects.count() == 1


@pytest.mark.django_db
def test_keys_of_two_people_never_meet():
    assert order(jwt_client(make_user())).status_code == 201
    other = order(jwt_client(make_user()))
    assert other.status_code == 201
    assert "Idempotency-Replayed" not in other.headers
    assert ApiToken.objects.count() == 2


@pytest.mark.django_db
def test_refusals_are_not_kept():
    client = jwt_client(make_user())
    assert order(client, body={**BODY, "scopes": ["root"]}).status_code == 400
    assert not IdempotencyRecord.objects.exists()
    assert order(client).status_code == 201


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb"])
def test_a_key_that_is_none_is_refused(key):
    assert order(jwt_client(make_user()), key=key).status_code == 400


@pytest.mark.django_db
def test_after_a_day_the_key_is_free_again(move_clock):
    user = make_user()
    assert order(jwt_client(user)).status_code == 201
    move_clock(by=timedelta(hours=25))
    assert "Idempotency-Replayed" not in order(jwt_client(user)).headers
    move_clock(by=timedelta(hours=50))
    assert prune_registry().answers == 1
    assert ApiToken.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_one_works_and_all_get_its_answer():
    bearer = make_access_token(make_user())

    def send(_):
        try:
            answer = order(ApiClient(bearer=bearer))
            return answer.status_code, answer["Location"]
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(send, range(8)))
    assert len(answers) == 1
    assert next(iter(answers))[0] == 201
    assert ApiToken.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_twin_of_a_failure_does_the_work_itself():
    user = make_user()
    bearer = make_access_token(user)
    broken = idempotency.request_digest("POST", TOKENS, b"")
    with pytest.raises(ZeroDivisionError):
        idempotency.answer_once(caller=f"user:{user.pk}", key="k", digest=broken, produce=lambda: 1 / 0)  # type: ignore[arg-type, return-value]
    assert order(ApiClient(bearer=bearer)).status_code == 201
