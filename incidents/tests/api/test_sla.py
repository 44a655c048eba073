"""/v1/sla: reading, publishing, exporting and taking back versions of the policy."""

import pytest
from django.test import override_settings

from incidents.models import PolicyVersion
from incidents.services.policy_documents import read_document
from incidents.services.policy_versions import ensure_default_policy
from incidents.services.sla_file import load_sla_file
from incidents.testing.ticket_events import SYSTEM
from tracker.testing.factories import ApiClient, jwt_client, make_user, token_client

pytestmark = pytest.mark.django_db
POLICY = {
    "calendars": {"office": {"timezone": "Europe/Berlin", "hours": {"mon": [["09:00", "17:00"]]}}},
    "thresholds": [{"percent": 70.5, "channels": ["ops"]}, {"percent": 100}],
    "tiers": {
        "gold": {"high": {"response": 30, "resolution": 180}, "*": {"resolution": 500, "calendar": "office"}},
        "free": {"*": "none"},
    },
    "fallback": {"response": 60, "pause_when_waiting": False},
    "applies_to": "rebase",
}


@pytest.fixture
def admin() -> ApiClient:
    return jwt_client(make_user("admin"))


def test_an_admin_publishes_and_everybody_who_may_reads_it(admin: ApiClient):
    made = admin.post("/v1/sla/policies", {"policy": POLICY, "note": "Berlin"})
    assert made.status_code == 201, made.content
    version = jwt_client(make_user("maintainer")).get(made["Location"]).json()
    assert version == made.json()
    assert (version["number"], version["source"], version["applies_to"]) == (2, "admin", "rebase")
    assert (version["note"], version["is_in_force"]) == ("Berlin", True)
    assert version["created_by"].endswith("@example.com")
    assert [(rule["tier"], rule["priority"]) for rule in version["rules"]] == [
        ("gold", "high"), ("gold", "*"), ("free", "*"), ("*", "*"),
    ]  # fmt: skip
    assert version["thresholds"][0] == {"percent": 70.5, "state": "alert", "level": 1, "channels": ["ops"]}
    assert [row["number"] for row in admin.get("/v1/sla/policies").json()["results"]] == [2, 1]
    assert not admin.get("/v1/sla/policies/1").json()["is_in_force"]


def test_an_export_says_the_same_when_it_is_loaded_again(admin: ApiClient, tmp_path):
    number = admin.post("/v1/sla/policies", {"policy": POLICY}).json()["number"]
    exported = admin.get(f"/v1/sla/policies/{number}/export")
    assert exported["Content-Type"].startswith("application/yaml")
    (tmp_path / "sla.yaml").write_bytes(exported.content)
    loaded = load_sla_file(actor=SYSTEM, path=str(tmp_path / "sla.yaml"))
    assert loaded is not None
    before, after = read_document(PolicyVersion.objects.get(number=number)), read_document(loaded)
    assert (before.rules, before.calendars, before.steps) == (after.rules, after.calendars, after.steps)


def test_the_built_in_policy_can_be_exported(admin: ApiClient):
    number = ensure_default_policy().number
    assert b"critical:" in admin.get(f"/v1/sla/policies/{number}/export").content


def test_every_fault_is_named_by_its_path(admin: ApiClient):
    policy = POLICY | {"fallback": {"response": -1}, "thresholds": [], "colour": "red"}
    answer = admin.post("/v1/sla/policies", {"policy": policy})
    assert answer.status_code == 400
    fields = {fault["field"] for fault in answer.json()["error"]["details"]}
    assert fields == {"policy.fallback.response", "policy.thresholds", "policy.colour"}
    assert PolicyVersion.objects.count() <= 1


@pytest.mark.parametrize(
    "body",
    [{}, {"policy": []}, {"policy": {}}, {"policy": POLICY, "number": 7}, {"policy": POLICY, "note": "x" * 301},
     {"policy": {"tiers": {"😀": {"high": {"response": True}}}}}, {"policy": {"tiers": "gold"}}],
)  # fmt: skip
def test_nonsense_is_refused(admin: ApiClient, body):
    answer = admin.post("/v1/sla/policies", body)
    assert answer.status_code == 400, answer.content
    assert answer.json()["error"]["details"]


def test_a_scheduled_version_is_taken_back_and_one_in_effect_is_not(admin: ApiClient):
    made = admin.post("/v1/sla/policies", {"policy": POLICY | {"effective_at": "2126-01-01T00:00:00Z"}})
    assert not made.json()["is_in_force"]
    assert admin.delete(made["Location"]).status_code == 204
    assert admin.get(made["Location"]).status_code == 404
    assert admin.delete("/v1/sla/policies/1").status_code == 409


def test_while_a_file_owns_the_policy_the_api_only_reads(admin: ApiClient):
    ensure_default_policy()
    with override_settings(SLA_CONFIG_PATH="/etc/sla.yaml"):
        refused = admin.post("/v1/sla/policies", {"policy": POLICY})
        assert (refused.status_code, refused.json()["error"]["type"]) == (409, "conflict")
        assert "/etc/sla.yaml" in refused.json()["error"]["message"]
        assert admin.get("/v1/sla/policies").json()["count"] == 1


def test_calendars_are_told_in_every_version(admin: ApiClient):
    admin.post("/v1/sla/policies", {"policy": POLICY})
    calendars = admin.get("/v1/sla/calendars?name=office").json()["results"]
    assert [(row["version"], row["timezone"]) for row in calendars] == [(1, "Europe/Berlin")]
    assert admin.get(f"/v1/sla/calendars/{calendars[0]['id']}").json() == calendars[0]


def test_lists_cost_a_fixed_number_of_queries(admin: ApiClient, django_assert_max_num_queries):
    for _ in range(5):
        admin.post("/v1/sla/policies", {"policy": POLICY})
    with django_assert_max_num_queries(7):
        assert admin.get("/v1/sla/policies").json()["count"] == 6
    with django_assert_max_num_queries(9):
        admin.get("/v1/sla/policies/3")


def test_a_token_that_may_read_reads_and_does_not_publish():
    client = token_client("read")
    assert client.get("/v1/sla/policies").status_code == 200
    assert client.post("/v1/sla/policies", {"policy": POLICY}).status_code == 403
