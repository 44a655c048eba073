"""Policies, calendars and statuses: read by maintainers, published by admins, owned by the file where one is set."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from incidents.models import Calendar, PolicyVersion, TicketStatus
from incidents.services.policy_versions import ensure_default_policy
from incidents.testing.factories import make_status
from tracker import clock
from tracker.models import Event, User

pytestmark = pytest.mark.django_db
LIST = "/admin/incidents/policyversion/"
CALENDARS = "/admin/incidents/calendar/"


def sent(client: Client, address: str = f"{LIST}add/") -> dict[str, Any]:
    """The form as a browser would send it back untouched."""
    page = client.get(address).context["page"]
    forms = [page.head, page.rules.management_form, page.steps.management_form, *page.rules, *page.steps]
    values = {bound.html_name: bound.value() for form in forms for bound in form}
    return {name: value for name, value in values.items() if value not in (None, False)}


@pytest.fixture
def first(db: None) -> PolicyVersion:
    return ensure_default_policy()


def test_a_version_is_read_with_its_rules_and_steps(maintainer_client: Client, first: PolicyVersion):
    page = maintainer_client.get(f"{LIST}{first.pk}/change/").content.decode()
    for words in ("gold", "30 min", "3 h", "85", "Breach", "always", "In force"):
        assert words in page
    assert "New version from this one" not in page


def test_an_untouched_form_publishes_the_same_again(admin_client: Client, admin_user: User, first: PolicyVersion):
    answer = admin_client.post(f"{LIST}add/?from={first.pk}", sent(admin_client))
    second = PolicyVersion.objects.get(number=2)
    assert answer["Location"] == f"{LIST}{second.pk}/change/"
    fields = ("tier", "priority", "response_minutes", "resolution_minutes", "calendar", "pauses_when_waiting")
    assert list(second.rules.values_list(*fields)) == list(first.rules.values_list(*fields))
    assert list(second.steps.values_list("percent", "state", "level")) == list(
        first.steps.values_list("percent", "state", "level")
    )
    assert (second.source, second.created_by) == ("admin", admin_user)
    assert Event.objects.filter(verb="policy.published", actor=admin_user).count() == 1


def test_rules_and_steps_are_changed_added_ordered_and_removed(admin_client: Client, first: PolicyVersion):
    values = sent(admin_client)
    count = first.rules.count()
    values |= {"rules-0-response_minutes": "7", "rules-1-DELETE": "on"}
    values |= {f"rules-{count}-tier": "vip", f"rules-{count}-resolution_minutes": "45", f"rules-{count}-ORDER": "0"}
    values |= {
        "steps-2-percent": "150",
        "steps-2-state": "breach",
        "steps-2-level": "3",
        "steps-2-channels": "ops, boss",
    }
    admin_client.post(f"{LIST}add/", values)
    second = PolicyVersion.objects.get(number=2)
    rules = list(second.rules.all())
    assert (rules[0].tier, rules[0].priority, rules[0].resolution_minutes) == ("vip", "*", 45)
    assert (rules[1].response_minutes, len(rules)) == (7, count)
    last = second.steps.last()
    assert last is not None
    assert (last.percent, last.level, last.channels) == (150, 3, ["ops", "boss"])


def test_what_the_service_refuses_is_told_at_its_row(admin_client: Client, first: PolicyVersion):
    values = sent(admin_client) | {"rules-0-tier": "*", "rules-0-priority": "*"}
    answer = admin_client.post(f"{LIST}add/", values)
    assert answer.status_code == 200
    assert "is never reached" in answer.content.decode()
    assert PolicyVersion.objects.count() == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"rules-0-response_minutes": "-5"},
        {"rules-0-response_minutes": "x"},
        {"rules-0-calendar": "unheard of"},
        {"steps-0-percent": "0"},
        {"steps-0-level": "0"},
        {"applies_to": "everything"},
        {"effective_at": "soon"},
        {"rules-TOTAL_FORMS": "9999999"},
        {"rules-TOTAL_FORMS": ""},
    ],
)
def test_nonsense_publishes_nothing(admin_client: Client, first: PolicyVersion, wrong: dict[str, str]):
    assert admin_client.post(f"{LIST}add/", sent(admin_client) | wrong).status_code == 200
    assert PolicyVersion.objects.count() == 1


def test_a_planned_version_can_be_taken_back_and_one_in_force_cannot(admin_client: Client, first: PolicyVersion):
    tomorrow = (clock.now() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    admin_client.post(f"{LIST}add/", sent(admin_client) | {"effective_at": tomorrow})
    planned = PolicyVersion.objects.get(number=2)
    assert "Planned" in admin_client.get(LIST).content.decode()
    admin_client.post(f"{LIST}{first.pk}/withdraw/")
    admin_client.post(f"{LIST}{planned.pk}/withdraw/")
    assert list(PolicyVersion.objects.all()) == [first]


def test_a_maintainer_publishes_nothing(maintainer_client: Client, first: PolicyVersion):
    assert maintainer_client.get(f"{LIST}add/").status_code == 403
    assert maintainer_client.post(f"{LIST}add/", {}).status_code == 403
    assert maintainer_client.post(f"{LIST}{first.pk}/withdraw/").status_code == 403
    assert maintainer_client.post(f"{CALENDARS}add/", {}).status_code == 403
    assert maintainer_client.post(f"{LIST}{first.pk}/delete/", {"post": "yes"}).status_code == 403


def test_while_a_file_is_set_everything_is_read_only(admin_client: Client, first: PolicyVersion, settings: Settings):
    settings.SLA_CONFIG_PATH = "/etc/tracker/sla.yaml"
    page = admin_client.get(f"{LIST}{first.pk}/change/").content.decode()
    assert "/etc/tracker/sla.yaml" in page
    assert "New version from this one" not in page
    assert admin_client.get(f"{LIST}add/").status_code == 403
    assert admin_client.get(f"{CALENDARS}add/").status_code == 403


def test_a_calendar_is_added_and_its_next_version_published(admin_client: Client, first: PolicyVersion):
    values = {
        "name": "office", "timezone": "Europe/Berlin", "mon": "09:00-12:00, 13:00-17:00", "fri": "09:00–15:00",
        "holiday_country": "de", "holiday_subdivision": "BY", "extra_holidays": "2026-12-24\n2026-12-31",
        "applies_to": "open",
    }  # fmt: skip
    admin_client.post(f"{CALENDARS}add/", values)
    office = Calendar.objects.get(name="office")
    assert office.hours == {"mon": [["09:00", "12:00"], ["13:00", "17:00"]], "fri": [["09:00", "15:00"]]}
    assert (office.holiday_country, office.extra_holidays) == ("DE", ["2026-12-24", "2026-12-31"])
    admin_client.post(f"{CALENDARS}add/?from={office.pk}", values | {"fri": ""})
    assert Calendar.objects.filter(name="office").count() == 2
    page = admin_client.get(f"{CALENDARS}{office.pk}/change/").content.decode()
    assert "Mon 09:00–12:00, 13:00–17:00; Fri 09:00–15:00" in page
    assert admin_client.post(f"{CALENDARS}{office.pk}/change/", {"name": "x"}).status_code == 403


@pytest.mark.parametrize(
    "wrong",
    [
        {"timezone": "Mars/Olympus"},
        {"mon": "25:00-26:00"},
        {"mon": "17:00-09:00"},
        {"mon": "all day"},
        {"mon": ""},
        {"holiday_country": "XX"},
        {"extra_holidays": "tomorrow"},
    ],
)
def test_a_calendar_that_makes_no_sense_is_refused_at_its_field(admin_client: Client, first: PolicyVersion, wrong):
    values = {"name": "office", "timezone": "Europe/Berlin", "mon": "09:00-12:00", "applies_to": "open"} | wrong
    answer = admin_client.post(f"{CALENDARS}add/", values)
    assert answer.status_code == 200
    assert answer.context["form"].errors
    assert not Calendar.objects.filter(name="office").exists()


def test_saying_what_a_status_means_and_confirming_guesses(admin_client: Client):
    wrong, right = make_status("in behandlung", "new"), make_status("gelöst", "resolved")
    statuses = "/admin/incidents/ticketstatus/"
    admin_client.post(f"{statuses}{wrong.pk}/change/", {"category": "active"})
    admin_client.post(statuses, {"action": "confirm_guesses", "_selected_action": [right.pk], "index": 0})
    assert set(TicketStatus.objects.values_list("category", "is_guessed")) == {("active", False), ("resolved", False)}
    assert Event.objects.filter(verb="status.recategorised").count() == 2


def test_a_maintainer_cannot_say_what_a_status_means(maintainer_client: Client):
    status = make_status("hm", "new")
    address = f"/admin/incidents/ticketstatus/{status.pk}/change/"
    assert maintainer_client.get(address).status_code == 200
    assert maintainer_client.post(address, {"category": "closed"}).status_code == 403
    maintainer_client.post(
        "/admin/incidents/ticketstatus/", {"action": "confirm_guesses", "_selected_action": [status.pk], "index": 0}
    )
    status.refresh_from_db()
    assert (status.category, status.is_guessed) == ("new", True)
