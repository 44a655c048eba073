"""Pages for whoever cannot log in yet, or not any more, in the look of the login.

A GET changes nothing: scanners of mail follow every link, and only a person presses the button.
"""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_http_methods

from tracker.access import Actor
from tracker.admin.user_forms import NewPasswordForm, show_refusal
from tracker.client_address import counted_address
from tracker.exceptions import DomainError
from tracker.models import User
from tracker.services.account_links import id_of
from tracker.services.password_resets import ask_for_reset, can_reset, reset_password
from tracker.services.registrations import can_confirm, confirm_email


class AskForm(forms.Form):
    """An e-mail address."""

    email = forms.CharField(
        label="E-mail", max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email", "autofocus": True})
    )


class ConfirmForm(forms.Form):
    """Nothing but the button."""


def _anonymous(request: HttpRequest) -> Actor:
    return Actor.of_user(AnonymousUser(), request_id=getattr(request, "request_id", ""))


def _show(request: HttpRequest, title: str, text: str, **context: Any) -> HttpResponse:
    frame = admin.site.each_context(request)
    return TemplateResponse(request, "admin/account.html", {**frame, "title": title, "text": text, **context})


def _refuse(request: HttpRequest, form: forms.Form, error: DomainError, ask: dict[str, str]) -> HttpResponse:
    show_refusal(form, error)
    answer = _show(request, form=form, **ask)
    if error.status != 400:
        answer.status_code = error.status
    if error.retry_after_seconds is not None:
        answer["Retry-After"] = str(error.retry_after_seconds)
    return answer


def _dead(request: HttpRequest) -> HttpResponse:
    return _show(request, title="This link does not work any more", text="It was used, or it is too old.", is_dead=True)


@never_cache
@csrf_protect
@require_http_methods(["GET", "HEAD", "POST"])
def ask_for_reset_page(request: HttpRequest) -> HttpResponse:
    """Asks for a letter; what it answers is the same for everybody."""
    ask = {"title": "Forgot your password?", "text": "We send you a link to set a new one.", "button": "Send the link"}
    form = AskForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return _show(request, form=form, **ask)
    try:
        ask_for_reset(actor=_anonymous(request), email=form.cleaned_data["email"], address=counted_address(request))
    except DomainError as error:
        return _refuse(request, form, error, ask)
    text = "If somebody has this address, a letter is on its way. Its link works for a day."
    return _show(request, title="Look into your mailbox", text=text)


@never_cache
@csrf_protect
@require_http_methods(["GET", "HEAD", "POST"])
def reset_page(request: HttpRequest, uid: str, token: str) -> HttpResponse:
    """Sets a new password by the link from a letter."""
    if not can_reset(User.objects.filter(pk=id_of(uid)).first(), token):
        return _dead(request)
    text = "At least 10 characters, not a common one. Every session, login and token made with the old one ends."
    ask = {"title": "Set a new password", "text": text, "button": "Set it"}
    form = NewPasswordForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return _show(request, form=form, **ask)
    try:
        reset_password(actor=_anonymous(request), uid=uid, token=token, new_password=form.cleaned_data["password"])
    except DomainError as error:
        return _refuse(request, form, error, ask)
    return _show(request, title="You have a new password", text="Log in with it.", is_done=True)


@never_cache
@csrf_protect
@require_http_methods(["GET", "HEAD", "POST"])
def confirm_page(request: HttpRequest, uid: str, token: str) -> HttpResponse:
    """Confirms an address by the link from a letter."""
    if not can_confirm(User.objects.filter(pk=id_of(uid)).first(), token):
        return _dead(request)
    text = "Only if it was you who registered it."
    ask = {"title": "Confirm your e-mail address", "text": text, "button": "Confirm it"}
    form = ConfirmForm(request.POST or None)
    if request.method != "POST":
        return _show(request, form=form, **ask)
    try:
        confirm_email(actor=_anonymous(request), uid=uid, token=token)
    except DomainError as error:
        return _refuse(request, form, error, ask)
    return _show(request, title="The address is confirmed", text="You can log in now.", is_done=True)
