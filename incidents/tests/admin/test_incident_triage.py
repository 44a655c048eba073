"""Triage of incidents from the list; the frame is that of issues, and tested there in full."""

import pytest
from django.test import Client

from incidents.models import Incident
from incidents.services.incident_triage import triage_incidents
from incidents.testing.incident_factories import category_of, make_incident
from tracker import clock
from tracker.access import Actor
from tracker.choices import Role
from tracker.exceptions import InvalidInput, PermissionDenied
from tracker.models import Event, User
from tracker.testing.factories import make_project, make_user

pytestmark = pytest.mark.django_db
LIST = "/admin/incidents/incident/"
TRIAGE = f"{LIST}triage/"


def ticked(*incidents: Incident, **fields: object) -> dict[str, object]:
    return {"_selected_action": [incident.pk for incident in incidents], "index": 0, **fields}


def outcomes(answer) -> dict[str, str]:
    assert answer.status_code == 200
    return {row.title: str(badge).split(">")[1].split("<")[0] for row, badge, _ in answer.context["rows"]}


def finish(incident: Incident) -> Incident:
    Incident.objects.filter(pk=incident.pk).update(status="DONE", done_at=clock.now())
    return incident


def test_the_ticked_incidents_are_shown_before_anything_is_changed(maintainer_client: Client):
    incident = make_incident(title="Leaking pump")
    page = maintainer_client.post(LIST, ticked(incident, action="triage")).content.decode()
    for words in (incident.key, "Leaking pump", "Leave as is", "Vandalism", "Change 1 incident<"):
        assert words in page
    assert not Event.objects.filter(verb="incident.updated").exists()


def test_each_incident_tells_what_became_of_it(maintainer_client: Client, maintainer: User):
    plain, done = make_incident(title="plain"), finish(make_incident(title="done"))
    same = make_incident(title="same", category=category_of("safety"), severity="high", assignee=maintainer)
    Incident.objects.filter(pk=same.pk).update(status="TRIAGED", project=(project := make_project(key="OPS")))
    wanted = {"category": category_of("safety").pk, "severity": "high", "assignee": "me", "status": "TRIAGED"}
    answer = maintainer_client.post(TRIAGE, ticked(plain, same, done, project=project.pk, **wanted))
    assert outcomes(answer) == {"plain": "Changed", "same": "Unchanged", "done": "Refused"}
    assert "from there it goes to OPEN" in answer.content.decode()
    plain.refresh_from_db()
    assert (plain.category.key, plain.severity, plain.status) == ("safety", "high", "TRIAGED")
    assert (plain.assignee, plain.project) == (maintainer, project)
    done.refresh_from_db()
    assert (done.severity, done.assignee) == ("medium", None)


@pytest.mark.parametrize(
    ("fields", "words"), [({}, "Choose what to change."), ({"category": "9999"}, "not one of the available choices")]
)
def test_what_makes_no_sense_is_asked_again(maintainer_client: Client, fields, words):
    answer = maintainer_client.post(TRIAGE, ticked(make_incident(), **fields))
    assert words in answer.content.decode()
    assert not Event.objects.filter(verb="incident.updated").exists()


@pytest.mark.parametrize("stranger", ["999999999", "x", ""])
def test_with_one_unknown_id_nothing_is_changed(maintainer_client: Client, stranger):
    incident = make_incident()
    keys = [str(incident.pk), stranger]
    for action in ("triage", "assign_to_me", "move_along"):
        answer = maintainer_client.post(LIST, {"_selected_action": keys, "index": 0, "action": action})
        assert answer.status_code == 404
    assert maintainer_client.post(TRIAGE, {"_selected_action": keys, "severity": "high"}).status_code == 404
    incident.refresh_from_db()
    assert (incident.status, incident.assignee, incident.severity) == ("OPEN", None, "medium")


def test_a_key_moves_one_incident_to_done_and_no_further(maintainer_client: Client, maintainer: User):
    incident = make_incident()

    def quick(verb: str, value: str = ""):
        return maintainer_client.post(f"{LIST}{incident.pk}/quick/", {"do": verb, "value": value})

    for status in ("triaged", "in progress", "done"):
        assert status in quick("move").json()["message"]
    assert quick("move").status_code == 409
    assert "has it" in quick("assign").json()["message"]
    assert "critical" in quick("severity", "critical").json()["message"]
    assert "was so already" in quick("severity", "critical").json()["message"]
    assert quick("severity", "x").status_code == 400
    assert Event.objects.filter(object_type="incident", actor=maintainer).count() == 5


def test_the_service_keeps_reporters_and_foreign_fields_out():
    reporter = make_user(Role.REPORTER)
    incident = make_incident(actor=Actor.of_user(reporter))
    with pytest.raises(PermissionDenied):
        triage_incidents(actor=Actor.of_user(reporter), ids=[incident.pk], changes={}, status="DONE")
    maintainer = Actor.of_user(make_user(Role.MAINTAINER))
    for changes in ({"ip": "203.0.113.1"}, {"status": "DONE"}, {}):
        with pytest.raises(InvalidInput):
            triage_incidents(actor=maintainer, ids=[incident.pk], changes=changes)
    with pytest.raises(InvalidInput):
        triage_incidents(actor=maintainer, ids=list(range(1, 202)), changes={"severity": "high"})


@pytest.mark.parametrize("path", [TRIAGE, f"{LIST}1/quick/", LIST])
def test_a_reporter_and_nobody_do_not_get_in(client: Client, path):
    incident = make_incident()
    for person in (None, make_user(Role.REPORTER)):
        if person is not None:
            client.force_login(person)
        answer = client.post(path, ticked(incident, action="move_along", severity="high", do="move"))
        assert answer["Location"].startswith("/admin/login/")
    incident.refresh_from_db()
    assert (incident.status, incident.severity) == ("OPEN", "medium")
