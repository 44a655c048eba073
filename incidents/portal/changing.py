"""Changing what one wrote, as long as Tracker has not begun to work on it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse

from incidents.models import Incident
from incidents.portal.answers import portal_page, show
from incidents.portal.form_bodies import open_form, refuse_forged
from incidents.portal.forms import WhatForm
from incidents.portal.senders import Sender, find_person
from incidents.services.incident_fields import may_still_change
from incidents.services.incidents import find_incident, update_incident
from tracker.admin.person_pages import for_people
from tracker.exceptions import Conflict, DomainError, NotFound
from tracker.models import User


@portal_page("GET", "HEAD", "POST")
@for_people
def edit_page(request: HttpRequest, person: User, name: str) -> HttpResponseBase:
    """Kind and description of one's own report."""
    sender = find_person(request)
    incident = find_incident(sender.actor, name) if sender is not None else None
    if sender is None or incident is None or incident.reporter_id != person.pk:
        raise NotFound.unseen()
    if request.method == "POST":
        return _change(request, sender, incident)
    if not may_still_change(sender.actor, incident):
        raise Conflict(f"{incident.key} is being worked on already; add a comment instead.")
    form = WhatForm(initial={"category": incident.category.key, "description": incident.description})
    return _show(request, incident, form)


def _change(request: HttpRequest, sender: Sender, incident: Incident) -> HttpResponseBase:
    sender.count_form()
    with open_form(request, who=sender.key) as sent:
        forged = refuse_forged(request, sent)
        if forged is not None:
            return forged
        form, refusal = WhatForm(sent.texts), sent.refusal
        if form.is_valid() and refusal is None:
            try:
                update_incident(actor=sender.actor, incident=incident, changes=form.cleaned_data)
            except DomainError as error:
                refusal = error
            else:
                messages.success(request, "Your report was changed.")
                return HttpResponseRedirect(reverse("portal_report", args=[incident.pk]))
        if refusal is not None:
            form.refuse(refusal)
        return _show(request, incident, form, status=refusal.status if refusal is not None else 400)


def _show(request: HttpRequest, incident: Incident, form: WhatForm, *, status: int = 200) -> HttpResponseBase:
    title = f"Change {incident.key}"
    return show(request, "edit.html", status=status, title=title, incident=incident, form=form)
