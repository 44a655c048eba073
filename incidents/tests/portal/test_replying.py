"""Saying more about a report: whoever reported it and staff, in public; strangers by their link, and not too often."""

import pytest

from incidents.models import Attachment, Comment
from incidents.portal import senders
from incidents.portal.follow_links import follow_token
from incidents.services.comments import comment_on_incident
from incidents.services.replies import reply_on_incident
from incidents.testing.incident_factories import make_incident
from incidents.testing.portal import Visitor
from tracker.access import Actor
from tracker.choices import Role
from tracker.models import Notification
from tracker.testing.factories import make_user
from tracker.testing.hostile_files import draw_picture

pytestmark = pytest.mark.django_db
PHOTO = ("gate.png", draw_picture())


@pytest.fixture
def incident(rita):
    return make_incident(actor=Actor.of_user(rita), description="Gone.")


@pytest.fixture
def path(incident):
    return f"/incidents/{incident.pk}"


@pytest.fixture
def link(db):
    """Where a stranger follows their report."""
    return f"/incidents/follow/{follow_token(make_incident(description='Broken.'))}"


def reply(browser, path, *photos, hidden=None, **fields):
    return browser.send(path, hidden or browser.hidden(path), *photos, **fields)


def test_words_and_photos_are_added_together(browser_of_rita, path, incident, rita):
    answer = reply(browser_of_rita, path, PHOTO, ("b.png", draw_picture()), body="The **gate**, too.")
    assert (answer.status_code, answer["Location"]) == (302, path)
    comment = Comment.objects.get()
    assert (comment.incident, comment.author, comment.is_internal) == (incident, rita, False)
    assert set(Attachment.objects.values_list("comment", "name")) == {(comment.pk, "gate.png"), (comment.pk, "b.png")}
    page = browser_of_rita.get(path).content.decode()
    assert "It was added to the report" in page
    assert "<strong>gate</strong>" in page
    assert "You <span" in page


def test_photos_alone_and_nothing_at_all(browser_of_rita, path):
    assert reply(browser_of_rita, path, PHOTO, body=" ").status_code == 302
    assert (Comment.objects.count(), Attachment.objects.count()) == (0, 1)
    empty = reply(browser_of_rita, path, body=" ")
    assert empty.status_code == 400
    assert 'id="faults"' in empty.content.decode()


def test_a_reply_that_is_sent_twice_is_one(browser_of_rita, path):
    hidden = browser_of_rita.hidden(path)
    assert [reply(browser_of_rita, path, hidden=hidden, body="More.").status_code for _ in "12"] == [302, 302]
    assert Comment.objects.count() == 1


def test_what_cannot_be_kept_is_not_kept_by_half(browser_of_rita, path):
    answer = reply(browser_of_rita, path, PHOTO, ("empty.png", b""), body="Typed")
    assert answer.status_code == 400
    assert "The file is empty" in answer.content.decode()
    assert ">\nTyped" in answer.content.decode()
    assert not Comment.objects.exists()
    assert not Attachment.objects.exists()


def test_a_reporter_hears_what_is_public_by_name_and_nothing_internal(browser_of_rita, path, incident):
    ann = make_user(Role.MAINTAINER, full_name="Ann", email="ann@example.com")
    nameless = make_user(Role.MAINTAINER, full_name="", email="hidden@example.com")
    comment_on_incident(actor=Actor.of_user(ann), incident=incident, body="We look into it.")
    comment_on_incident(actor=Actor.of_user(nameless), incident=incident, body="Done.")
    secret = comment_on_incident(actor=Actor.of_user(ann), incident=incident, body="Suspect!", is_internal=True)
    inside = Attachment.objects.create(
        incident=incident, comment=secret, is_internal=True, name="suspect.png", storage_key="x", preview_key="y",
        content_type="image/png", size_bytes=1, sha256="0" * 64, created_at=secret.created_at, uploaded_by=ann,
    )  # fmt: skip
    page = browser_of_rita.get(path).content.decode()
    assert "Ann" in page
    assert "The team" in page
    for kept_back in ("Suspect!", "suspect.png", "ann@example.com", "hidden@example.com"):
        assert kept_back not in page
    assert browser_of_rita.get(f"{path}/files/{inside.pk}").status_code == 404
    assert Visitor(ann).get(f"{path}/files/{inside.pk}").status_code == 404


def test_a_file_is_a_download_and_its_picture_is_drawn_anew(browser_of_rita, path, incident, rita):
    reply(browser_of_rita, path, PHOTO)
    address = f"{path}/files/{Attachment.objects.get().pk}"
    assert f'src="{address}?preview"' in browser_of_rita.get(path).content.decode()
    file, picture = browser_of_rita.get(address), browser_of_rita.get(f"{address}?preview")
    assert b"".join(file.streaming_content) == PHOTO[1]
    assert file["Content-Disposition"].startswith("attachment")
    assert picture["Content-Type"] == "image/webp"
    for answer in (file, picture):
        assert (answer["X-Content-Type-Options"], answer["Content-Security-Policy"][:7]) == ("nosniff", "sandbox")
        assert "no-store" in answer["Cache-Control"]
    for odd in ("0", "999999", "9" * 40, "x"):
        assert browser_of_rita.get(f"{path}/files/{odd}").status_code == 404
    foreign = make_incident(actor=Actor.of_user(rita))
    assert browser_of_rita.get(f"/incidents/{foreign.pk}/files/{Attachment.objects.get().pk}").status_code == 404


def test_nobody_else_reads_writes_or_fetches(browser_of_rita, path):
    reply(browser_of_rita, path, PHOTO)
    other = Visitor(make_user(Role.REPORTER))
    file = f"{path}/files/{Attachment.objects.get().pk}"
    assert [other.get(place).status_code for place in (path, file)] == [404, 404]
    assert other.send(path, other.hidden("/incidents/new"), body="Hello").status_code == 404
    assert [Visitor().get(place)["Location"][:14] for place in (path, file)] == ["/account/login"] * 2
    for token in ("", "a" * 64):
        forged = {**browser_of_rita.hidden(path), "csrfmiddlewaretoken": token}
        assert reply(browser_of_rita, path, hidden=forged, body="Forged").status_code == 403
    assert not Comment.objects.exists()


def test_staff_answer_here_too_and_the_reporter_is_told(path, incident, rita):
    staff = Visitor(make_user(Role.MAINTAINER, full_name="Ann"))
    assert f"/admin/incidents/incident/{incident.pk}/change/" in staff.get(path).content.decode()
    assert reply(staff, path, body="We have it.").status_code == 302
    assert Notification.objects.filter(recipient=rita, object_id=str(incident.pk)).exists()


def test_a_stranger_adds_to_their_own_report_by_its_link(link):
    stranger = Visitor()
    answer = reply(stranger, link, PHOTO, body="<script>xssmark(1)</script> It is *red*.")
    assert (answer.status_code, answer["Location"]) == (302, link)
    comment, file = Comment.objects.get(), Attachment.objects.get()
    assert (comment.author, comment.author_label, file.uploaded_by) == (None, "anonymous", None)
    page = stranger.get(link).content.decode()
    assert "<script>xssmark" not in page
    assert "<em>red</em>" in page
    assert f'src="{link}/files/{file.pk}?preview"' in page
    fetched = Visitor().get(f"{link}/files/{file.pk}")
    assert (b"".join(fetched.streaming_content), fetched["X-Robots-Tag"]) == (PHOTO[1], "noindex, nofollow")
    assert Visitor().get(f"{link[:-1]}/files/{file.pk}").status_code == 404


def test_a_link_shows_nothing_internal_and_no_other_report(link):
    other = make_incident(title="Other")
    staff = Actor.of_user(make_user(Role.MAINTAINER, full_name="Ann", email="ann@example.com"))
    mine = make_incident(title="Mine")
    comment_on_incident(actor=staff, incident=mine, body="Secret", is_internal=True)
    comment_on_incident(actor=staff, incident=mine, body="Open")
    page = Visitor().get(f"/incidents/follow/{follow_token(mine)}").content.decode()
    assert "Open" in page
    for kept_back in ("Secret", "Other", "ann@example.com", "/admin/"):
        assert kept_back not in page
    reply_on_incident(actor=staff, incident=other, body="x")


def test_a_stranger_is_held_up_after_too_many_replies(link, monkeypatch):
    monkeypatch.setattr(senders, "REPLIES_PER_REPORT", 2)
    stranger = Visitor()
    answers = [reply(stranger, link, body=f"No. {number}") for number in range(3)]
    assert [answer.status_code for answer in answers] == [302, 302, 429]
    assert "Retry-After" in answers[2]
    assert "No. 2" in answers[2].content.decode()
    monkeypatch.setattr(senders, "FORMS_PER_HOUR", 3)
    assert reply(stranger, link, body="x").status_code == 429
    assert Comment.objects.count() == 2


def test_a_stranger_is_no_system_and_forges_nothing(link):
    hidden = {**Visitor().hidden(link), "csrfmiddlewaretoken": "a" * 64}
    assert reply(Visitor(), link, hidden=hidden, body="x").status_code == 403
    assert not Comment.objects.exists()
