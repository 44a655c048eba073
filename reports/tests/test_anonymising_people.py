"""A person is made nobody: no column of any table names them any more, and every figure stays."""

import io

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.utils import IntegrityError
from django_celery_beat.models import CrontabSchedule, PeriodicTask

from incidents.choices import ChannelKind, MailOutcome, Notice
from incidents.models import Attachment, Comment, Delivery, Incident, Issue, MailMessage, Ticket
from incidents.services.issue_search import search_query_of
from incidents.services.mailings import find_people_channel
from incidents.services.tickets import assign_ticket
from incidents.testing.factories import (
    make_attachment,
    make_channel,
    make_issue,
    make_issue_comment,
    make_ticket,
    make_ticket_event,
)
from incidents.testing.incident_factories import make_incident, make_incident_comment
from reports.models import Report
from reports.testing.factories import make_report
from tracker import clock
from tracker.access import Actor
from tracker.choices import Role
from tracker.exceptions import Conflict
from tracker.files.keeping import keep_file
from tracker.files.uploads import Upload
from tracker.models import Event, IdempotencyRecord, Notification, SavedView, User
from tracker.services.anonymising import anonymise_user, ask_to_anonymise
from tracker.services.users import update_user
from tracker.sweeps import anonymise
from tracker.testing.factories import (
    jwt_client,
    make_notification,
    make_project,
    make_token,
    make_user,
    session_client,
)

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("a test")
ADDRESS, NAME = "o.quastenflosser@example.com", "Ottilie Quastenflosser"
PARTS = ["%quastenflosser%", "%ottilie%", "%o'tilly%", "%tilly&#x27;%"]


@pytest.fixture
def person():
    return make_user(Role.MAINTAINER, email=ADDRESS, full_name=NAME)


def tables_that_name(patterns):
    """Every table with a row that holds one of the patterns in whatever column, as text or as bytes."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, array_agg(format('encode(coalesce(%I, %L), %L)', column_name, '', 'escape'))"
            "         FILTER (WHERE data_type = 'bytea')"
            "  FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)"
            " WHERE table_schema = 'public' AND table_type = 'BASE TABLE' GROUP BY 1"
        )
        found = []
        for table, extra in cursor.fetchall():
            texts = " || ".join([f'"{table}"::text', *(extra or [])])
            cursor.execute(f'SELECT count(*) FROM "{table}" WHERE {texts} ILIKE ANY(%s)', [patterns])  # noqa: S608
            if cursor.fetchone()[0]:
                found.append(table)
    return found


def fill_tables(person):
    """Something that names the person in every place that a person gets into."""
    other, admin, project = make_user(), make_user(Role.ADMIN), make_project(owner=person, members=[person])
    update_user(actor=Actor.of_user(admin), user=person, changes={"email": "otti@quastenflosser.example"})
    update_user(actor=Actor.of_user(admin), user=person, changes={"email": ADDRESS})
    person.refresh_from_db()
    client = jwt_client(person)
    client.post("/v1/projects", {"key": "OTTI", "name": f"Work of {NAME}"}, headers={"Idempotency-Key": "k1"})
    session_client(person).get("/account/profile")
    make_token(person, ["read"])
    issue = make_issue(
        project=project, reporter=person, assignee=person, watchers=[person, other], tags=[NAME.lower()],
        title=f"Call {NAME}", description=f"mailto:{ADDRESS}",
    )  # fmt: skip
    make_issue_comment(issue, other, f"Thanks @{ADDRESS}, and {NAME.upper()} too")
    make_issue_comment(issue, person, "My words stay.")
    make_attachment(issue, uploaded_by=person, name=f"{NAME}.txt")
    incident = make_incident(actor=Actor.of_user(person), title="A theft", description=f"Seen by {NAME}")
    Incident.objects.filter(pk=incident.pk).update(ip="203.0.113.7", reporter_label=f"{NAME} <{ADDRESS}>")
    make_incident_comment(incident, None, "Hello", author_label=ADDRESS)
    ticket = make_ticket(sender_assignee=NAME, attributes={"contact": {"who": [NAME, ADDRESS.upper()]}})
    make_ticket_event(ticket, extra={"assignee": NAME})
    assign_ticket(actor=Actor.of_user(admin), ticket=ticket, assignee=person)
    MailMessage.objects.create(
        message_digest="d", sender=ADDRESS, subject=f"From {NAME}", received_at=clock.now(), size_bytes=1,
        outcome=MailOutcome.COMMENT,
    )  # fmt: skip
    make_notification(other, headline=f"{ADDRESS} assigned you", actor_label=ADDRESS)
    make_notification(person)
    Delivery.objects.create(
        channel=find_people_channel(), notice=Notice.LETTER, payload={"person": person.pk}, created_at=clock.now()
    )
    SavedView.objects.create(owner=other, page="issue", name=NAME, query="q=o.quastenflosser%40example.com")
    SocialAccount.objects.create(user=person, provider="oidc", uid=ADDRESS, extra_data={"name": NAME})
    EmailAddress.objects.create(user=person, email=ADDRESS)
    IdempotencyRecord.objects.create(
        caller="user:0", key="x", request_digest=b"x", response_body=f'{{"by":"{ADDRESS}"}}'.encode(),
        created_at=clock.now(),
    )  # fmt: skip
    Event.objects.create(
        at=clock.now(), verb="x", actor_label=ADDRESS, object_type="schedule", object_id=f"For {NAME}",
        before={"names": [NAME]}, after={NAME: 1}, data={"html": f"<a href='mailto:{ADDRESS}'>"},
    )  # fmt: skip
    make_report(owner=person)
    make_report(owner=other, result={"people": {ADDRESS: 3}})
    with Upload.of_chunks("rows.csv", [b"id,assignee\n1,", ADDRESS.encode(), b"\n"]) as upload:
        make_report(owner=other, file_key=keep_file(upload), file_name="rows.csv")
    return issue, incident, other


def test_no_column_of_any_table_names_an_anonymised_person(person):
    issue, incident, other = fill_tables(person)
    kept = make_report(owner=other)
    rows = [(model, model.objects.count()) for model in (Issue, Incident, Ticket, Comment, Attachment, Event, User)]
    named = tables_that_name(PARTS)
    assert len(named) >= 17
    out = io.StringIO()
    call_command("anonymise_user", ADDRESS.upper(), "--yes", stdout=out)
    assert tables_that_name(PARTS) == []
    person.refresh_from_db()
    assert (person.email, person.full_name) == (
        f"anonymised-{person.pk}@users.invalid",
        f"anonymised person {person.pk}",
    )
    assert not person.is_active
    assert person.anonymised_at is not None
    assert f"They are {person.email} now." in out.getvalue()
    # What they did stays, and whose it was is still one person.
    for model, count in rows:
        assert model.objects.count() >= count
    issue.refresh_from_db()
    assert (issue.reporter_id, issue.assignee_id) == (person.pk, person.pk)
    assert issue.title == f"Call {person.full_name}"
    assert Comment.objects.filter(author=person, body="My words stay.").exists()
    incident.refresh_from_db()
    assert incident.ip is None
    # Whoever was assigned at a past moment is found by the address in the log.
    assert Event.objects.get(verb="ticket.assigned").after["assignee"] == person.email
    assert list(Report.objects.all()) == [kept]
    assert not Notification.objects.filter(recipient=person).exists()
    line = Event.objects.get(verb="user.anonymised")
    assert line.data["rewritten"]["tracker_event"] >= 5
    assert line.data["deleted"]["reports"] == 3
    # Found by the new words, and not by the old.
    assert Issue.objects.filter(pk=issue.pk, search=search_query_of("anonymised")).exists()
    assert not Issue.objects.filter(pk=issue.pk, search=search_query_of("ottilie")).exists()


def test_anonymising_again_changes_nothing_and_takes_out_what_somebody_adds(person):
    anonymise_user(actor=SYSTEM, user=person)
    comment = make_issue_comment(make_issue(), make_user(), "Otti and Ottilie said so; the Ottilienheim did not.")
    before = Event.objects.count()
    assert anonymise_user(actor=SYSTEM, user=person) == {}
    assert Event.objects.count() == before
    person.refresh_from_db()
    assert anonymise_user(actor=SYSTEM, user=person, extra=["Otti", "Ottilie"]) == {"incidents_comment": 1}
    comment.refresh_from_db()
    name = f"anonymised person {person.pk}"
    assert comment.body == f"{name} and {name} said so; the Ottilienheim did not."


def test_a_name_with_signs_is_found_as_html_and_json_have_it():
    person = make_user(email="x+y@example.com", full_name='Tilly "T" O\'Tilly')
    issue = make_issue(description_html="<p>Tilly &quot;T&quot; O&#x27;Tilly</p>")
    Event.objects.create(
        at=clock.now(), verb="x", actor_label="a", data={"who": person.full_name, "u": "x%2By%40example.com"}
    )
    anonymise_user(actor=SYSTEM, user=person)
    issue.refresh_from_db()
    assert issue.description_html == f"<p>anonymised person {person.pk}</p>"
    assert Event.objects.get(verb="x").data == {
        "who": f"anonymised person {person.pk}", "u": f"anonymised-{person.pk}@users.invalid"
    }  # fmt: skip


def test_they_are_shut_out_at_once_and_the_sweep_does_the_rest(person):
    client, admin = jwt_client(person), make_user(Role.ADMIN)
    answer = jwt_client(admin).post(f"/v1/users/{person.pk}/anonymise")
    assert answer.status_code == 202
    assert client.get("/v1/auth/me").status_code == 401
    assert User.objects.get(pk=person.pk).email == ADDRESS
    assert anonymise() == 1
    assert anonymise() == 0
    assert User.objects.get(pk=person.pk).email != ADDRESS
    verbs = Event.objects.filter(object_id=str(person.pk), verb__startswith="user.anonymise").order_by("id")
    assert list(verbs.values_list("verb", "actor_label")) == [
        ("user.anonymise_asked", admin.email), ("user.anonymised", "system:anonymise")
    ]  # fmt: skip


def test_nobody_makes_somebody_of_them_again(person):
    admin = make_user(Role.ADMIN)
    anonymise_user(actor=SYSTEM, user=person)
    client = jwt_client(admin)
    for change in ({"is_active": True}, {"email": "new@example.com"}, {"full_name": "New"}):
        answer = client.patch(f"/v1/users/{person.pk}", change)
        assert answer.status_code == 409, change
    assert "anonymised" in answer.json()["error"]["message"]


def test_whoever_is_still_written_to_is_refused_and_it_is_said_where(person):
    make_channel(name="Ops mail", kind=ChannelKind.EMAIL, url=f"ops@example.com, {ADDRESS}")
    crontab = CrontabSchedule.objects.create(minute="0", hour="7")
    kwargs = f'{{"kind": "daily_summary", "recipients": ["{ADDRESS.title()}"]}}'
    PeriodicTask.objects.create(name="Mondays", task="reports.sweeps.generate_report", crontab=crontab, kwargs=kwargs)
    with pytest.raises(Conflict) as refusal:
        ask_to_anonymise(actor=SYSTEM, user=person)
    assert "channel “Ops mail”" in refusal.value.message
    assert "schedule “Mondays”" in refusal.value.message
    person.refresh_from_db()
    assert person.is_active
    assert person.anonymise_asked_at is None


def test_neither_oneself_nor_the_last_admin_is_anonymised():
    admin = make_user(Role.ADMIN)
    with pytest.raises(Conflict, match="last active admin"):
        ask_to_anonymise(actor=SYSTEM, user=admin)
    make_user(Role.ADMIN)
    with pytest.raises(Conflict, match="another admin"):
        ask_to_anonymise(actor=Actor.of_user(admin), user=admin)
    with pytest.raises(CommandError, match="nobody with the e-mail"):
        call_command("anonymise_user", "who@example.com", "--yes")


@pytest.mark.parametrize("role", [Role.MAINTAINER, Role.REPORTER])
def test_only_admins_anonymise(person, role):
    client = session_client(make_user(role))
    page = f"/admin/tracker/user/{person.pk}/anonymise/"
    assert client.get(page).status_code in (302, 403)
    assert client.post(page, f"address={ADDRESS}", "application/x-www-form-urlencoded").status_code in (302, 403)
    assert User.objects.get(pk=person.pk).anonymise_asked_at is None


def test_the_back_office_asks_for_the_address_before_it_does_it(person):
    client, page = session_client(make_user(Role.ADMIN)), f"/admin/tracker/user/{person.pk}/anonymise/"
    assert page in client.get(f"/admin/tracker/user/{person.pk}/change/").content.decode()
    assert "no way back" in client.get(page).content.decode()
    form = "application/x-www-form-urlencoded"
    assert "This is not their address." in client.post(page, "address=somebody", form).content.decode()
    assert User.objects.get(pk=person.pk).is_active
    answer = client.post(page, f"address={ADDRESS.upper()}", form)
    assert answer.status_code == 302
    assert "Being anonymised" in client.get(answer["Location"]).content.decode()


def test_a_line_of_the_log_loses_nothing_but_words():
    line = Event.objects.create(at=clock.now(), verb="x", actor_label="a")
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('tracker.is_anonymising', 'on', true)")
    Event.objects.filter(pk=line.pk).update(actor_label="b")
    with pytest.raises(IntegrityError, match="append-only"):
        Event.objects.filter(pk=line.pk).update(verb="y")
