"""One report, for whoever has no account and holds its signed link."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from incidents.portal.answers import portal_page, show
from incidents.portal.follow_links import find_followed
from incidents.portal.pages import describe_report
from incidents.portal.senders import unknown_sender
from tracker.exceptions import NotFound


@portal_page("GET", "HEAD")
def follow_page(request: HttpRequest, token: str) -> HttpResponseBase:
    """How far the report is. The link alone opens it, whoever is logged in, and shows no other."""
    incident = find_followed(token)
    if incident is None:
        raise NotFound.unseen()
    sender = unknown_sender(request)
    answer = show(request, "report.html", is_private=True, **describe_report(incident, sender))
    answer["X-Robots-Tag"] = "noindex, nofollow"
    return answer
