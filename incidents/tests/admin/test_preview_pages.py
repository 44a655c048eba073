"""Previews in the back office: asked for in the form, read by maintainers, published by admins."""

from typing import Any

import pytest
from django.test import Client

from incidents.models import PolicyTrial, PolicyVersion
from incidents.services.policy_trial_runs import run_waiting_trials
from incidents.services.policy_trials import request_trial
from incidents.services.policy_versions import publish_version
from incidents.testing.ticket_events import SYSTEM, at
from incidents.tests.admin.test_policy_pages import sent
from incidents.tests.trials.courses import ingest_courses, mixed_policy, promise

pytestmark = pytest.mark.django_db
PREVIEWS = "/admin/incidents/policytrial/"
POLICIES = "/admin/incidents/policyversion/"
CALENDARS = "/admin/incidents/calendar/"


@pytest.fixture
def ready(move_clock) -> PolicyTrial:
    """A preview that has been worked out."""
    move_clock(to=at(600))
    ingest_courses(30, seed=1)
    trial = request_trial(actor=SYSTEM, document=mixed_policy())
    run_waiting_trials()
    return trial


def page_of(client: Client, trial: PolicyTrial) -> str:
    return client.get(f"{PREVIEWS}{trial.pk}/change/").content.decode()


def test_the_form_is_previewed_and_nothing_is_published(admin_client: Client, admin_user):
    values = sent(admin_client) | {
        "rules-0-response_minutes": "7",
        "applies_to": "rebase",
        "note": "Try",
        "preview": "",
    }
    answer = admin_client.post(f"{POLICIES}add/", values)
    trial = PolicyTrial.objects.get()
    assert answer["Location"] == f"{PREVIEWS}{trial.pk}/change/"
    assert (trial.owner, trial.note, trial.applies_to) == (admin_user, "Try", "rebase")
    assert PolicyVersion.objects.count() == 1
    waiting = page_of(admin_client, trial)
    assert 'http-equiv="refresh"' in waiting
    assert "Publish it for" not in waiting
    again = sent(admin_client, f"{POLICIES}add/?trial={trial.pk}")
    assert (again["rules-0-response_minutes"], again["applies_to"], again["note"]) == (7, "rebase", "Try")


def test_a_calendar_is_previewed_within_the_policy_that_uses_it(admin_client: Client):
    values: dict[str, Any] = {
        "name": "always", "timezone": "UTC", "mon": "09:00-17:00", "applies_to": "open", "preview": "",
    }  # fmt: skip
    answer = admin_client.post(f"{CALENDARS}add/", values)
    trial = PolicyTrial.objects.get()
    assert answer["Location"] == f"{PREVIEWS}{trial.pk}/change/"
    assert (trial.calendar, trial.note) == ("always", "Calendar always")
    form = admin_client.get(f"{CALENDARS}add/?trial={trial.pk}").context["form"]
    assert (form["name"].value(), form["mon"].value()) == ("always", "09:00-17:00")
    assert "No rule says anything else" in page_of(admin_client, trial)


def test_a_maintainer_reads_the_figures_and_finds_no_button(maintainer_client: Client, ready: PolicyTrial):
    page = page_of(maintainer_client, ready)
    ready.refresh_from_db()
    assert ready.result
    for words in ("Due earlier", "As judged", "In breach at once", "gold × high", "response 30 min"):
        assert words in page
    example = ready.result["open_tickets"]["open"]["examples"]["breached"][0]["ticket"]
    assert example in page
    assert "Publish it for" not in page
    assert "Back to the form" not in page
    assert maintainer_client.post(f"{PREVIEWS}{ready.pk}/apply/", {"applies_to": "open"}).status_code == 403
    assert PolicyVersion.objects.count() == 1
    assert "Preview " in maintainer_client.get(PREVIEWS).content.decode()


def test_an_admin_publishes_from_the_page_once(admin_client: Client, ready: PolicyTrial):
    assert "Publish it for" in page_of(admin_client, ready)
    answer = admin_client.post(f"{PREVIEWS}{ready.pk}/apply/", {"applies_to": "rebase"})
    version = PolicyVersion.objects.get(number=2)
    assert answer["Location"] == f"{POLICIES}{version.pk}/change/"
    assert version.applies_to == "rebase"
    page = page_of(admin_client, ready)
    assert "Published as" in page
    assert "Publish it for" not in page
    admin_client.post(f"{PREVIEWS}{ready.pk}/apply/", {"applies_to": "open"})
    assert PolicyVersion.objects.count() == 2


def test_what_is_out_of_date_says_so_and_is_not_published(admin_client: Client, ready: PolicyTrial):
    publish_version(actor=SYSTEM, document=promise(1, 2))
    page = page_of(admin_client, ready)
    assert "The policy has changed since" in page
    assert "Publish it for" not in page
    answer = admin_client.post(f"{PREVIEWS}{ready.pk}/apply/", {"applies_to": "open"}, follow=True)
    assert "changed since" in answer.content.decode()
    assert admin_client.post(f"{PREVIEWS}{ready.pk}/apply/", {"applies_to": "all"}).status_code == 302
    assert PolicyVersion.objects.count() == 2


def test_it_is_deleted(admin_client: Client, ready: PolicyTrial):
    admin_client.post(f"{PREVIEWS}{ready.pk}/delete/", {"post": "yes"})
    assert not PolicyTrial.objects.exists()


def test_without_tickets_the_page_says_so(admin_client: Client):
    trial = request_trial(actor=SYSTEM, document=promise(1, 2))
    run_waiting_trials()
    page = page_of(admin_client, trial)
    assert "0 open tickets" in page
    assert "nothing to compare" in page
