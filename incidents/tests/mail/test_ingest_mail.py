"""`manage.py ingest_mail`: one message, an mbox, a Maildir; what is refused is named in a line."""

import io
import mailbox
import sys

import pytest
from django.core.management import CommandError, call_command

from incidents.choices import MailOutcome
from incidents.intake import mail_files
from incidents.models import Comment, Incident, MailMessage
from incidents.testing.mails import make_mail
from tracker.testing.real_data import DATA, needs

pytestmark = pytest.mark.django_db
FOLDER = DATA / "mail"


def ingest(name, capsys):
    call_command("ingest_mail", str(name), "--quiet")
    return capsys.readouterr().out.strip()


def test_a_file_becomes_an_incident_and_again_nothing(tmp_path, capsys):
    file = tmp_path / "one.eml"
    file.write_bytes(make_mail())
    told = ingest(file, capsys)
    assert told == f"incident {Incident.objects.get().key}"
    assert ingest(file, capsys) == f"came before: {told}"
    assert Incident.objects.count() == 1


def test_a_message_may_come_by_standard_input(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(make_mail(subject="By pipe"))))
    ingest("-", capsys)
    assert Incident.objects.get().title == "By pipe"


def test_an_mbox_is_taken_message_by_message(tmp_path, capsys):
    box = mailbox.mbox(tmp_path / "box")
    bodies = ["one", "two\n\nFrom here on it is\nFrom bad to worse", "three"]
    for number, body in enumerate(bodies):
        box.add(make_mail(body, message_id=f"<{number}@example.com>"))
    box.add(make_mail("still", in_reply_to="<0@example.com>"))
    box.close()
    assert ingest(tmp_path / "box", capsys) == "new incident: 3, comment: 1"
    assert list(Incident.objects.order_by("id").values_list("description", flat=True)) == [
        body.replace("\nFrom", "\n>From") for body in bodies
    ]
    assert Comment.objects.get().body == "still"


def test_a_maildir_is_taken_whole_and_its_bad_ones_are_named(tmp_path, capsys):
    box = mailbox.Maildir(tmp_path / "box")
    box.add(make_mail())
    box.add(make_mail(auto_submitted="auto-replied"))
    (tmp_path / "box" / "new" / "0").write_bytes(b"no mail")
    with pytest.raises(CommandError, match="2 of 3 messages were refused"):
        ingest(tmp_path / "box", capsys)
    told = capsys.readouterr()
    assert "new incident: 1" in told.out
    assert "box/new/0: Not read: it has none of the headers of a mail" in told.err
    assert "Auto-Submitted" in told.err


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "it is empty"), (b"From: a@b.c\nPrecedence: bulk\n\nx", "Precedence: bulk"), (None, "No such file")],
)
def test_what_is_wrong_is_one_line(tmp_path, content, words):
    file = tmp_path / "one.eml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(CommandError, match=words) as refusal:
        call_command("ingest_mail", str(file), "--quiet")
    assert "\n" not in str(refusal.value)
    assert str(refusal.value).startswith(str(file))


def test_a_folder_without_mail_is_named(tmp_path):
    with pytest.raises(CommandError, match=r"neither a Maildir nor a folder of \.eml files"):
        call_command("ingest_mail", str(tmp_path), "--quiet")


def test_of_a_message_that_is_too_large_only_the_beginning_is_held(tmp_path, monkeypatch):
    monkeypatch.setattr(mail_files, "MAX_MAIL_BYTES", 200_000)
    file = tmp_path / "box"
    file.write_bytes(b"From x\n" + make_mail("small") + b"\n\nFrom x\n" + make_mail("x" * 900_000))
    small, large = mail_files.read_file(str(file))
    assert len(small.raw) == small.size_bytes
    assert (len(large.raw), large.size_bytes > 900_000) == (mail_files.BEGINNING_BYTES, True)


@needs(FOLDER)
def test_the_real_samples_are_taken_or_named(capsys):
    with pytest.raises(CommandError, match="2 of 13 messages were refused"):
        ingest(FOLDER, capsys)
    outcomes = list(MailMessage.objects.values_list("outcome", flat=True))
    # Two of them have the same Message-ID.
    others = [MailOutcome.BOUNCE, MailOutcome.LOOP, MailOutcome.DUPLICATE]
    assert sorted(outcomes) == sorted([*others, *[MailOutcome.INCIDENT] * 10])
