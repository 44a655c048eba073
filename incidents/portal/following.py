"""One report, for whoever has no account and holds its signed link."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse

from incidents.models import Incident
from incidents.portal.answers import portal_page
from incidents.portal.files import answer_file
from incidents.portal.follow_links import find_followed
from incidents.portal.forms import ReplyForm
from incidents.portal.replying import take_reply
from incidents.portal.report_view import Places, show_report
from incidents.portal.senders import unknown_sender
from incidents.services.attachments import public_attachments
from incidents.services.comments import public_comments
from tracker.exceptions import DomainError, NotFound

# A link is nobody's to find.
UNLISTED = "noindex, nofollow"


@portal_page("GET", "HEAD", "POST")
def follow_page(request: HttpRequest, token: str) -> HttpResponseBase:
    """How far the report is, and a form to add to it. The link alone opens it, whoever is logged in, and no other."""
    sender, incident = unknown_sender(request), _find(token)
    places = Places(own=reverse("portal_follow", args=[token]))

    def show(form: ReplyForm, refusal: DomainError | None = None) -> HttpResponseBase:
        comments, files = public_comments(incident), public_attachments(incident)
        return show_report(request, sender, incident, comments, files, places=places, form=form, refusal=refusal)

    if request.method == "POST":
        answer = take_reply(request, sender, incident, address=places.own, show_report=show)
    else:
        answer = show(ReplyForm())
    answer["X-Robots-Tag"] = UNLISTED
    return answer


@portal_page("GET", "HEAD")
def follow_file_page(request: HttpRequest, token: str, number: int) -> HttpResponseBase:
    """A file of the report that the link leads to."""
    answer = answer_file(request, public_attachments(_find(token)), number)
    answer["X-Robots-Tag"] = UNLISTED
    return answer


def _find(token: str) -> Incident:
    incident = find_followed(token)
    if incident is None:
        raise NotFound.unseen()
    return incident
