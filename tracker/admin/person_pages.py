"""Pages about oneself for everybody, staff or not: logging in and out, registering, one's profile and password."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import authenticate, logout, update_session_auth_hash
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_http_methods

from tracker.access import Actor
from tracker.admin.base import actor_of
from tracker.admin.downloads import hand_out_archive
from tracker.admin.formats import write_span
from tracker.admin.person_forms import OwnProfileForm, PersonLoginForm, RegisterForm
from tracker.admin.second_steps import enter
from tracker.admin.user_forms import OwnPasswordForm, show_refusal
from tracker.client_address import counted_address
from tracker.exceptions import DomainError, Throttled
from tracker.home import next_or_home
from tracker.models import User
from tracker.services import registrations
from tracker.services.letters import has_mail
from tracker.services.logins import note_session
from tracker.services.passwords import WRONG
from tracker.services.personal_exports import make_archive
from tracker.services.second_factors import must_enrol
from tracker.services.users import change_password, update_user
from tracker.sign_on import is_configured

take_form = require_http_methods(["GET", "HEAD", "POST"])


def send_to_login(request: HttpRequest) -> HttpResponse:
    """To the login that is for everybody, and back here afterwards."""
    return HttpResponseRedirect(f"{reverse('account_login')}?{urlencode({'next': request.get_full_path()})}")


def for_people(page: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Pages of whoever is logged in, who is handed to them; where REQUIRE_TOTP says so, staff set up a second factor
    before anything else."""

    def show(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not isinstance(request.user, User):
            return send_to_login(request)
        if must_enrol(request.user):
            return HttpResponseRedirect(reverse("admin:second_factor"))
        return page(request, request.user, *args, **kwargs)

    return show


@never_cache
@csrf_protect
@take_form
def login_page(request: HttpRequest) -> HttpResponse:
    """Logs in by e-mail and password, counted as everywhere, and by a code where there is a second factor."""
    next_url = request.POST.get("next") or request.GET.get("next", "")
    if request.method != "POST" and isinstance(request.user, User):
        return HttpResponseRedirect(next_or_home(request, next_url, request.user))
    form = PersonLoginForm(request.POST or None)
    answer_status, seconds = 200, None
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        person = authenticate(request, username=values["email"], password=values["password"])
        if isinstance(person, User):
            return enter(request, person, next_url=next_url)
        seconds = getattr(request, "login_retry_after_seconds", None)
        answer_status = 200 if seconds is None else 429
        form.add_error(None, WRONG if seconds is None else f"Too many attempts. Try again in {write_span(seconds)}.")
    context = {
        "has_mail": has_mail(),
        "sign_on": settings.OIDC_NAME if is_configured() else "",
        "is_open": registrations.is_open(),
        "is_for_anybody": settings.INCIDENT_PORTAL_ANONYMOUS,
        "next": next_url,
    }
    answer = _show(request, form, title="Log in", button="Log in", template="account/login.html", **context)
    answer.status_code = answer_status
    if seconds is not None:
        answer["Retry-After"] = str(seconds)
    return answer


@never_cache
@csrf_protect
@take_form
def logout_page(request: HttpRequest) -> HttpResponse:
    """Asks, and ends the session."""
    if request.method == "POST":
        if isinstance(request.user, User):
            note_session(actor=actor_of(request), user=request.user, has_begun=False)
        logout(request)
        return _show(request, None, title="You are logged out", is_done=True)
    return _show(request, forms.Form(), title="Log out?", button="Log out")


@never_cache
@csrf_protect
@take_form
def register_page(request: HttpRequest) -> HttpResponse:
    """A reporter's account; not there while registration is closed."""
    if not registrations.is_open():
        raise Http404
    form = RegisterForm(request.POST or None)
    ask = {"title": "Register", "button": "Register", "text": _name_domains()}
    if request.method != "POST" or not form.is_valid():
        return _show(request, form, **ask)
    values, actor = form.cleaned_data, Actor(request_id=getattr(request, "request_id", ""))
    try:
        registered = registrations.register_person(
            actor=actor,
            email=values["email"],
            password=values["password"],
            full_name=values["full_name"],
            address=counted_address(request),
        )
    except DomainError as error:
        return _refuse(request, form, error, ask)
    if registered.needs_confirmation:
        text = f"A letter to {registered.email} is on its way. Its link opens your account."
        return _show(request, None, title="Look into your mailbox", text=text)
    return _show(request, None, title="You are registered", text="You can log in now.", is_done=True)


@never_cache
@csrf_protect
@take_form
@for_people
def profile_page(request: HttpRequest, person: User) -> HttpResponse:
    """One's name and time zone."""
    initial = {"full_name": person.full_name, "timezone": person.timezone}
    form = OwnProfileForm(request.POST or None, initial=initial)
    ask = {"title": "Your profile", "button": "Save", "template": "account/profile.html"}
    if request.method != "POST" or not form.is_valid():
        return _show(request, form, **ask)
    try:
        update_user(actor=actor_of(request), user=person, changes=form.cleaned_data)
    except DomainError as error:
        return _refuse(request, form, error, ask)
    messages.success(request, "Your profile was changed.")
    return HttpResponseRedirect(reverse("account_profile"))


@never_cache
@csrf_protect
@take_form
@for_people
def password_page(request: HttpRequest, person: User) -> HttpResponse:
    """One's own password, by the present one."""
    form = OwnPasswordForm(request.POST or None)
    text = "Every other session and login, and every token, made with the old one ends."
    ask = {"title": "Change your password", "button": "Change it", "text": text}
    if request.method != "POST" or not form.is_valid():
        return _show(request, form, **ask)
    values = form.cleaned_data
    try:
        person = change_password(
            actor=actor_of(request), user=person, new_password=values["password"], current_password=values["current"]
        )
    except DomainError as error:
        return _refuse(request, form, error, ask)
    update_session_auth_hash(request, person)
    messages.success(request, "You have a new password.")
    return HttpResponseRedirect(reverse("account_profile"))


@never_cache
@csrf_protect
@take_form
@for_people
def data_page(request: HttpRequest, person: User) -> HttpResponseBase:
    """What is known of oneself, as an archive."""
    text = "All that Tracker knows of you, what you wrote and what you uploaded, as one archive of readable files."
    ask = {"title": "Your data", "button": "Download it", "text": text}
    form = forms.Form(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return _show(request, form, **ask)
    try:
        archive = make_archive(actor=actor_of(request), user=person)
    except DomainError as error:
        return _refuse(request, form, error, ask)
    return hand_out_archive(archive, person)


def _show(
    request: HttpRequest, form: forms.Form | None, *, template: str = "admin/account.html", **context: Any
) -> HttpResponse:
    return TemplateResponse(request, template, {"form": form, **context})


def _refuse(request: HttpRequest, form: forms.Form, error: DomainError, ask: dict[str, Any]) -> HttpResponse:
    show_refusal(form, error)
    answer = _show(request, form, **ask)
    if isinstance(error, Throttled):
        answer.status_code, answer["Retry-After"] = error.status, str(error.retry_after_seconds)
    return answer


def _name_domains() -> str:
    domains = sorted(domain.lstrip("@") for domain in settings.REGISTRATION_DOMAINS)
    return "" if "*" in domains else f"For addresses at {', '.join(domains)}."
