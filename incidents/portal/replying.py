"""Adding to a report: words, photos, or both."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase

from incidents.models import Incident
from incidents.portal.form_bodies import SentForm, open_form, refuse_forged
from incidents.portal.form_keys import do_once, read_form_key
from incidents.portal.forms import ReplyForm
from incidents.portal.senders import NOBODY, Sender
from incidents.services.replies import record_reply, reply_on_incident
from tracker.exceptions import DomainError

ShowReport = Callable[[ReplyForm, DomainError | None], HttpResponseBase]


def take_reply(
    request: HttpRequest, sender: Sender, incident: Incident, *, address: str, show_report: ShowReport
) -> HttpResponseBase:
    """Answers a sent reply: back to the report at `address`, or the report with what was typed and what is wrong."""
    sender.count_form()
    with open_form(request, who=sender.key) as sent:
        forged = refuse_forged(request, sent)
        if forged is not None:
            return forged
        form, refusal = ReplyForm(sent.texts), sent.refusal
        if form.is_valid() and refusal is None:
            try:
                _keep(sender, incident, sent, form.cleaned_data["body"])
            except DomainError as error:
                refusal = error
            else:
                messages.success(request, "Thank you. It was added to the report.")
                return HttpResponseRedirect(address)
        if refusal is not None:
            form.refuse(refusal)
        return show_report(form, refusal)


def _keep(sender: Sender, incident: Incident, sent: SentForm, body: str) -> None:
    sender.count_reply(incident.pk)

    def write() -> int:
        if sender.is_unknown:
            record_reply(actor=sender.actor, incident=incident, body=body, uploads=sent.photos, author_label=NOBODY)
        else:
            reply_on_incident(actor=sender.actor, incident=incident, body=body, uploads=sent.photos)
        return incident.pk

    do_once(sender.caller, read_form_key(sent.texts.get("key", "")), sent.digest, write)
