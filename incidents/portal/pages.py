"""The portal's pages for people who are logged in: my reports, and a new one."""

from django.conf import settings
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse

from incidents.choices import IncidentStatus
from incidents.portal.answers import answer_as_api, portal_page, show, speaks_json
from incidents.portal.forms import ReportForm
from incidents.portal.reporting import show_report_form, take_report
from incidents.portal.senders import find_person, find_sender
from incidents.portal.words import STEPS, name_status
from incidents.services.incident_categories import open_categories
from incidents.services.incidents import visible_incidents
from tracker.admin.base import actor_of
from tracker.admin.person_pages import for_people, send_to_login
from tracker.models import User

PER_PAGE = 20
MOST_PAGES = 500


@portal_page("GET", "HEAD", "POST")
def reports_page(request: HttpRequest) -> HttpResponseBase:
    """GET: my reports, the newest first. POST: a new one, as the form sends it."""
    if speaks_json(request):
        return answer_as_api(request, "/v1/incidents")
    if request.method == "POST":
        return take_report(request)
    if find_person(request) is None and settings.INCIDENT_PORTAL_ANONYMOUS:
        return HttpResponseRedirect(reverse("portal_new"))
    return _my_reports(request)


@portal_page("GET", "HEAD")
def new_page(request: HttpRequest) -> HttpResponseBase:
    """The form. Whoever has to log in first is sent there."""
    if find_person(request) is None and not settings.INCIDENT_PORTAL_ANONYMOUS:
        return send_to_login(request)
    return show_report_form(request, ReportForm(sender=find_sender(request)))


@for_people
def _my_reports(request: HttpRequest, person: User) -> HttpResponse:
    rows = visible_incidents(actor_of(request)).filter(reporter=person).select_related("category")
    status, category = request.GET.get("status", ""), request.GET.get("category", "")
    if status in IncidentStatus.values:
        rows = rows.filter(status=status)
    if category and category.isascii() and category.isidentifier():
        rows = rows.filter(category__key=category)
    page = Paginator(rows.order_by("-id"), PER_PAGE).get_page(_read_page(request))
    return show(
        request,
        "list.html",
        title="My reports",
        page=page,
        reports=[(incident, name_status(incident.status)) for incident in page],
        statuses=[(value, words[0]) for value, words in STEPS.items()],
        categories=open_categories(),
        chosen={"status": status, "category": category},
        is_filtered=bool(status or category),
    )


def _read_page(request: HttpRequest) -> int:
    text = request.GET.get("page", "1")
    return min(int(text), MOST_PAGES) if text.isascii() and text.isdecimal() and len(text) < 9 else 1
