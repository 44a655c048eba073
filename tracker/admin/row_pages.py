"""Pages of one row that are no form, and the buttons on them."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import path, reverse

from tracker.access import may
from tracker.admin.rights import RightsAdmin, actor_of
from tracker.exceptions import DomainError

M = TypeVar("M", bound=Model)


class RowPages(RightsAdmin[M]):
    """What a model's admin needs for pages of its own."""

    def show_page(
        self, request: HttpRequest, object_id: str, template: str, build: Callable[[M], dict[str, Any]]
    ) -> HttpResponse:
        """A page of one row that is no form: GET only; `build` gives what the template needs."""
        if request.method not in ("GET", "HEAD"):
            raise PermissionDenied
        obj = self.get_object(request, object_id) if self.is_allowed(request, "read") else None
        if obj is None and self.is_allowed(request, "read"):
            messages.warning(request, f"There is no such {self.opts.verbose_name}.")
            return HttpResponseRedirect(self.list_url())
        if obj is None or not self.is_allowed(request, "read", obj):
            raise PermissionDenied
        return self.render_page(request, obj, template, build(obj))

    def render_page(self, request: HttpRequest, obj: M, template: str, context: dict[str, Any]) -> TemplateResponse:
        """One row's page with what every such page needs."""
        frame = {
            **self.admin_site.each_context(request),
            "title": str(obj),
            "opts": self.opts,
            "original": obj,
            "media": self.media,
            "show_history": may(actor_of(request), "audit_log", "list"),
        }
        return TemplateResponse(request, template, {**frame, **context})

    def page_url(self, name: str, view: Callable[..., HttpResponseBase], *, of_object: bool = True) -> Any:
        """A further address of this model, `<id>/name/` or `name/`, known as admin:APP_MODEL_name."""
        route = f"<path:object_id>/{name}/" if of_object else f"{name}/"
        label = f"{self.opts.app_label}_{self.opts.model_name}_{name}"
        return path(route, self.admin_site.admin_view(view), name=label)

    def list_url(self) -> str:
        """The address of the list."""
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")

    def object_url(self, obj: Model) -> str:
        """The address of one row's page."""
        return reverse(f"admin:{obj._meta.app_label}_{obj._meta.model_name}_change", args=[obj.pk])

    def run_for_one(
        self, request: HttpRequest, object_id: str, action: str, work: Callable[[M], object], done: str
    ) -> HttpResponse:
        """A button on a row's page: POST, right, one service call, back to the page."""
        obj = self.take_posted(request, object_id, action)
        if isinstance(obj, HttpResponse):
            return obj
        try:
            work(obj)
        except DomainError as error:
            messages.error(request, error.message)
        else:
            messages.success(request, done)
        return HttpResponseRedirect(self.object_url(obj))

    def take_posted(self, request: HttpRequest, object_id: str, action: str) -> M | HttpResponse:
        """The row that a POST means, for those who may do `action` to it; or where to go, if it is gone.

        Raises:
            PermissionDenied: no POST, or no right.
        """
        if request.method != "POST" or not self.is_allowed(request, action):
            raise PermissionDenied
        obj = self.get_object(request, object_id)
        if obj is None:
            messages.error(request, "There is no such row any more.")
            return HttpResponseRedirect(self.list_url())
        if not self.is_allowed(request, action, obj):
            raise PermissionDenied
        return obj
