"""The second step of a login: a password, or the company's sign-on, was right, and a code is asked for before anybody
is logged in. Until then the session only says for whom it waits."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect

from tracker import clock
from tracker.access import Actor
from tracker.admin.user_forms import CodeForm, show_refusal
from tracker.devices import remember_device
from tracker.exceptions import DomainError
from tracker.home import next_or_home
from tracker.models import User
from tracker.services.logins import note_session
from tracker.services.second_factors import check_code, has_second_factor

WAITING = "tracker.waits_for_code"
WAITS_SECONDS = 300
BACKEND = "tracker.backends.CountedPasswordBackend"


def enter(request: HttpRequest, user: User, *, next_url: str) -> HttpResponse:
    """Logs in whoever has proved who they are, or asks for the second factor first."""
    if not has_second_factor(user):
        return _log_in(request, user, next_url)
    request.session.cycle_key()
    request.session[WAITING] = {
        "user": user.pk,
        "proof": user.get_session_auth_hash(),
        "until": clock.now().timestamp() + WAITS_SECONDS,
    }
    return HttpResponseRedirect(f"{reverse('admin:login_code')}?{urlencode({'next': next_url})}")


@never_cache
@csrf_protect
def login_code_page(request: HttpRequest) -> HttpResponse:
    """Asks for the code, and logs in."""
    user = _waiting_for(request)
    if user is None:
        return HttpResponseRedirect(reverse("account_login"))
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        actor = Actor.of_user(user, request_id=getattr(request, "request_id", ""))
        try:
            check_code(actor=actor, user=user, code=form.cleaned_data["code"])
        except DomainError as error:
            return _show(request, form, error)
        del request.session[WAITING]
        return _log_in(request, user, request.GET.get("next", ""))
    return _show(request, form)


def _log_in(request: HttpRequest, user: User, next_url: str) -> HttpResponse:
    login(request, user, backend=BACKEND)
    note_session(actor=Actor.of_user(user, request_id=getattr(request, "request_id", "")), user=user, has_begun=True)
    answer = HttpResponseRedirect(next_or_home(request, next_url, user))
    remember_device(answer, user)
    return answer


def _waiting_for(request: HttpRequest) -> User | None:
    waiting: dict[str, Any] = request.session.get(WAITING) or {}
    if not waiting or waiting["until"] < clock.now().timestamp():
        return None
    user = User.objects.filter(pk=waiting["user"], is_active=True).first()
    # The proof ends with the password and the role, as a session does.
    is_same = user is not None and constant_time_compare(waiting["proof"], user.get_session_auth_hash())
    return user if is_same else None


def _show(request: HttpRequest, form: forms.Form, error: DomainError | None = None) -> HttpResponse:
    text = "Type the code that your app shows, or one of your recovery codes."
    context = {"title": "Second step", "text": text, "form": form, "button": "Log in"}
    answer = TemplateResponse(request, "admin/account.html", {**admin.site.each_context(request), **context})
    if error is not None:
        show_refusal(form, error)
        if error.retry_after_seconds is not None:
            answer.status_code, answer["Retry-After"] = error.status, str(error.retry_after_seconds)
    return answer
