"""Letters about an account: their links are made as they are written, from the site's own name."""

from datetime import timedelta

import pytest

from tracker import clock
from tracker.choices import ACCOUNT_LETTERS, NotificationKind
from tracker.models import Notification
from tracker.services.account_links import CONFIRM_TOKENS, RESET_TOKENS, id_of, uid_of
from tracker.services.letters import compose_letter
from tracker.testing.factories import make_user

pytestmark = pytest.mark.django_db


def letter_of(kind, **fields):
    return compose_letter(Notification(recipient=make_user(**fields), kind=kind, created_at=clock.now()))


@pytest.mark.parametrize("kind", sorted(ACCOUNT_LETTERS))
def test_each_leads_to_the_site_and_tells_nothing_that_was_typed(kind, settings):
    settings.SITE_URL = "https://tracker.example.com"
    letter = letter_of(kind, full_name="Buy http://evil.example", is_unconfirmed=True)
    assert letter.link.startswith("https://tracker.example.com/")
    assert letter.link_label
    assert "evil" not in " ".join((letter.subject, *letter.paragraphs))


@pytest.mark.parametrize("kind", sorted(ACCOUNT_LETTERS))
def test_whoever_was_deactivated_gets_none(kind):
    assert letter_of(kind, is_active=False, is_unconfirmed=True) is None


def test_an_address_that_is_confirmed_needs_no_letter():
    assert letter_of(NotificationKind.CONFIRM_EMAIL) is None


def test_other_kinds_are_not_written_here():
    with pytest.raises(ValueError, match="mentioned"):
        letter_of(NotificationKind.MENTIONED)


def test_a_token_is_for_one_person_one_purpose_and_one_day(move_clock):
    person, other = make_user(is_unconfirmed=True), make_user(is_unconfirmed=True)
    token = RESET_TOKENS.make_token(person)
    assert RESET_TOKENS.check_token(person, token)
    assert not RESET_TOKENS.check_token(other, token)
    assert not CONFIRM_TOKENS.check_token(person, token)
    move_clock(by=timedelta(hours=24, minutes=1))
    assert not RESET_TOKENS.check_token(person, token)


def test_a_link_names_one_person_or_nobody():
    person = make_user()
    assert id_of(uid_of(person)) == person.pk
    assert [id_of(uid) for uid in ("", "%%%", "é", "LTE", "MA", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5", "A" * 10_000)] == [
        0
    ] * 7
