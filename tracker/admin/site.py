"""The back office as a whole: its name, its menu and its first page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import update_wrapper
from pathlib import PurePosixPath
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.auth import update_session_auth_hash
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from tracker import clock
from tracker.admin.base import AccessAdmin, actor_of
from tracker.admin.live import read_live_cursor
from tracker.admin.second_factor_page import second_factor_page
from tracker.admin.second_steps import enter, login_code_page
from tracker.admin.site_pages import SitePage
from tracker.admin.user_forms import LoginForm, OwnPasswordForm, ProfileForm, show_refusal
from tracker.devices import remember_device
from tracker.exceptions import DomainError
from tracker.models import User
from tracker.services.letters import has_mail
from tracker.services.logins import note_session
from tracker.services.notification_lists import MOST_COUNTED, count_unread
from tracker.services.second_factors import must_enrol
from tracker.services.users import change_password, update_user
from tracker.sign_on import is_configured

MENU = ("Work", "Intake", "Delivery", "SLA", "Reports", "People", "Operation")


@dataclass(frozen=True, slots=True)
class Panel:
    """One box of the first page. `template` gets `context` as `panel`; low `position` comes first.

    `live_types` are the events of /v1/events that change it, as on lists.
    """

    template: str
    context: dict[str, Any] = field(default_factory=dict)
    position: int = 50
    is_wide: bool = False
    live_types: Sequence[str] = ()

    @property
    def key(self) -> str:
        """What the box is called on the page."""
        return f"panel-{PurePosixPath(self.template).stem}"


def write_unread(request: HttpRequest) -> str:
    """How many notifications wait for whoever looks: "", "7" or "99+"."""
    count = count_unread(actor_of(request))
    return f"{MOST_COUNTED}+" if count > MOST_COUNTED else str(count or "")


PanelBuilder = Callable[[HttpRequest], Panel | None]


class TrackerAdminSite(AdminSite):
    """Django's admin in Tracker's clothes."""

    site_title = site_header = "Tracker"
    index_title = "Dashboard"
    site_url = None
    empty_value_display = "–"
    index_template = "admin/dashboard.html"
    login_form = LoginForm

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        self._panels: list[PanelBuilder] = []
        self._pages: list[SitePage] = []

    def add_panel(self, build: PanelBuilder) -> PanelBuilder:
        """Puts a box on the first page; the builder answers None where the reader may not see it."""
        self._panels.append(build)
        return build

    def add_page(self, page: SitePage) -> None:
        """Adds a page that is no table's."""
        self._pages.append(page)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """What every page's frame shows."""
        return {
            **super().each_context(request),
            "reader_timezone": timezone.get_current_timezone_name(),
            # Asked where a page shows it, and once.
            "unread_count": SimpleLazyObject(lambda: write_unread(request)),
        }

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """The first page: what needs somebody now."""
        # Before anything is read, so that nothing is missed.
        cursor = read_live_cursor()
        shown = [panel for build in self._panels if (panel := build(request))]
        context = {
            "panels": sorted(shown, key=lambda panel: panel.position),
            "live_types": ",".join(sorted({name for panel in shown for name in panel.live_types})),
            "live_cursor": cursor,
            "shown_at": clock.now(),
        }
        return super().index(request, {**context, **(extra_context or {})})

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The login form; attempts are counted behind it, and this device has its own counter from a login on."""
        sign_on = settings.OIDC_NAME if is_configured() else ""
        context = {"has_mail": has_mail(), "sign_on": sign_on, **(extra_context or {})}
        answer = super().login(request, context)
        if request.method == "POST" and answer.status_code == 302 and isinstance(request.user, User):
            note_session(actor=actor_of(request), user=request.user, has_begun=True)
            remember_device(answer, request.user)
        waiting = getattr(request, "waits_for_code_of", None)
        if waiting is not None:
            return enter(request, waiting, next_url=request.POST.get("next") or request.GET.get("next", ""))
        seconds = getattr(request, "login_retry_after_seconds", None)
        if seconds is not None:
            answer.status_code, answer["Retry-After"] = 429, str(seconds)
        return answer

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """Ends the session."""
        if isinstance(request.user, User):
            note_session(actor=actor_of(request), user=request.user, has_begun=False)
        return super().logout(request, extra_context)

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:  # type: ignore[override]
        """One's own password, by the service: guesses are counted, and whatever the old one opened ends."""
        actor = actor_of(request)
        if actor.user is None:
            raise PermissionDenied
        form = OwnPasswordForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            values = form.cleaned_data
            try:
                user = change_password(
                    actor=actor, user=actor.user, new_password=values["password"], current_password=values["current"]
                )
            except DomainError as error:
                show_refusal(form, error)
            else:
                update_session_auth_hash(request, user)
                messages.success(request, "You have a new password. Other sessions and your tokens ended.")
                return HttpResponseRedirect(reverse("admin:index"))
        context = {**self.each_context(request), "title": "Change your password", "form": form}
        return TemplateResponse(request, "admin/tracker/user/password.html", context)

    def get_urls(self) -> list[Any]:
        """With pages about oneself."""
        # Not behind the demand for a second factor, which sends everybody there.
        second_factor = super().admin_view(second_factor_page)
        return [
            path("login/code/", login_code_page, name="login_code"),
            path("second-factor/", second_factor, name="second_factor"),
            path("profile/", self.admin_view(self.profile), name="profile"),
            *(page.to_url(self.admin_view) for page in self._pages),
            *super().get_urls(),
        ]

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Every page but the login: for staff, and where REQUIRE_TOTP says so with a second factor only."""
        inner = super().admin_view(view, cacheable)

        def show(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            is_leaving = request.path == reverse("admin:logout")
            if isinstance(request.user, User) and not is_leaving and must_enrol(request.user):
                return HttpResponseRedirect(reverse("admin:second_factor"))
            return inner(request, *args, **kwargs)

        return update_wrapper(show, inner)

    def profile(self, request: HttpRequest) -> HttpResponse:
        """One's own name and time zone."""
        actor = actor_of(request)
        if actor.user is None:
            raise PermissionDenied
        form = ProfileForm(request.POST or None, instance=actor.user)
        if request.method == "POST" and form.is_valid():
            try:
                update_user(actor=actor, user=actor.user, changes=form.cleaned_data)
            except DomainError as error:
                show_refusal(form, error)
            else:
                messages.success(request, "Your profile was changed.")
                return HttpResponseRedirect(reverse("admin:profile"))
        context = {**self.each_context(request), "title": "My profile", "form": form}
        return TemplateResponse(request, "admin/tracker/user/profile.html", context)

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[dict[str, Any]]:
        """The menu by what people do, not by which package a table lives in."""
        apps = super().get_app_list(request, app_label)
        if app_label is not None:
            return apps
        groups: dict[str, list[tuple[int, dict[str, Any]]]] = {name: [] for name in MENU}
        for model in (model for app in apps for model in app["models"]):
            page = self._registry[model["model"]]
            name, position = page.menu if isinstance(page, AccessAdmin) else ("Operation", 99)
            groups[name].append((position, model))
        for entry in (page for page in self._pages if page.is_shown_to(request)):
            groups[entry.menu[0]].append((entry.menu[1], entry.to_entry()))
        return [
            {
                "name": name,
                "app_label": name.lower(),
                "app_url": "",
                "has_module_perms": True,
                "models": [model for _, model in sorted(members, key=lambda member: member[0])],
            }
            for name, members in groups.items()
            if members
        ]
