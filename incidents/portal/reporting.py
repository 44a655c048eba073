"""Taking a report: read the form, ask who sends it, make one service call, say what was recorded."""

import logging

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse

from incidents.models import Incident
from incidents.portal.answers import show
from incidents.portal.follow_links import follow_link
from incidents.portal.form_bodies import SentForm, open_form, refuse_forged
from incidents.portal.form_keys import do_once, new_form_key, read_form_key
from incidents.portal.forms import ReportForm
from incidents.portal.senders import Sender, find_sender
from incidents.services.attachments import public_attachments
from incidents.services.reports_with_files import create_incident_with_files, record_incident_with_files
from tracker.exceptions import DomainError, NotFound

# A field that people do not see. What fills it in is a machine.
TRAP = "website"
logger = logging.getLogger(__name__)


def show_report_form(
    request: HttpRequest,
    form: ReportForm,
    *,
    key: str = "",
    refusal: DomainError | None = None,
    had_photos: bool = False,
) -> HttpResponse:
    """The form, empty or with what was typed and what is wrong with it."""
    status = refusal.status if refusal is not None else 400 if form.errors else 200
    answer = show(
        request,
        "new.html",
        status=status,
        title="Report something",
        form=form,
        key=key or new_form_key(),
        had_photos=had_photos,
        trap=TRAP,
    )
    if refusal is not None and refusal.retry_after_seconds is not None:
        answer["Retry-After"] = str(refusal.retry_after_seconds)
    return answer


def take_report(request: HttpRequest) -> HttpResponseBase:
    """Answers a sent form: 201 with what was recorded, or the form again."""
    sender = find_sender(request)
    sender.count_form()
    with open_form(request, who=sender.key) as sent:
        forged = refuse_forged(request, sent)
        if forged is not None:
            return forged
        if sender.is_unknown and sent.texts.get(TRAP):
            logger.info("A report was not taken: a field that people do not see was filled in.")
            return show(request, "trap.html", status=400, title="Not taken")
        form = ReportForm(sent.texts, sender=sender)
        refusal = sent.refusal
        if form.is_valid() and refusal is None:
            try:
                incident = _keep(sender, form, sent)
            except DomainError as error:
                refusal = error
            else:
                return _show_recorded(request, sender, incident)
        if refusal is not None:
            form.refuse(refusal)
        had_photos = bool(sent.photos or sent.refusal)
        return show_report_form(request, form, key=_key_again(sent), refusal=refusal, had_photos=had_photos)


def _keep(sender: Sender, form: ReportForm, sent: SentForm) -> Incident:
    sender.count_report()
    origin = sender.origin(form.cleaned_data.get("email", ""))

    def create() -> int:
        # The rights table knows no strangers; who of them may report is settled by `find_sender`.
        keep = record_incident_with_files if sender.is_unknown else create_incident_with_files
        return keep(actor=sender.actor, values=form.values, uploads=sent.photos, origin=origin).pk

    number = do_once(sender.caller, form.key, sent.digest, create)
    incident = Incident.objects.select_related("category").filter(pk=number).first()
    if incident is None:
        raise NotFound("This report was recorded, and deleted since.")
    return incident


def _show_recorded(request: HttpRequest, sender: Sender, incident: Incident) -> HttpResponse:
    address = follow_link(incident) if sender.is_unknown else reverse("portal_report", args=[incident.pk])
    answer = show(
        request,
        "recorded.html",
        status=201,
        title=f"{incident.key} is recorded",
        incident=incident,
        address=address,
        is_unknown=sender.is_unknown,
        attachments=public_attachments(incident),
    )
    answer["Location"] = address
    return answer


def _key_again(sent: SentForm) -> str:
    key = sent.texts.get("key", "")
    return key if read_form_key(key) is not None else ""
