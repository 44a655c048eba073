"""Single sign-on: out to the company's provider, and back with whom it vouches for. Not there unless configured."""

import logging

from django.contrib import admin
from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from tracker import sign_on
from tracker.access import Actor
from tracker.admin.second_steps import enter
from tracker.client_address import counted_address
from tracker.exceptions import DomainError, Throttled
from tracker.services import attempts
from tracker.services.sign_ons import find_signed_on

PER_ADDRESS = 100
FAILED = "Signing on did not work. Try again; should it fail again, tell whoever runs Tracker."
logger = logging.getLogger(__name__)


@never_cache
@require_GET
def sign_on_page(request: HttpRequest) -> HttpResponse:
    """Sends the browser to the provider."""
    if not sign_on.is_configured():
        raise Http404
    try:
        _count(request)
        return sign_on.begin_sign_on(request, next_url=request.GET.get("next", "")[:2000])
    except (sign_on.SignOnFailed, Throttled) as error:
        return _refuse(request, error)


@never_cache
@require_GET
def callback_page(request: HttpRequest) -> HttpResponse:
    """Logs in whom the provider vouches for; a second factor is asked for all the same."""
    if not sign_on.is_configured():
        raise Http404
    actor = Actor.of_user(AnonymousUser(), request_id=getattr(request, "request_id", ""))
    try:
        _count(request)
        identity, next_url = sign_on.finish_sign_on(request)
        person = find_signed_on(actor=actor, identity=identity)
    except (sign_on.SignOnFailed, DomainError) as error:
        return _refuse(request, error)
    return enter(request, person, next_url=next_url)


def _count(request: HttpRequest) -> None:
    # Each asks the provider several things, and holds a thread until it answers.
    address = counted_address(request)
    if address:
        attempts.reserve_attempt(attempts.key_of("sign-on", address), limit=PER_ADDRESS)


def _refuse(request: HttpRequest, error: sign_on.SignOnFailed | DomainError) -> HttpResponse:
    text = error.message if isinstance(error, DomainError) else FAILED
    logger.warning("A sign-on was refused.", extra={"reason": str(error)})
    context = {**admin.site.each_context(request), "title": "Not logged in", "text": text, "is_done": True}
    answer = TemplateResponse(request, "admin/account.html", context)
    answer.status_code = error.status if isinstance(error, DomainError) else 403
    if isinstance(error, DomainError) and error.retry_after_seconds is not None:
        answer["Retry-After"] = str(error.retry_after_seconds)
    return answer
