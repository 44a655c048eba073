"""A letter about one thing can be answered: its token speaks for its reader alone, about that thing alone."""

import pytest
from django.core import mail

from incidents.models import Delivery
from incidents.services.mail_threads import find_mark, open_thread
from incidents.services.mail_tokens import find_reply_right, make_token, reply_address
from incidents.services.mailings import write_letters
from incidents.services.sending import deliver_due
from incidents.testing.factories import make_issue
from incidents.testing.incident_factories import make_incident
from tracker import clock
from tracker.access import Actor
from tracker.choices import NotificationKind, Role
from tracker.models import Notification
from tracker.services.notifications import notify_people
from tracker.testing.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def intake(settings):
    settings.MAIL_INTAKE_ADDRESS = "reports@tracker.example"
    settings.DEFAULT_FROM_EMAIL = "Tracker <tracker@tracker.example>"


def send(person, *things):
    for thing in things:
        notify_people(
            actor=Actor.system("test"),
            recipients=[person],
            kind=NotificationKind.WATCHED,
            object_type=thing._meta.model_name,
            object_id=str(thing.pk),
            headline=f"{thing.key}: somebody commented",
        )
    Notification.objects.filter(mail_at__isnull=False).update(mail_at=clock.now())
    write_letters()
    deliver_due()
    return mail.outbox[-1]


@pytest.mark.django_db(transaction=True)
def test_a_letter_about_one_thing_can_be_answered_and_one_about_several_cannot():
    anna, incident, issue = make_user(Role.MAINTAINER), make_incident(), make_issue()
    letter = send(anna, incident)
    token = make_token(anna, "incident", incident.pk)
    assert letter.subject == f"[{incident.key}] somebody commented"
    assert letter.reply_to == [f"reports+{token}@tracker.example"]
    sent = letter.message()
    assert sent["References"] == sent["In-Reply-To"] == f"<{token}@tracker.example>"
    assert sent["Message-ID"] == f"<{Delivery.objects.get().key}@tracker.example>"
    assert send(anna, issue).subject == f"[{issue.key}] somebody commented"
    both = send(anna, incident, issue)
    assert both.subject == "2 things that concern you"
    assert (both.reply_to, "References" in both.message()) == ([], False)


def test_without_an_address_for_mail_there_is_no_way_back(settings):
    settings.MAIL_INTAKE_ADDRESS, settings.IMAP_MAILBOX = "", None
    incident = make_incident()
    thread = open_thread(make_user(), "incident", str(incident.pk))
    assert (thread.key, thread.reply_to, thread.reference) == (incident.key, "", "")
    assert open_thread(make_user(), "user", "1") is None
    assert open_thread(make_user(), "incident", "999999") is None


def find(*, recipients=(), ids=()):
    right = find_reply_right(recipients=recipients, message_ids=ids)
    return right and (right.person, right.object_type, right.object_id)


def test_a_token_speaks_for_one_person_about_one_thing(settings):
    anna, ben = make_user(), make_user()
    token = make_token(anna, "incident", 7)
    whole = (anna, "incident", 7)
    assert find(recipients=["x@y.z", reply_address(token)]) == whole
    assert find(ids=["1@x", f"{token.upper()}@tracker.example"]) == whole
    stem, _, signature = token.rpartition(".")
    for forged in (
        f"i8.{anna.pk}.{signature}",
        f"s7.{anna.pk}.{signature}",
        f"i7.{ben.pk}.{signature}",
        f"{stem}.{'a' * 16}",
        f"{stem}.",
        f"i7.{'9' * 30}.{signature}",
    ):
        assert find(recipients=[reply_address(forged)], ids=[f"{forged}@tracker.example"]) is None, forged
    assert find(recipients=[f"others+{token}@tracker.example", f"reports+{token}@evil.example"]) is None


def test_a_token_outlives_a_new_secret_key_and_ends_with_the_address_or_the_account(settings):
    anna = make_user()
    address = reply_address(make_token(anna, "issue", 3))
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another"
    assert find(recipients=[address]) == (anna, "issue", 3)
    settings.SECRET_KEY_FALLBACKS = []
    assert find(recipients=[address]) is None
    address = reply_address(make_token(anna, "issue", 3))
    anna.is_active = False
    anna.save()
    assert find(recipients=[address]) is None
    anna.is_active, anna.email = True, "elsewhere@example.com"
    anna.save()
    assert find(recipients=[address]) is None


def test_a_reply_address_is_never_longer_than_mail_allows():
    person = make_user()
    assert len(reply_address(make_token(person, "incident", 10**9)).partition("@")[0]) <= 64
    assert reply_address("i" + "9" * 60) == ""


@pytest.mark.parametrize(
    ("subject", "key"),
    [("Re: [INC-12] gate", "INC-12"), ("AW: [OPS-3] [INC-9]", "OPS-3"), ("INC-12", ""), ("[ext] [a-1] [X-1]", "")],
)
def test_a_subject_names_a_thing_in_brackets_only(subject, key):
    assert find_mark(subject) == key
