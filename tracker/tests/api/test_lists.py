"""Lists: pages by offset and by cursor, and nothing may be asked that is not offered."""

import pytest
from django.db import connection

from tracker.api import pagination
from tracker.choices import Role
from tracker.models import ApiToken
from tracker.testing.factories import jwt_client, make_token_row, make_user

pytestmark = pytest.mark.django_db
TOKENS = "/v1/tokens"


@pytest.fixture
def client():
    return jwt_client(make_user(Role.ADMIN))


def fill(count):
    owner = make_user()
    return [make_token_row(owner, name=f"Token {number % 3}") for number in range(count)]


def walk(client, address, link="next"):
    found = []
    while address:
        body = client.get(address).json()
        found += [row["id"] for row in body["results"]]
        address = body[link]
    return found


def test_a_page_says_how_many_there_are_and_where_it_goes_on(client):
    fill(5)
    body = client.get(f"{TOKENS}?limit=2&offset=2").json()
    assert body["count"] == 5
    assert len(body["results"]) == 2
    assert body["next"] == f"http://testserver{TOKENS}?limit=2&offset=4"
    assert body["previous"] == f"http://testserver{TOKENS}?limit=2&offset=0"


@pytest.mark.parametrize(
    "start",
    ["limit=2", "limit=2&cursor=", "limit=2&ordering=name,-created_at", "limit=2&cursor=&ordering=-last_used_at"],
)
def test_following_next_meets_every_row_once(client, start):
    expected = {token.pk for token in fill(7)}
    found = walk(client, f"{TOKENS}?{start}")
    assert len(found) == 7
    assert set(found) == expected


def test_a_cursor_leads_forth_and_back_and_counts_nothing(client, django_assert_max_num_queries):
    fill(7)
    forth = walk(client, f"{TOKENS}?cursor=&limit=3&ordering=name")
    last = client.get(client.get(f"{TOKENS}?cursor=&limit=6&ordering=name").json()["next"]).json()
    assert last["count"] is None
    assert [row["id"] for row in last["results"]] == forth[6:]
    back = client.get(last["previous"]).json()
    assert [row["id"] for row in back["results"]] == forth[:6]
    assert back["previous"] is None
    with django_assert_max_num_queries(2):
        client.get(f"{TOKENS}?cursor=")


def test_an_empty_list_and_a_page_beyond_the_end_are_empty_pages(client):
    assert client.get(TOKENS).json() == {"count": 0, "next": None, "previous": None, "results": []}
    fill(3)
    beyond = client.get(f"{TOKENS}?offset=10").json()
    assert (beyond["count"], beyond["results"], beyond["next"]) == (3, [], None)


BAD = {
    "limit=0": "limit", "limit=1001": "limit", "limit=-1": "limit", "limit=x": "limit", "limit=": "limit",
    "limit=1.5": "limit", "limit=%D9%A1": "limit", "limit=9223372036854775808": "limit", "offset=-1": "offset",
    "offset=10001": "offset", "offset=9223372036854775808": "offset", "offset=1&cursor=": "offset",
    "cursor=x": "cursor",
    "cursor=AAAA": "cursor", "cursor=%00": "cursor", "ordering=owner__password": "ordering", "ordering=": "ordering",
    "ordering=name,name,name,name": "ordering", "ordering=--name": "ordering", "ordering=?": "ordering",
    "owner__password__startswith=a": "owner__password__startswith", "page=2": "page", "page_size=1000000": "page_size",
    "format=json": "format", "limit=1&limit=2": "limit", "search=" + "x" * 201: "search", "search=%00": "search",
}  # fmt: skip


@pytest.mark.parametrize("query", BAD)
def test_what_is_not_offered_is_refused_by_name(client, query):
    answer = client.get(f"{TOKENS}?{query}")
    assert answer.status_code == 400, answer.content
    assert answer.json()["error"]["details"][0]["field"] == BAD[query]


def test_a_far_offset_names_the_cursor(client):
    assert "cursor" in client.get(f"{TOKENS}?offset=10001").json()["error"]["message"]


def test_an_unknown_parameter_names_what_is_allowed(client):
    message = client.get(f"{TOKENS}?colour=red").json()["error"]["message"]
    assert "cursor, limit, offset, ordering, search" in message


def test_fifty_filters_at_once_are_refused(client):
    assert client.get(TOKENS + "?" + "&".join(f"a{number}=1" for number in range(50))).status_code == 400


def test_unknown_parameters_of_one_object_and_of_writes_are_refused_too(client):
    token = fill(1)[0]
    assert client.get(f"{TOKENS}/{token.pk}?limit=1").status_code == 400
    assert client.post(f"{TOKENS}?force=1", {"name": "x", "scopes": ["read"]}).status_code == 400
    assert client.get("/v1/auth/me?x=1").status_code == 400


@pytest.mark.parametrize("term", ["%", "_", "\\", "'", "a'--", ".*", "$", "(", "%_" * 100, "tok zebra"])
def test_search_means_what_it_says(client, term):
    fill(3)
    make_token_row(make_user(), name="Zebra token")
    answer = client.get(TOKENS, {"search": term})
    assert answer.status_code == 200
    assert answer.json()["count"] == (1 if term == "tok zebra" else 0)


def test_ids_that_cannot_be_are_404(client):
    for odd in ("x", "0", "-1", "1e3", "9" * 30, "9" * 5000, "%00", "%ff", "1%00", "%D9%A1"):
        assert client.get(f"{TOKENS}/{odd}").status_code == 404, odd


def test_counts_are_exact_up_to_a_limit_and_estimated_beyond(monkeypatch):
    fill(30)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE tracker_apitoken")
    assert pagination.count_up_to_a_limit(ApiToken.objects.all()) == 30
    monkeypatch.setattr(pagination, "EXACT_COUNT", 10)
    assert pagination.count_up_to_a_limit(ApiToken.objects.all()) == 30
    assert 11 <= pagination.count_up_to_a_limit(ApiToken.objects.filter(name__gt="")) <= 31


def test_after_the_last_offset_next_is_a_cursor(client, monkeypatch):
    tokens = fill(5)
    monkeypatch.setattr(pagination, "MAX_OFFSET", 2)
    found = walk(client, f"{TOKENS}?limit=2")
    assert sorted(found) == sorted(token.pk for token in tokens)


def test_a_page_costs_few_queries(client, django_assert_max_num_queries):
    fill(30)
    with django_assert_max_num_queries(4):
        client.get(TOKENS)
