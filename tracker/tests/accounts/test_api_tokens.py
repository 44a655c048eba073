"""/v1/tokens and the tokens themselves: shown once, hashed, scoped, ended at once."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from tracker import clock
from tracker.choices import Role
from tracker.models import ApiToken, Event, IdempotencyRecord
from tracker.testing.factories import ApiClient, jwt_client, make_token, make_user

pytestmark = pytest.mark.django_db
TOKENS = "/v1/tokens"
BODY = {"name": "CI", "scopes": ["read", "ingest"]}


def test_a_token_is_shown_once_and_kept_as_a_hash():
    user = make_user()
    client = jwt_client(user)
    made = client.post(TOKENS, BODY)
    assert made.status_code == 201, made.content
    plaintext = made.json()["token"]
    assert plaintext.startswith("trk_")
    assert plaintext.encode() not in client.get(made["Location"]).content
    stored = ApiToken.objects.get()
    assert plaintext.split("_", 2)[2].encode() not in bytes(stored.digest)
    assert len(stored.digest) == 32
    event = Event.objects.get(verb="token.created")
    assert plaintext not in str(event.after)


def test_a_repeated_order_makes_one_token_and_stores_no_secret():
    client = jwt_client(make_user())
    made = client.post(TOKENS, BODY, headers={"Idempotency-Key": "k"})
    again = client.post(TOKENS, BODY, headers={"Idempotency-Key": "k"})
    assert again.json() == made.json() | {"token": None}
    assert ApiToken.objects.count() == 1
    assert made.json()["token"].encode() not in bytes(IdempotencyRecord.objects.get().response_body or b"")


@pytest.mark.parametrize(
    "body",
    [
        {**BODY, "scopes": []},
        {**BODY, "scopes": ["root"]},
        {**BODY, "name": " "},
        {**BODY, "expires_at": "2020-01-01T00:00:00Z"},
        {**BODY, "owner": 1},
        {**BODY, "prefix": "x"},
    ],
)
def test_a_token_that_makes_no_sense_is_refused(body):
    assert jwt_client(make_user()).post(TOKENS, body).status_code == 400
    assert not ApiToken.objects.exists()


def test_revoking_ends_it_at_once_and_twice_is_once():
    user = make_user()
    client = jwt_client(user)
    made = client.post(TOKENS, BODY).json()
    machine = ApiClient(bearer=made["token"])
    assert machine.get(TOKENS).status_code == 403
    for _ in range(2):
        assert client.post(f"{TOKENS}/{made['id']}/revoke").json()["revoked_at"]
    answer = machine.get(TOKENS)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert Event.objects.filter(verb="token.revoked").count() == 1


def test_a_token_ends_with_its_day_and_with_its_owner(move_clock):
    owner = make_user()
    plaintext = make_token(owner, expires_at=clock.now() + timedelta(hours=1))
    assert ApiClient(bearer=plaintext).get(TOKENS).status_code == 403
    move_clock(by=timedelta(hours=2))
    assert ApiClient(bearer=plaintext).get(TOKENS).status_code == 401
    plaintext = make_token(owner)
    owner.is_active = False
    owner.save()
    assert ApiClient(bearer=plaintext).get(TOKENS).status_code == 401


SPOILED = [
    lambda token: token[:-1],
    lambda token: token + "x",
    lambda token: "trk_0000000000_" + token[15:],
    lambda token: "trk_",
    lambda token: "trk__",
]


@pytest.mark.parametrize("spoil", SPOILED)
def test_a_spoiled_token_opens_nothing(spoil):
    assert ApiClient(bearer=spoil(make_token())).get(TOKENS).status_code == 401


def test_a_token_costs_one_query_and_notes_its_use_once_a_minute(django_assert_num_queries, move_clock):
    machine = ApiClient(bearer=make_token())
    machine.get(TOKENS)
    first = ApiToken.objects.get().last_used_at
    assert first is not None
    with django_assert_num_queries(1):
        machine.get(TOKENS)
    assert ApiToken.objects.get().last_used_at == first
    move_clock(by=timedelta(minutes=2))
    machine.get(TOKENS)
    assert ApiToken.objects.get().last_used_at != first


def test_people_see_their_own_tokens_and_an_admin_sees_all():
    owner, other, admin = make_user(), make_user(), make_user(Role.ADMIN)
    make_token(owner)
    token = ApiToken.objects.get()
    assert jwt_client(owner).get(TOKENS).json()["count"] == 1
    assert jwt_client(other).get(TOKENS).json()["count"] == 0
    assert jwt_client(other).get(f"{TOKENS}/{token.pk}").status_code == 404
    assert jwt_client(other).post(f"{TOKENS}/{token.pk}/revoke").status_code == 404
    assert jwt_client(admin).get(TOKENS).json()["count"] == 1
    assert jwt_client(admin).post(f"{TOKENS}/{token.pk}/revoke").status_code == 200


def test_the_command_prints_the_token_alone(capsys):
    owner = make_user()
    call_command("create_api_token", owner.email.upper(), "--scopes", "ingest,read", "--days", "30")
    printed = capsys.readouterr()
    assert printed.out.count("\n") == 1
    assert printed.err == ""
    assert ApiClient(bearer=printed.out.strip()).get(TOKENS).status_code == 403
    assert ApiToken.objects.get().scopes == ["ingest", "read"]


@pytest.mark.parametrize(
    "arguments",
    [["nobody@example.com", "--scopes", "read"], ["{}", "--scopes", "root"], ["{}", "--scopes", "read", "--days", "0"]],
)
def test_the_command_says_in_one_line_what_is_wrong(arguments, capsys):
    email = make_user().email
    with pytest.raises(CommandError) as refusal:
        call_command("create_api_token", *[argument.format(email) for argument in arguments])
    assert "\n" not in str(refusal.value)
    assert capsys.readouterr().out == ""
