"""What clients of the old sprocket service send, in the order of its collection, and what they are told here.

Paths and bodies are the same. Lists answer as every list does: `results` in place of `factories` and `sprockets`.
"""

import pytest

from tracker.testing.factories import token_client

pytestmark = pytest.mark.django_db
SERIES = {
    "sprocket_production_actual": [32, 29, 31, 30],
    "sprocket_production_goal": [32, 30, 31, 29],
    "time": [1611194818, 1611194878, 1611194938, 1611194998],
}
SPROCKET = {"teeth": 5, "pitch_diameter": 5, "outside_diameter": 6, "pitch": 1}


@pytest.fixture
def client():
    return token_client("read", "catalog")


def test_the_requests_about_factories(client):
    made = client.post("/v1/factories", {"factory": {"chart_data": SERIES}})
    assert made.status_code == 201
    number = made.json()["id"]
    told = client.get(f"/v1/factories/{number}").json()
    assert (told["id"], told["chart_data"]) == (number, SERIES)
    assert [row["id"] for row in client.get("/v1/factories").json()["results"]] == [number]
    assert client.get("/v1/factories?chart_data=1").json()["results"][0]["chart_data"] == SERIES
    # What is answered is taken again, as their own test had it.
    assert client.post("/v1/factories", {"chart_data": told["chart_data"]}).status_code == 201


def test_the_requests_about_sprockets(client):
    made = client.post("/v1/sprockets", SPROCKET)
    assert made.status_code == 201
    address = f"/v1/sprockets/{made.json()['id']}"
    assert SPROCKET.items() <= client.get(address).json().items()
    assert client.put(address, {**SPROCKET, "teeth": 10}).json()["teeth"] == 10
    assert client.get("/v1/sprockets").json()["results"][0]["teeth"] == 10


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "message"),
    [
        ("post", "/v1/factories", {"factory": {}}, 400, "Missing required field: chart_data"),
        ("post", "/v1/factories", {"factory": {"chart_data": {**SERIES, "time": []}}}, 400, "Length of "),
        ("post", "/v1/factories", {"factory": []}, 400, "Invalid JSON structure."),
        ("post", "/v1/sprockets", {"teeth": 5}, 400, "Missing required field: pitch_diameter"),
        ("get", "/v1/factories/4711", None, 404, "Factory not found."),
        ("get", "/v1/sprockets/4711", None, 404, "Sprocket not found."),
        ("put", "/v1/sprockets/4711", SPROCKET, 404, "Sprocket not found."),
    ],
)
def test_refusals_keep_their_words(client, method, path, body, status, message):
    answer = getattr(client, method)(path, body) if body is not None else client.get(path)
    assert answer.status_code == status
    assert answer.json()["error"]["message"].startswith(message)
