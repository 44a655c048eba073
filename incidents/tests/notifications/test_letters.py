"""Letters to people: through the same outbox as alerts, one per person, worded when they are sent."""

from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client

from incidents.choices import ChannelKind, DeliveryStatus, Notice
from incidents.models import Channel, Delivery
from incidents.services.deliveries import retry_delivery, route_alerts
from incidents.services.mailings import MAX_TOLD, PEOPLE, write_letters
from incidents.services.sending import deliver_due
from incidents.sweeps import mail_people
from incidents.testing.factories import make_alert, make_issue, make_ticket
from incidents.testing.outbox import count_by_status
from incidents.testing.parallel import run_at_once
from incidents.testing.smtp_stub import SMTPStub
from tracker import clock
from tracker.access import Actor
from tracker.choices import MailWish, NotificationKind, Role
from tracker.models import Event, Notification, NotificationPreference, SweepHeartbeat
from tracker.services.notifications import GATHERED_FOR, notify_people
from tracker.testing.factories import jwt_client, make_user

pytestmark = pytest.mark.django_db(transaction=True)
SYSTEM = Actor.system("test")


@pytest.fixture
def mail_server(settings):
    with SMTPStub() as stub:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = stub.server.host, stub.server.port
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.DEFAULT_FROM_EMAIL = "Tracker <tracker@tracker.example>"
        settings.SITE_URL = "https://tracker.example"
        yield stub


def tell(*people, headline="OPS-1 is yours", body="", issue=None, kind=NotificationKind.ASSIGNED):
    issue = issue or make_issue()
    rows = notify_people(
        actor=SYSTEM,
        recipients=people,
        kind=kind,
        object_type="issue",
        object_id=str(issue.pk),
        headline=headline,
        body=body,
    )
    return issue, rows


def order(person, kind):
    """A letter about an account."""
    now = clock.now()
    return Notification.objects.create(
        recipient=person, kind=kind, headline=kind.label, created_at=now, mail_at=now, is_listed=False
    )


def gather():
    """As if the moments had passed that a burst is waited for."""
    soon = Notification.objects.filter(mail_at__lte=clock.now() + GATHERED_FOR)
    soon.update(mail_at=clock.now())


def write_all():
    gather()
    mail_people()


def send_all():
    write_all()
    deliver_due()


def statuses():
    return list(Delivery.objects.order_by("id").values_list("status", flat=True))


def test_a_letter_arrives_in_text_and_html_with_one_message_id(mail_server):
    anna = make_user(full_name="Anna", timezone="Europe/Berlin")
    issue, _ = tell(anna, headline="OPS-1 is yours: <b>Mail</b>", body="It is\nbroken.")
    send_all()
    (letter,) = mail_server.messages
    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.notice, delivery.channel.name) == ("sent", "letter", PEOPLE)
    assert letter["To"] == anna.email
    assert letter["Message-ID"] == f"<{delivery.key}@tracker.example>"
    assert letter["Subject"] == f"[{issue.key}] OPS-1 is yours: <b>Mail</b>"
    text, page = (letter.get_body((kind,)).get_content() for kind in ("plain", "html"))
    for part in (text, page):
        assert "Hello Anna" in part
        assert "broken." in part
        assert "(Europe/Berlin)" in part
        assert f"https://tracker.example/admin/incidents/issue/{issue.pk}/change/" in part
        assert "https://tracker.example/admin/tracker/notification/preferences/" in part
    assert "<b>" not in page
    assert SweepHeartbeat.objects.get(name="mail_people").rows_total == 1


def test_all_that_is_due_for_one_person_is_one_letter_and_nothing_is_told_twice():
    anna, ben = make_user(), make_user()
    for number in range(3):
        tell(anna, headline=f"Thing {number}")
    tell(ben, headline="Another thing")
    send_all()
    send_all()
    by_person = {letter.to[0]: letter for letter in mail.outbox}
    assert len(mail.outbox) == len(by_person) == 2
    assert by_person[anna.email].subject == "3 things that concern you"
    assert all(f"Thing {number}" in by_person[anna.email].body for number in range(3))
    assert "Another" not in by_person[anna.email].body
    assert by_person[ben.email].subject.endswith("] Another thing")
    assert not Notification.objects.filter(mail_at__isnull=False).exists()


def test_a_long_letter_says_how_much_more_there_is():
    anna, issue = make_user(), make_issue()
    for number in range(MAX_TOLD + 5):
        tell(anna, headline=f"Thing {number}.", issue=issue)
    send_all()
    (letter,) = mail.outbox
    assert letter.subject == f"{MAX_TOLD + 5} things that concern you"
    assert "And 5 more in your list." in letter.body


def test_letters_about_an_account_go_alone():
    person = make_user(is_unconfirmed=True)
    order(person, NotificationKind.CONFIRM_EMAIL)
    order(person, NotificationKind.RESET_PASSWORD)
    send_all()
    assert {letter.subject for letter in mail.outbox} == {"Confirm your e-mail address", "Set a new password"}
    confirm = next(letter for letter in mail.outbox if letter.subject.startswith("Confirm"))
    assert "Confirm the address: http" in confirm.body
    assert "how you chose" not in confirm.body
    assert "http" not in str(Delivery.objects.values_list("payload", flat=True))


def test_a_burst_is_gathered_into_one_letter(move_clock):
    anna, start = make_user(), clock.now()
    for seconds in (0, 4, 9):
        move_clock(to=start + timedelta(seconds=seconds))
        tell(anna)
        mail_people()
    assert not Delivery.objects.exists()
    move_clock(to=start + timedelta(seconds=11))
    mail_people()
    assert len(Delivery.objects.get().payload["notifications"]) == 3


def test_a_digest_waits_for_its_hour(move_clock):
    anna = make_user()
    NotificationPreference.objects.create(person=anna, kind=NotificationKind.ASSIGNED, mail=MailWish.DAILY)
    tell(anna)
    send_all()
    assert mail.outbox == []
    move_clock(by=timedelta(hours=24))
    send_all()
    assert len(mail.outbox) == 1


def test_two_sweepers_write_each_letter_once_and_whole():
    people = [make_user() for _ in range(30)]
    for _ in range(4):
        tell(*people)
    gather()
    assert run_at_once([write_letters] * 4) == []
    write_all()
    letters = Delivery.objects.filter(notice=Notice.LETTER).values_list("payload", flat=True)
    assert sorted(letter["person"] for letter in letters) == sorted(person.pk for person in people)
    assert {len(letter["notifications"]) for letter in letters} == {4}


def test_what_cannot_be_written_down_stays_due(monkeypatch):
    tell(make_user())
    gather()
    monkeypatch.setattr(Delivery.objects, "bulk_create", lambda rows: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        mail_people()
    assert Notification.objects.filter(mail_at__isnull=False).count() == 1


def test_whoever_is_gone_or_unconfirmed_gets_no_letter_and_nobody_else_is_kept_waiting():
    gone, stranger, anna = make_user(), make_user(), make_user()
    tell(gone, stranger, anna)
    write_all()
    gone.is_active, stranger.is_unconfirmed = False, True
    gone.save()
    stranger.save()
    deliver_due()
    assert [letter.to for letter in mail.outbox] == [[anna.email]]
    assert sorted(statuses()) == ["cancelled", "cancelled", "sent"]
    channel = Channel.objects.get(kind=ChannelKind.PERSON)
    assert (channel.consecutive_failures, channel.broken_at) == (0, None)
    assert Event.objects.filter(verb="delivery.cancelled").count() == 2


def test_a_letter_goes_to_the_address_of_today():
    anna = make_user()
    tell(anna)
    write_all()
    anna.email = "new@example.com"
    anna.save()
    deliver_due()
    assert mail.outbox[0].to == ["new@example.com"]


def test_what_the_reader_may_not_see_any_more_is_left_out():
    anna = make_user(Role.MAINTAINER)
    own = make_issue(reporter=anna)
    tell(anna, headline="Secret of others")
    tell(anna, headline="My own", issue=own)
    deleted, _ = tell(anna, headline="Gone")
    deleted.delete()
    write_all()
    anna.role = Role.REPORTER
    anna.save()
    deliver_due()
    (letter,) = mail.outbox
    assert letter.subject == f"[{own.key}] My own"
    assert "Secret" not in letter.body
    assert "Gone" not in letter.body
    assert f"/v1/issues/{own.pk}" in letter.body


def test_a_dead_mailbox_ends_its_own_letter_and_breaks_nothing(mail_server):
    """F37: 550 for one, everybody else is told."""
    dead, anna = make_user(), make_user()
    other = Channel.objects.create(name="ops", kind="webhook", url="https://example.com/x")
    tell(dead)
    mail_server.behaviour = "550"
    mail_server.reply = f"no such user {dead.email}"
    send_all()
    assert statuses() == ["dead"]
    people = Channel.objects.get(kind=ChannelKind.PERSON)
    assert (people.consecutive_failures, people.broken_at) == (0, None)
    assert not Delivery.objects.filter(channel=other).exists()
    assert dead.email not in Delivery.objects.get().last_error
    mail_server.behaviour = "ok"
    tell(anna)
    send_all()
    assert [letter["To"] for letter in mail_server.messages] == [anna.email]
    retry_delivery(actor=SYSTEM, delivery=Delivery.objects.get(status=DeliveryStatus.DEAD))
    deliver_due()
    assert [letter["To"] for letter in mail_server.messages] == [anna.email, dead.email]


def test_a_server_that_is_away_is_tried_again_under_the_same_key(mail_server, settings):
    tell(make_user())
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 1
    write_all()
    deliver_due(limit=1)
    assert statuses() == ["pending"]
    settings.EMAIL_PORT = port
    Delivery.objects.update(next_attempt_at=clock.now())
    deliver_due()
    assert mail_server.messages[0]["Message-ID"].startswith(f"<{Delivery.objects.get().key}@")


def test_nothing_typed_by_a_stranger_adds_a_header():
    tell(make_user(), headline="x\r\nBcc: evil@example.com")
    send_all()
    assert "\n" not in mail.outbox[0].subject
    assert mail.outbox[0].bcc == []


@pytest.mark.parametrize(("backend", "is_production"), [("dummy", False), ("console", True)])
def test_without_a_mail_server_letters_end_quietly_and_do_not_pile_up(settings, backend, is_production):
    settings.EMAIL_BACKEND = f"django.core.mail.backends.{backend}.EmailBackend"
    settings.IS_PRODUCTION = is_production
    tell(make_user())
    write_all()
    assert not Notification.objects.filter(mail_at__isnull=False).exists()
    assert not Delivery.objects.exists()


def test_a_developer_reads_letters_on_the_console(settings, capsys):
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    tell(make_user(), headline="Look here")
    send_all()
    assert statuses() == ["sent"]
    assert "Look here" in capsys.readouterr().out


def test_the_channel_of_people_hears_no_alert_and_is_nobody_s_to_touch():
    tell(make_user())
    write_all()
    people = Channel.objects.get(kind=ChannelKind.PERSON)
    Delivery.objects.all().delete()
    route_alerts([make_alert(make_ticket()).pk], notice=Notice.FIRED)
    assert count_by_status(people) == {}
    admin = make_user(Role.ADMIN)
    api, pages = jwt_client(admin), Client()
    pages.force_login(admin)
    assert api.get("/v1/channels").json()["results"] == []
    address = f"/v1/channels/{people.pk}"
    for answer in (api.get(address), api.delete(address), api.patch(address, {"enabled": False})):
        assert answer.status_code == 404
    made = api.post("/v1/channels", {"name": "x", "kind": "person", "url": "https://example.com/x"})
    assert made.status_code == 400
    assert PEOPLE not in pages.get("/admin/incidents/channel/").content.decode()
    assert PEOPLE not in pages.get("/admin/").content.decode()
    assert pages.get(f"/admin/incidents/channel/{people.pk}/change/").status_code == 302
    assert '"person"' not in pages.get("/admin/incidents/channel/add/").content.decode()
