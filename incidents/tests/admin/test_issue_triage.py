"""Triage from the list: many issues with one confirmation, or one row by a key; the log and the rights as anywhere."""

import pytest
from django.test import Client

from incidents.admin.triage_page import TriagePage
from incidents.models import Issue
from incidents.testing.factories import make_issue
from tracker import clock
from tracker.choices import Role
from tracker.models import Event, User
from tracker.testing.factories import make_user

pytestmark = pytest.mark.django_db
LIST = "/admin/incidents/issue/"
TRIAGE = f"{LIST}triage/"


def ticked(*issues: Issue, **fields: object) -> dict[str, object]:
    return {"_selected_action": [issue.pk for issue in issues], "index": 0, **fields}


def outcomes(answer) -> dict[str, str]:
    assert answer.status_code == 200
    return {issue.title: str(badge).split(">")[1].split("<")[0] for issue, badge, _ in answer.context["rows"]}


def quick(client: Client, issue: Issue, verb: str, value: str = ""):
    return client.post(f"{LIST}{issue.pk}/quick/", {"do": verb, "value": value})


def test_the_ticked_issues_are_shown_before_anything_is_changed(maintainer_client: Client):
    issue = make_issue(title="Leaking pump", tags=["water"])
    page = maintainer_client.post(LIST, ticked(issue, action="triage")).content.decode()
    for words in (issue.key, "Leaking pump", "Leave as is", 'value="water"', "Change 1 issue"):
        assert words in page
    assert not Event.objects.filter(object_type="issue").exists()


def test_each_issue_tells_what_became_of_it(maintainer_client: Client, maintainer: User):
    plain, same = make_issue(title="plain", tags=["old"]), make_issue(title="same", severity="high", status="TRIAGED")
    Issue.objects.filter(pk=same.pk).update(assignee=maintainer)
    same.tags.set([])
    done = make_issue(title="done", status="DONE", done_at=clock.now())
    wanted = {"severity": "high", "assignee": "me", "status": "TRIAGED", "remove_tags": ["old"]}
    answer = maintainer_client.post(TRIAGE, ticked(plain, same, done, **wanted))
    assert outcomes(answer) == {"plain": "Changed", "same": "Unchanged", "done": "Refused"}
    assert "from there it goes to OPEN" in answer.content.decode()
    plain.refresh_from_db()
    assert (plain.severity, plain.status, plain.assignee, plain.tags.count()) == ("high", "TRIAGED", maintainer, 0)
    done.refresh_from_db()
    assert (done.severity, done.assignee) == ("medium", None)
    assert set(Event.objects.filter(object_type="issue").values_list("object_id", flat=True)) == {str(plain.pk)}


def test_tags_are_added_and_a_person_is_chosen(maintainer_client: Client):
    issue, person = make_issue(tags=["a"]), make_user()
    maintainer_client.post(TRIAGE, ticked(issue, add_tags="B,  new  word ,", assignee=person.pk, priority="1"))
    issue.refresh_from_db()
    assert set(issue.tags.values_list("name", flat=True)) == {"a", "b", "new word"}
    assert (issue.assignee, issue.priority) == (person, 1)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "Choose what to change."),
        ({"severity": "worse"}, "not one of the available choices"),
        ({"assignee": "999999"}, "not one of the available choices"),
        ({"add_tags": "x" * 51}, "0 to 50 characters"),
    ],
)
def test_what_makes_no_sense_is_asked_again(maintainer_client: Client, fields, words):
    issue = make_issue()
    answer = maintainer_client.post(TRIAGE, ticked(issue, **fields))
    assert answer.status_code == 200
    assert words.replace("0 to", "1 to") in answer.content.decode() or words in answer.content.decode()
    assert not Event.objects.filter(object_type="issue").exists()


@pytest.mark.parametrize("action", ["triage", "assign_to_me", "move_along"])
@pytest.mark.parametrize("stranger", ["999999999", "x", "9" * 40, ""])
def test_with_one_unknown_id_nothing_is_changed(maintainer_client: Client, action, stranger):
    issue = make_issue()
    keys = [str(issue.pk), stranger]
    answer = maintainer_client.post(LIST, {"_selected_action": keys, "index": 0, "action": action})
    assert answer.status_code == 404
    assert maintainer_client.post(TRIAGE, {"_selected_action": keys, "severity": "high"}).status_code == 404
    issue.refresh_from_db()
    assert (issue.status, issue.assignee, issue.severity) == ("OPEN", None, "medium")


def test_more_than_200_are_refused(maintainer_client: Client):
    keys = list(range(1, 202))
    assert maintainer_client.post(TRIAGE, {"_selected_action": keys, "severity": "high"}).status_code == 404


def test_an_issue_that_left_the_view_is_triaged_all_the_same(maintainer_client: Client):
    issue = make_issue(status="DONE", done_at=clock.now())
    answer = maintainer_client.post(LIST, ticked(issue, action="triage"))
    assert issue.key in answer.content.decode()


def test_ticked_issues_are_mine_or_a_step_further(maintainer_client: Client, maintainer: User):
    one, other = make_issue(title="one"), make_issue(title="other", status="DONE", done_at=clock.now())
    assert outcomes(maintainer_client.post(LIST, ticked(one, action="assign_to_me"))) == {"one": "Changed"}
    moved = maintainer_client.post(LIST, ticked(one, other, action="move_along"))
    assert outcomes(moved) == {"one": "Changed", "other": "Refused"}
    one.refresh_from_db()
    assert (one.assignee, one.status) == (maintainer, "TRIAGED")


def test_an_action_never_takes_everything_that_matches(maintainer_client: Client):
    issue = make_issue()
    maintainer_client.post(LIST, ticked(issue, action="move_along", select_across="1"))
    issue.refresh_from_db()
    assert issue.status == "OPEN"


def test_the_way_back_keeps_the_view(maintainer_client: Client):
    issue = make_issue()
    answer = maintainer_client.post(f"{LIST}?severity=medium", ticked(issue, action="triage"))
    assert f'href="{LIST}?severity=medium"' in answer.content.decode()


def test_a_key_moves_one_issue_to_done_and_no_further(maintainer_client: Client, maintainer: User):
    issue = make_issue()
    for status in ("triaged", "in progress", "done"):
        assert status in quick(maintainer_client, issue, "move").json()["message"]
    answer = quick(maintainer_client, issue, "move")
    assert answer.status_code == 409
    assert "done already" in answer.json()["error"]["message"]
    assert "has it" in quick(maintainer_client, issue, "assign").json()["message"]
    assert "critical" in quick(maintainer_client, issue, "severity", "critical").json()["message"]
    assert "was so already" in quick(maintainer_client, issue, "severity", "critical").json()["message"]
    assert Event.objects.filter(object_type="issue", actor=maintainer).count() == 5


@pytest.mark.parametrize(("verb", "value", "status"), [("fly", "", 400), ("severity", "x", 400), ("", "", 400)])
def test_a_strange_wish_is_refused_by_name(maintainer_client: Client, verb, value, status):
    answer = quick(maintainer_client, make_issue(), verb, value)
    assert answer.status_code == status
    assert answer.json()["error"]["details"]


@pytest.mark.parametrize("key", ["999999999", "x", "9" * 40])
def test_an_unknown_row_is_not_there(maintainer_client: Client, key):
    assert maintainer_client.post(f"{LIST}{key}/quick/", {"do": "move"}).status_code == 404


def test_reading_is_not_doing(maintainer_client: Client):
    issue = make_issue()
    assert maintainer_client.get(f"{LIST}{issue.pk}/quick/").status_code == 403
    assert maintainer_client.get(TRIAGE).status_code == 403


def test_without_the_page_s_own_token_nothing_is_done(maintainer: User):
    strict, issue = Client(enforce_csrf_checks=True), make_issue()
    strict.force_login(maintainer)
    assert quick(strict, issue, "move").status_code == 403


@pytest.mark.parametrize("path", [TRIAGE, f"{LIST}1/quick/", LIST])
def test_a_reporter_and_nobody_do_not_get_in(client: Client, path):
    issue = make_issue(pk=1)
    for person in (None, make_user(Role.REPORTER)):
        if person is not None:
            client.force_login(person)
        answer = client.post(path, ticked(issue, action="move_along", severity="high", do="move"))
        assert answer.status_code == 302
        assert answer["Location"].startswith("/admin/login/")
    issue.refresh_from_db()
    assert (issue.status, issue.severity) == ("OPEN", "medium")


def test_the_actions_ask_the_table(rf):
    assert {getattr(TriagePage, name).allowed_permissions[0] for name in TriagePage.actions} == {"triage"}
