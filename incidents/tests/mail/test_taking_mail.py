"""A mail becomes an incident, an issue or a comment, once; or a line that says why not."""

from datetime import timedelta

import pytest

from incidents.choices import MailOutcome
from incidents.models import Attachment, Comment, Delivery, Incident, Issue, MailMessage
from incidents.services.comments import visible_comments
from incidents.services.incidents import Origin
from incidents.services.mail_intake import take_mail
from incidents.services.mail_tokens import make_token, reply_address
from incidents.services.mailings import find_people_channel
from incidents.testing.factories import make_issue
from incidents.testing.incident_factories import category_of, make_incident
from incidents.testing.mails import make_mail
from incidents.testing.parallel import run_at_once
from tracker import clock
from tracker.access import Actor
from tracker.choices import NotificationKind, Role
from tracker.models import Event, Project
from tracker.services.notifications import notify_people
from tracker.testing.factories import make_user

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("poll_mail")
PASSED = "mx.tracker.example; dmarc=pass header.from=example.com"


def take(*args, **named):
    taken = take_mail(actor=SYSTEM, raw=make_mail(*args, **named))
    assert taken.is_new
    return taken.message


def answer(person, thing):
    """The address that this person's letters about a thing are answered to."""
    return reply_address(make_token(person, thing._meta.model_name, thing.pk))


def test_a_new_mail_becomes_an_incident_that_names_its_sender():
    row = take("The gate is **open**.", html="<p>ignored</p>", subject="=?utf-8?q?T=C3=BCr?=")
    incident = row.incident
    assert (row.outcome, row.sender, row.subject) == (MailOutcome.INCIDENT, "anna@example.com", "Tür")
    assert (incident.title, incident.description) == ("Tür", "The gate is **open**.")
    assert (incident.reporter, incident.reporter_label, incident.category.key) == (None, "anna@example.com", "other")
    assert list(Event.objects.order_by("id").values_list("verb", flat=True)) == ["incident.created", "mail.taken"]


def test_the_operator_chooses_what_mail_becomes(settings):
    settings.MAIL_INTAKE_TARGET = "incident:theft"
    assert take(subject="").incident.category.key == "theft"
    settings.MAIL_INTAKE_TARGET = "issue:OPS"
    Project.objects.create(key="OPS", name="Operations")
    row = take("word " * 100, subject="")
    assert (row.outcome, row.issue.project.key) == (MailOutcome.ISSUE, "OPS")
    assert row.issue.title == "word " * 15 + "word …"
    assert row.issue.reporter_label == "anna@example.com"
    assert take("", subject="").issue.title == "Mail from anna@example.com"


def test_a_target_that_is_not_there_refuses_until_it_is(settings):
    settings.MAIL_INTAKE_TARGET = "issue:LATER"
    raw = make_mail()
    taken = take_mail(actor=SYSTEM, raw=raw)
    assert (taken.message.outcome, taken.is_refused) == (MailOutcome.REFUSED, True)
    assert "LATER" in taken.message.note
    Project.objects.create(key="LATER", name="Later")
    taken = take_mail(actor=SYSTEM, raw=raw)
    assert (taken.message.outcome, MailMessage.objects.count()) == (MailOutcome.ISSUE, 1)


def test_the_same_mail_twice_is_one():
    raw = make_mail()
    first = take_mail(actor=SYSTEM, raw=raw)
    again = take_mail(actor=SYSTEM, raw=b"Received: by another.example\n" + raw)
    assert (again.is_new, again.message) == (False, first.message)
    assert Incident.objects.count() == 1


def test_a_copy_that_came_another_way_is_told_and_makes_nothing():
    take("The gate is open.", message_id="<1@x>")
    row = take("The gate is open.\n-- \nfooter of a list", message_id="<1@x>")
    assert (row.outcome, Incident.objects.count()) == (MailOutcome.DUPLICATE, 1)
    assert take(sender="ben@example.com", message_id="<1@x>").outcome == MailOutcome.INCIDENT


@pytest.mark.django_db(transaction=True)
def test_two_who_take_the_same_mail_at_once_take_it_once():
    category_of("other")
    raw = make_mail(files=(("a.txt", b"x"),))
    assert run_at_once([lambda: take_mail(actor=SYSTEM, raw=raw)] * 4) == []
    assert (Incident.objects.count(), Attachment.objects.count(), MailMessage.objects.count()) == (1, 1, 1)


def test_files_come_along_and_those_refused_are_named_on_the_incident(settings):
    settings.ATTACHMENT_QUOTA_BYTES = 1_000
    row = take(files=(("notes.txt", b"notes"), ("huge.bin", b"x" * 2_000), ("../../evil.html", b"<script>")))
    kept = Attachment.objects.filter(incident=row.incident).order_by("id")
    assert [(file.name, file.content_type, file.uploader_label) for file in kept] == [
        ("notes.txt", "text/plain", "anna@example.com"),
        ("evil.html", "application/octet-stream", "anna@example.com"),
    ]
    assert row.note.startswith("Not kept: huge.bin: ")
    comment = Comment.objects.get()
    assert (comment.incident, comment.is_internal) == (row.incident, True)
    assert "huge.bin" in comment.body


def test_files_that_take_too_long_are_named_and_keep_nobody_waiting(monkeypatch):
    monkeypatch.setattr("incidents.services.mail_outcomes.MAX_SECONDS_FOR_FILES", -1.0)
    row = take(files=(("slow.png", b"x"),))
    assert (row.outcome, row.note) == (MailOutcome.INCIDENT, "Not kept: slow.png: the files before it took too long")


def test_a_reply_to_a_letter_is_that_person_s_comment():
    anna = make_user(Role.REPORTER, email="anna@example.com")
    incident = make_incident(actor=Actor.of_user(anna))
    row = take(
        "It is shut now.\n\nOn Friday Tracker <tracker@tracker.example> wrote:\n> Is it?",
        to=answer(anna, incident),
        sender="anna.private@example.net",
        files=(("photo.txt", b"x"),),
    )
    comment = row.comment
    assert (row.outcome, row.incident, row.note) == (
        MailOutcome.COMMENT,
        incident,
        "sent from anna.private@example.net",
    )
    assert (comment.author, comment.body, comment.is_internal) == (anna, "It is shut now.", False)
    assert comment.attachments.get().uploaded_by == anna
    assert Event.objects.filter(verb="incident.commented", actor=anna).count() == 1


def test_a_token_that_was_passed_on_does_not_speak_for_its_person():
    """Who answers to all passes the reply address on."""
    anna, ben = make_user(Role.MAINTAINER), make_user(Role.MAINTAINER, email="ben@example.com")
    incident = make_incident()
    row = take("Me too.", sender="Ben <ben@example.com>", to=answer(anna, incident))
    assert (row.comment.author, row.comment.author_label) == (None, "ben@example.com (by mail)")
    row = take(sender="ben@example.com", to=answer(anna, incident), authentication_results=PASSED)
    assert row.comment.author == ben


def test_the_token_is_found_in_the_references_as_well():
    anna, issue = make_user(Role.MAINTAINER), make_issue()
    token = make_token(anna, "issue", issue.pk)
    row = take(references=f"<{token}@tracker.example> <x@tracker.example>", in_reply_to="<x@tracker.example>")
    assert (row.comment.issue, row.comment.author) == (issue, anna)


@pytest.mark.parametrize("loss", ["role", "account", "address", "incident"])
def test_a_token_opens_nothing_that_its_person_may_not_see_any_more(loss):
    anna = make_user(Role.MAINTAINER, email="anna@example.com")
    incident = make_incident()
    address = answer(anna, incident)
    if loss == "role":
        anna.role = Role.REPORTER
    elif loss == "account":
        anna.is_active = False
    elif loss == "address":
        anna.email = "other@example.com"
    else:
        incident.delete()
    anna.save()
    row = take(to=address, subject=f"Re: [{incident.key}] x")
    assert (row.outcome, Comment.objects.count()) == (MailOutcome.INCIDENT, 0)
    assert row.incident.reporter is None


def test_a_forged_sender_gains_nothing_from_a_key_or_a_token_of_his_own_making():
    admin = make_user(Role.ADMIN, email="boss@example.com")
    incident, issue = make_incident(), make_issue()
    for thing in (incident, issue):
        row = take(
            sender="Boss <boss@example.com>",
            subject=f"Re: [{thing.key}] x",
            to=f"reports+i{thing.pk}.{admin.pk}.aaaaaaaaaaaaaaaa@tracker.example",
            authentication_results="mx.evil.example; dmarc=pass header.from=example.com",
        )
        assert (row.outcome, row.incident.reporter) == (MailOutcome.INCIDENT, None)
    assert not Comment.objects.exists()
    assert not Event.objects.filter(actor=admin).exists()


def test_a_sender_for_whom_our_mail_server_vouches_counts_as_the_user():
    anna = make_user(Role.REPORTER, email="anna@example.com")
    row = take(authentication_results=PASSED)
    assert (row.incident.reporter, row.incident.reporter_label) == (anna, "")
    reply = take(subject=f"Re: [{row.incident.key}] x", authentication_results=PASSED)
    assert (reply.comment.author, reply.comment.incident) == (anna, row.incident)
    others = make_incident()
    assert take(subject=f"[{others.key}]", authentication_results=PASSED).outcome == MailOutcome.INCIDENT
    assert take().incident.reporter is None


def test_whoever_is_inactive_or_unconfirmed_is_a_stranger_also_when_vouched_for():
    for fields in ({"is_active": False}, {"is_unconfirmed": True}):
        make_user(email="anna@example.com", **fields)
        assert take(authentication_results=PASSED).incident.reporter is None
        make_user().__class__.objects.filter(email="anna@example.com").delete()


def test_a_reporter_s_mail_for_a_project_out_of_reach_is_put_there_by_tracker(settings):
    settings.MAIL_INTAKE_TARGET = "issue:OPS"
    Project.objects.create(key="OPS", name="Operations")
    make_user(Role.REPORTER, email="anna@example.com")
    issue = take(authentication_results=PASSED).issue
    assert (issue.reporter, issue.reporter_label) == (None, "anna@example.com")


def test_who_reported_by_mail_goes_on_about_it_by_mail():
    first = take(message_id="<first@example.com>")
    follow_up = take("And still.", subject="Re: Gate", in_reply_to="<first@example.com>")
    assert (follow_up.outcome, follow_up.incident) == (MailOutcome.COMMENT, first.incident)
    assert (follow_up.comment.author, follow_up.comment.author_label) == (None, "anna@example.com (by mail)")
    by_key = take(subject=f"Fwd: [{first.incident.key}] Gate")
    assert by_key.incident == first.incident
    stranger = take(sender="eve@example.com", in_reply_to="<first@example.com>", subject=f"[{first.incident.key}]")
    assert (stranger.outcome, stranger.incident == first.incident) == (MailOutcome.INCIDENT, False)


def test_who_is_named_as_reporter_by_another_door_may_go_on_by_mail():
    incident = make_incident(origin=Origin(reporter_label="anna@example.com"))
    assert take(subject=f"[{incident.key}] x").comment.incident == incident


def test_a_reply_without_the_token_counts_from_the_address_that_the_letter_went_to():
    anna, incident = make_user(Role.MAINTAINER, email="anna@example.com"), make_incident()
    rows = notify_people(
        actor=SYSTEM,
        recipients=[anna],
        kind=NotificationKind.WATCHED,
        object_type="incident",
        object_id=str(incident.pk),
        headline="x",
    )
    payload = {"person": anna.pk, "notifications": [rows[0].pk]}
    letter = Delivery.objects.create(
        channel=find_people_channel(), notice="letter", payload=payload, created_at=clock.now(), status="sent"
    )
    named = f"<{letter.key}@tracker.example>"
    assert take(sender="eve@example.com", in_reply_to=named).outcome == MailOutcome.INCIDENT
    row = take(in_reply_to=named)
    assert (row.comment.incident, row.comment.author_label) == (incident, "anna@example.com (by mail)")
    loop = take(message_id=named)
    assert (loop.outcome, loop.note) == (MailOutcome.LOOP, "it is a letter of Tracker")
    report = "Message-ID: " + named
    row = take(report, sender="MAILER-DAEMON@mx.example", references=named, subject="Undeliverable")
    letter.refresh_from_db()
    assert (row.outcome, letter.last_error) == (MailOutcome.BOUNCE, "came back: Undeliverable")


def test_what_arrives_by_mail_is_never_internal_and_internal_talk_never_leaves():
    anna = make_user(Role.REPORTER)
    incident = make_incident(actor=Actor.of_user(anna))
    comment = take(to=answer(anna, incident)).comment
    assert list(visible_comments(Actor.of_user(anna), incident)) == [comment]


@pytest.mark.parametrize(
    ("headers", "outcome"),
    [
        ({"auto_submitted": "auto-replied"}, MailOutcome.LOOP),
        ({"precedence": "bulk"}, MailOutcome.LOOP),
        ({"x_tracker_delivery": "1"}, MailOutcome.LOOP),
        ({"sender": "Tracker <tracker+x@tracker.example>"}, MailOutcome.LOOP),
        ({"sender": "reports@tracker.example"}, MailOutcome.LOOP),
        ({"sender": "Mail Delivery <mailer-daemon@mx.example>"}, MailOutcome.BOUNCE),
        ({"return_path": "<>"}, MailOutcome.BOUNCE),
    ],
)
def test_machines_make_nothing_also_with_a_token(headers, outcome):
    anna = make_user(Role.MAINTAINER)
    incident = make_incident()
    row = take(to=answer(anna, incident), **headers)
    assert (row.outcome, bool(row.note)) == (outcome, True)
    assert (Incident.objects.count(), Comment.objects.count()) == (1, 0)


def test_a_flood_of_one_sender_is_held_off_and_nobody_else(settings, move_clock):
    settings.MAIL_PER_SENDER_AND_HOUR = 3
    outcomes = [take().outcome for _ in range(5)]
    assert outcomes == [MailOutcome.INCIDENT] * 3 + [MailOutcome.LOOP] * 2
    assert take(sender="ben@example.com").outcome == MailOutcome.INCIDENT
    move_clock(by=timedelta(hours=2))
    assert take().outcome == MailOutcome.INCIDENT


@pytest.mark.parametrize(("raw", "words"), [(b"", "empty"), (b"no mail at all", "none of the headers")])
def test_what_nobody_can_read_is_written_down_with_the_reason(raw, words):
    taken = take_mail(actor=SYSTEM, raw=raw)
    assert (taken.message.outcome, taken.is_refused) == (MailOutcome.REFUSED, True)
    assert words in taken.message.note
    assert not take_mail(actor=SYSTEM, raw=raw).is_new
    assert Event.objects.get().verb == "mail.refused"


def test_an_empty_reply_is_refused_and_one_with_files_alone_is_taken():
    anna, issue = make_user(Role.MAINTAINER), make_issue()
    assert take("", to=answer(anna, issue)).outcome == MailOutcome.REFUSED
    assert take("", to=answer(anna, issue), files=(("a.txt", b"x"),)).comment.body == "(no text)"


def test_what_fails_in_the_middle_leaves_nothing_behind(monkeypatch):
    monkeypatch.setattr("incidents.services.mail_intake.log_event", lambda **_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        take()
    assert (Incident.objects.count(), MailMessage.objects.count(), Issue.objects.count()) == (0, 0, 0)
