"""Texts made of ever new words: PostgreSQL holds a megabyte of them in one row, and nobody may run into that."""

from itertools import islice, product

import pytest

from incidents.models import Incident, Issue
from incidents.services.comments import comment_on_incident, comment_on_issue
from incidents.services.incidents import create_incident
from incidents.services.issues import create_issue
from incidents.testing.factories import make_issue_comment
from incidents.testing.incident_factories import category_of
from tracker.access import Actor
from tracker.choices import Role
from tracker.testing.factories import make_user

pytestmark = pytest.mark.django_db
RARE = [chr(code) for code in range(0x20000, 0x20400)]


def compounds(start: int, characters: int) -> str:
    """Words with hyphens, of four bytes a letter: each is kept whole and in its parts, and no two are alike."""
    words = ("".join(pair) for pair in islice(product(RARE, RARE), start, start + characters // 3))
    return " ".join(f"{first}-{second}" for first, second in zip(words, words, strict=False))[:characters]


def test_comments_of_rare_words_are_kept_and_the_issue_is_still_found():
    reporter = make_user(Role.REPORTER)
    actor = Actor.of_user(reporter)
    issue = create_issue(actor=actor, values={"title": "gate stuck", "description": compounds(0, 65_000)})
    for number in range(1, 11):
        make_issue_comment(issue, reporter, compounds(number * 22_000, 65_000))
    comment_on_issue(actor=actor, issue=issue, body=compounds(300_000, 65_000))
    assert issue.comments.count() == 11
    assert Issue.objects.filter(search="gate").exists()


@pytest.mark.parametrize("unit", ["a-b-c ", "x.example/y?z ", "+1e-5 ", "\U00020000", "<b>&amp;", "/a/b/c "])
def test_the_largest_description_has_room_for_its_words(unit):
    actor = Actor.of_user(make_user(Role.REPORTER))
    text = "".join(f"{unit}{number:x}" for number in range(65_536 // (len(unit) + 4)))
    assert create_issue(actor=actor, values={"title": "x", "description": text}).pk


def test_an_incident_of_rare_words_is_kept_and_still_found():
    actor = Actor.of_user(make_user(Role.MAINTAINER))
    values = {"category": category_of(), "title": "gate stuck", "place": compounds(900_000, 290)}
    incident = create_incident(actor=actor, values={**values, "description": compounds(0, 65_000)})
    for number in range(1, 8):
        comment_on_incident(actor=actor, incident=incident, body=compounds(number * 22_000, 65_000))
    assert incident.comments.count() == 7
    assert Incident.objects.filter(search="gate").exists()
