"""What a person called themselves is no proof: whoever is made nobody takes nobody else's words along, and keeps nobody
else waiting."""

import pytest
from django.core.management import call_command

from incidents.testing.factories import make_issue, make_issue_comment
from tracker.access import Actor
from tracker.choices import Role
from tracker.exceptions import Conflict, InvalidInput
from tracker.models import SavedView, User
from tracker.services import anonymising
from tracker.services.anonymising import anonymise_user, ask_to_anonymise
from tracker.services.registrations import register_person
from tracker.services.users import update_user
from tracker.sweeps import anonymise
from tracker.testing.factories import jwt_client, make_user, session_client

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("a test")
SENTENCE = "The server was down, Ann Lee said."
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def joker():
    """Somebody who once called themselves by words that stand in everybody's texts."""
    person = make_user(Role.REPORTER, full_name="Ann Lee")
    client = jwt_client(person)
    for name in ("was down", "Ann  Lee"):
        assert client.patch(f"/v1/users/{person.pk}", {"full_name": name}).status_code == 200
    person.refresh_from_db()
    return person


@pytest.fixture
def comment():
    return make_issue_comment(make_issue(), make_user(), SENTENCE)


def said(comment):
    comment.refresh_from_db()
    return comment.body


def test_the_page_shows_what_is_taken_out_of_all_texts_and_leaves_in_what_is_ticked(joker, comment):
    client, page = session_client(make_user(Role.ADMIN)), f"/admin/tracker/user/{joker.pk}/anonymise/"
    assert "was down" in client.get(page).content.decode()
    assert client.post(page, f"address={joker.email}&keep_names=was+down", FORM).status_code == 302
    assert anonymise() == 1
    assert said(comment) == f"The server was down, anonymised person {joker.pk} said."


def test_a_program_is_asked_which_of_several_names_stay(joker, comment):
    client, address = jwt_client(make_user(Role.ADMIN)), f"/v1/users/{joker.pk}/anonymise"
    answer = client.post(address)
    assert answer.status_code == 409
    assert "was down" in answer.json()["error"]["message"]
    assert User.objects.get(pk=joker.pk).is_active
    assert client.post(address, {"keep_names": ["never called so"]}).status_code == 400
    assert client.post(address, {"keep_names": ["Was Down"]}).status_code == 202
    # Asked again it goes on as it was asked first.
    assert client.post(address).status_code == 202
    anonymise()
    assert said(comment).startswith("The server was down, anonymised")


def test_the_command_says_what_it_takes_out_before_it_asks(joker, comment, monkeypatch, capsys):
    monkeypatch.setattr("builtins.input", lambda _: "no")
    with pytest.raises(Exception, match="Nothing was changed"):
        call_command("anonymise_user", joker.email)
    assert "was down" in capsys.readouterr().out
    call_command("anonymise_user", joker.email, "--yes", "--keep", "was down")
    assert said(comment).startswith("The server was down, anonymised")
    # Whoever really was called so is helped afterwards.
    joker.refresh_from_db()
    call_command("anonymise_user", joker.email, "--yes", "--also", "was down")
    assert "was down" not in said(comment)


def test_only_names_of_theirs_can_be_left_in(joker):
    with pytest.raises(InvalidInput, match="keep_names"):
        ask_to_anonymise(actor=SYSTEM, user=joker, keep_names=["Somebody Else"])
    with pytest.raises(Conflict, match="keep_names"):
        ask_to_anonymise(actor=SYSTEM, user=joker, keep_names=None)


def test_two_rows_that_become_the_same_do_not_stand_in_the_way(joker):
    for name in ("Ann Lee", "ANN LEE", "ann lee", "Ann Lee's"):
        SavedView.objects.create(owner=joker, page="issue", name=name, is_shared=True)
    anonymise_user(actor=SYSTEM, user=joker)
    names = set(SavedView.objects.values_list("name", flat=True))
    assert len(names) == 4
    assert not any("ann" in name.casefold().replace("anonymised", "") for name in names)


def test_nobody_takes_the_address_that_somebody_is_to_have(joker, settings):
    settings.REGISTRATION_DOMAINS = ["*"]
    address = f"Anonymised-{joker.pk}@users.invalid"
    admin = Actor.of_user(make_user(Role.ADMIN))
    with pytest.raises(InvalidInput, match="email"):
        register_person(actor=SYSTEM, email=address, password="a long one, and odd")
    with pytest.raises(InvalidInput, match="email"):
        update_user(actor=admin, user=make_user(), changes={"email": address})
    anonymise_user(actor=SYSTEM, user=joker)


def test_one_who_cannot_be_anonymised_keeps_nobody_else_waiting(joker, monkeypatch):
    other = make_user(full_name="Bob Ray")
    for person in (joker, other):
        ask_to_anonymise(actor=SYSTEM, user=person)
    really = anonymising.rewrite_texts

    def fail(words, **options):
        if "Ann Lee" in words.substitutes:
            raise RuntimeError("a row that cannot be written")
        return really(words, **options)

    monkeypatch.setattr(anonymising, "rewrite_texts", fail)
    with pytest.raises(RuntimeError):
        anonymise()
    other.refresh_from_db()
    assert other.anonymised_at is not None
