"""What the page of one report shows, whoever looks at it."""

from dataclasses import dataclass

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from incidents.models import Attachment, Comment, Incident
from incidents.portal.answers import show
from incidents.portal.form_keys import new_form_key
from incidents.portal.forms import ReplyForm
from incidents.portal.senders import Sender
from incidents.portal.words import explain_status, list_steps, name_author
from tracker.exceptions import DomainError

# What a telephone shows without being out of breath; the rest is for the back office.
MOST_COMMENTS = 200


@dataclass(frozen=True, slots=True)
class Places:
    """Where the page's links lead: to the report itself, and where there is one to the form and the back office."""

    own: str
    edit: str = ""
    back_office: str = ""


def show_report(
    request: HttpRequest,
    sender: Sender,
    incident: Incident,
    comments: QuerySet[Comment],
    files: QuerySet[Attachment],
    *,
    places: Places,
    form: ReplyForm,
    refusal: DomainError | None = None,
) -> HttpResponse:
    """The report with what was said about it, the latest MOST_COMMENTS, and the form to say more."""
    latest = list(comments.select_related("author").order_by("-id")[:MOST_COMMENTS])[::-1]
    answer = show(
        request,
        "report.html",
        status=refusal.status if refusal is not None else 400 if form.errors else 200,
        title=f"{incident.key}: {incident.title}",
        incident=incident,
        steps=list_steps(incident.status),
        explanation=explain_status(incident.status),
        said=[(name_author(comment, sender), comment) for comment in latest],
        files=files.order_by("id"),
        places=places,
        form=form,
        key=new_form_key(),
        is_private=sender.is_unknown,
    )
    if refusal is not None and refusal.retry_after_seconds is not None:
        answer["Retry-After"] = str(refusal.retry_after_seconds)
    return answer
