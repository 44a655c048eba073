"""One report, for whoever is logged in and may see it: how far it is, what was said, its photos."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse

from incidents.models import Incident
from incidents.portal.answers import answer_as_api, portal_page, speaks_json
from incidents.portal.files import answer_file
from incidents.portal.forms import ReplyForm
from incidents.portal.replying import take_reply
from incidents.portal.report_view import Places, show_report
from incidents.portal.senders import Sender, find_person
from incidents.services.attachments import visible_attachments
from incidents.services.comments import visible_incident_comments
from incidents.services.incident_fields import may_still_change
from incidents.services.incidents import find_incident
from tracker.admin.person_pages import for_people
from tracker.exceptions import DomainError, NotFound
from tracker.models import User


@portal_page("GET", "HEAD", "POST")
def report_page(request: HttpRequest, name: str) -> HttpResponseBase:
    """GET: the report. POST: more about it."""
    if speaks_json(request) and request.method != "POST":
        return answer_as_api(request, f"/v1/incidents/{name}")
    return _one_report(request, name)


@portal_page("GET", "HEAD")
@for_people
def file_page(request: HttpRequest, person: User, name: str, number: int) -> HttpResponseBase:
    """A file of the report, or with ?preview its picture."""
    sender, incident = _find(request, name)
    return answer_file(request, visible_attachments(sender.actor, incident).filter(is_internal=False), number)


@for_people
def _one_report(request: HttpRequest, person: User, name: str) -> HttpResponseBase:
    sender, incident = _find(request, name)
    places = Places(
        own=reverse("portal_report", args=[incident.pk]),
        edit=reverse("portal_edit", args=[incident.pk]) if _may_change(sender, incident, person) else "",
        back_office=f"/admin/incidents/incident/{incident.pk}/change/" if person.is_staff else "",
    )

    def show(form: ReplyForm, refusal: DomainError | None = None) -> HttpResponseBase:
        comments = visible_incident_comments(sender.actor, incident).filter(is_internal=False)
        files = visible_attachments(sender.actor, incident).filter(is_internal=False)
        return show_report(request, sender, incident, comments, files, places=places, form=form, refusal=refusal)

    if request.method == "POST":
        return take_reply(request, sender, incident, address=places.own, show_report=show)
    return show(ReplyForm())


def _find(request: HttpRequest, name: str) -> tuple[Sender, Incident]:
    sender = find_person(request)
    incident = find_incident(sender.actor, name) if sender is not None else None
    if sender is None or incident is None:
        raise NotFound.unseen()
    return sender, incident


def _may_change(sender: Sender, incident: Incident, person: User) -> bool:
    return incident.reporter_id == person.pk and not person.is_staff and may_still_change(sender.actor, incident)
