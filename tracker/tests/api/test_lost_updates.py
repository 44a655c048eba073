"""ETag, If-None-Match and If-Match: nobody overwrites what they have not read."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from tracker.choices import Role
from tracker.models import User
from tracker.testing.factories import ApiClient, jwt_client, make_access_token, make_token_row, make_user


@pytest.mark.django_db
def test_an_object_that_is_known_is_not_sent_again():
    user = make_user()
    client = jwt_client(user)
    address = f"/v1/tokens/{make_token_row(user).pk}"
    etag = client.get(address)["ETag"]
    for tags in (etag, f"W/{etag}", f'"x", {etag}', "*"):
        answer = client.get(address, headers={"If-None-Match": tags})
        assert (answer.status_code, answer.content, answer["ETag"]) == (304, b"", etag)
    assert client.get(address, headers={"If-None-Match": '"x"'}).status_code == 200


@pytest.mark.django_db
def test_a_change_is_refused_after_somebody_elses():
    admin, user = make_user(Role.ADMIN), make_user()
    client, address = jwt_client(admin), f"/v1/users/{user.pk}"
    etag = client.get(address)["ETag"]
    changed = client.patch(address, {"full_name": "A"}, headers={"If-Match": etag})
    assert changed.status_code == 200
    assert client.patch(address, {"full_name": "B"}, headers={"If-Match": etag}).status_code == 412
    assert client.patch(address, {"full_name": "B"}, headers={"If-Match": f"W/{changed['ETag']}"}).status_code == 412
    assert client.patch(address, {"full_name": "B"}, headers={"If-Match": changed["ETag"]}).status_code == 200
    assert client.patch(address, {"full_name": "C"}, headers={"If-Match": "*"}).status_code == 200


@pytest.mark.django_db
def test_the_answer_to_a_change_has_the_tag_that_reading_gives():
    client, user = jwt_client(make_user(Role.ADMIN)), make_user()
    address = f"/v1/users/{user.pk}"
    assert client.patch(address, {"full_name": "A"})["ETag"] == client.get(address)["ETag"]


@pytest.mark.django_db(transaction=True)
def test_of_many_who_read_the_same_version_one_may_change_it():
    bearer, user = make_access_token(make_user(Role.ADMIN)), make_user()
    address = f"/v1/users/{user.pk}"
    etag = ApiClient(bearer=bearer).get(address)["ETag"]

    def change(number):
        try:
            body = {"full_name": f"Name {number}"}
            return ApiClient(bearer=bearer).patch(address, body, headers={"If-Match": etag}).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(change, range(6))) == [200] + [412] * 5
    assert User.objects.get(pk=user.pk).full_name.startswith("Name ")


@pytest.mark.django_db
def test_no_cache_may_keep_an_answer():
    answer = jwt_client(make_user()).get("/v1/auth/me")
    assert answer["Cache-Control"] == "no-store, private"
    assert "Authorization" in answer["Vary"]
