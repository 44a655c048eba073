"""Setting up, renewing and removing one's own second factor."""

import base64
from typing import Any

from allauth.mfa.adapter import get_adapter
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from tracker.access import Actor
from tracker.admin.base import actor_of
from tracker.admin.user_forms import CodeForm, EnrolForm, show_refusal
from tracker.exceptions import DomainError, InvalidInput
from tracker.models import User
from tracker.sealing import seal, unseal
from tracker.services.passwords import check_own_password
from tracker.services.second_factors import (
    check_code,
    count_recovery_codes,
    enrol,
    has_second_factor,
    make_secret,
    remove_second_factor,
    renew_recovery_codes,
)

SECRET = "tracker.totp_secret"  # noqa: S105 - where the session keeps it, sealed
TITLE = "Second factor"


def second_factor_page(request: HttpRequest) -> HttpResponse:
    """What there is, and what can be done about it."""
    actor = actor_of(request)
    if actor.user is None:
        raise PermissionDenied
    if has_second_factor(actor.user):
        return _manage(request, actor, actor.user)
    return _enrol(request, actor, actor.user)


def _enrol(request: HttpRequest, actor: Actor, user: User) -> HttpResponse:
    secret = unseal(request.session.get(SECRET, "")) or make_secret()
    form = EnrolForm(request.POST or None, asks_password=user.has_usable_password())
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            if "current" in values:
                check_own_password(user=user, password=values["current"])
            codes = enrol(actor=actor, user=user, secret=secret, code=values["code"])
        except DomainError as error:
            return _refuse(request, form, error, _app_context(user, secret))
        del request.session[SECRET]
        return _show(request, codes=codes)
    request.session[SECRET] = seal(secret)
    return _show(request, form=form, **_app_context(user, secret))


def _manage(request: HttpRequest, actor: Actor, user: User) -> HttpResponse:
    form = CodeForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return _show(request, form=form, codes_left=count_recovery_codes(user), is_set=True)
    try:
        check_code(actor=actor, user=user, code=form.cleaned_data["code"])
        if request.POST.get("do") == "renew":
            return _show(request, codes=renew_recovery_codes(actor=actor, user=user))
        if request.POST.get("do") != "remove":
            raise InvalidInput("Choose what to do.")
        remove_second_factor(actor=actor, user=user)
    except DomainError as error:
        return _refuse(request, form, error, {"codes_left": count_recovery_codes(user), "is_set": True})
    messages.success(request, "You log in with your password alone now.")
    return HttpResponseRedirect(reverse("admin:second_factor"))


def _app_context(user: User, secret: str) -> dict[str, Any]:
    adapter = get_adapter()
    picture = adapter.build_totp_svg(adapter.build_totp_url(user, secret))
    groups = " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
    return {"picture": base64.b64encode(picture.encode()).decode("ascii"), "secret": groups}


def _refuse(request: HttpRequest, form: Any, error: DomainError, context: dict[str, Any]) -> HttpResponse:
    show_refusal(form, error)
    answer = _show(request, form=form, **context)
    if error.retry_after_seconds is not None:
        answer.status_code, answer["Retry-After"] = error.status, str(error.retry_after_seconds)
    return answer


def _show(request: HttpRequest, **context: Any) -> HttpResponse:
    frame = admin.site.each_context(request)
    return TemplateResponse(request, "admin/tracker/user/second_factor.html", {**frame, "title": TITLE, **context})
