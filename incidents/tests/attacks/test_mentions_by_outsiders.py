"""Only people mention people: whoever is no user cannot have staff written to by naming their addresses."""

import pytest

from incidents.portal.follow_links import follow_token
from incidents.services.comments import comment_on_incident
from incidents.services.mail_intake import take_mail
from incidents.testing.hook_calls import Sender, alert, group, issue_news
from incidents.testing.incident_factories import make_incident
from incidents.testing.mails import make_mail
from incidents.testing.portal import Visitor
from tracker.access import Actor
from tracker.choices import NotificationKind, Role
from tracker.models import Notification
from tracker.testing.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def call():
    """A text that names everybody who works here."""
    people = [make_user(), make_user(Role.ADMIN)]
    return " ".join(f"@{person.email}" for person in people)


def test_a_stranger_before_the_portal_mentions_nobody(call, settings, monkeypatch):
    settings.INCIDENT_PORTAL_ANONYMOUS = True
    monkeypatch.setattr("incidents.portal.form_keys.LEAST_SECONDS", 0)
    stranger, path = Visitor(), f"/incidents/follow/{follow_token(make_incident())}"
    assert stranger.report(description=call).status_code == 201
    assert stranger.send(path, stranger.hidden(path), body=call).status_code == 302
    assert not Notification.objects.exists()


def test_a_sender_of_alerts_mentions_nobody(call):
    sender = Sender()
    sender.tell(group(alert(annotations={"description": call})))
    sender.tell(group(alert(annotations={"description": f"Again {call}"})))
    github = Sender("github")
    github.tell(issue_news(body=call), event="issues")
    assert not Notification.objects.exists()


def test_a_mail_of_a_stranger_mentions_nobody(call):
    take_mail(actor=Actor.system("poll_mail"), raw=make_mail(call, subject=call))
    assert not Notification.objects.exists()


def test_somebody_with_an_account_does(call):
    person = Actor.of_user(make_user())
    comment_on_incident(actor=person, incident=make_incident(), body=call)
    assert set(Notification.objects.values_list("kind", flat=True)) == {NotificationKind.MENTIONED}
