"""Lists of which people keep views: links above the list, and small forms that keep, share and forget them."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.contrib import messages
from django.contrib.admin.views.main import ORDER_VAR, SEARCH_VAR
from django.core.exceptions import PermissionDenied as Forbidden
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path

from tracker.access import may
from tracker.admin.base import AccessAdmin, M, actor_of
from tracker.exceptions import DomainError, NotFound, PermissionDenied
from tracker.models import SavedView
from tracker.services.saved_views import MAX_VIEWS, delete_view, save_view, share_view, visible_views


@dataclass(frozen=True, slots=True)
class ViewLink:
    """One view as the page shows it."""

    view: SavedView
    query: str
    is_current: bool
    is_own: bool


class SavedViewsPage(AccessAdmin[M]):
    """A list that shows the saved views of whoever reads it."""

    def get_urls(self) -> list[Any]:
        """Keeping a view, sharing it, forgetting it."""
        label = f"{self.opts.app_label}_{self.opts.model_name}"
        wrap = self.admin_site.admin_view
        return [
            self.page_url("views", self.save_view_view, of_object=False),
            path("views/<int:view_id>/share/", wrap(self.share_view_view), name=f"{label}_views_share"),
            path("views/<int:view_id>/delete/", wrap(self.delete_view_view), name=f"{label}_views_delete"),
            *super().get_urls(),
        ]

    @property
    def view_parameters(self) -> frozenset[str]:
        """What a view may hold: filters, search and order, but no page number."""
        return self.filter_parameters | {SEARCH_VAR, ORDER_VAR}

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list with its views."""
        actor = actor_of(request)
        context: dict[str, Any] = {}
        if may(actor, "saved_views", "list"):
            current = self._keep_known(request.GET.items())
            context = {
                "saved_views": self._list_views(request, current),
                "may_save_view": may(actor, "saved_views", "create"),
                "view_query": current,
            }
        return super().changelist_view(request, {**context, **(extra_context or {})})

    def _list_views(self, request: HttpRequest, current: str) -> list[ViewLink]:
        views = visible_views(actor_of(request)).filter(page=self.opts.model_name).select_related("owner")
        own_first = views.annotate(is_other=~Q(owner=request.user.pk)).order_by("is_other", "name")
        links = []
        for view in own_first.defer("owner__password")[: 2 * MAX_VIEWS]:
            # A list may have lost a filter since the view was saved; the rest of the view still holds.
            query = self._keep_known(parse_qsl(view.query))
            links.append(ViewLink(view, query, query == current, view.owner_id == request.user.pk))
        return links

    def _keep_known(self, pairs: Any) -> str:
        return urlencode(sorted((name, value) for name, value in pairs if name in self.view_parameters and value))

    def save_view_view(self, request: HttpRequest) -> HttpResponse:
        """Keeps the view that is shown."""
        if request.method != "POST" or not self.has_view_permission(request):
            raise Forbidden
        query = request.POST.get("query", "")
        try:
            view = save_view(
                actor=actor_of(request),
                page=str(self.opts.model_name),
                name=request.POST.get("name", ""),
                query=query,
                known=self.view_parameters,
                is_shared=request.POST.get("is_shared") == "1",
            )
        except PermissionDenied:
            raise Forbidden from None
        except DomainError as error:
            messages.error(request, f"The view was not saved. {error.message}")
            return HttpResponseRedirect(f"{self.list_url()}?{self._keep_known(parse_qsl(query[:2000]))}")
        messages.success(request, f"The view “{view.name}” is kept.")
        return HttpResponseRedirect(f"{self.list_url()}?{view.query}")

    def share_view_view(self, request: HttpRequest, view_id: int) -> HttpResponse:
        """Shows one's view to everybody, or to oneself alone."""
        view, is_shared = self._take_view(request, view_id), request.POST.get("is_shared") == "1"
        try:
            share_view(actor=actor_of(request), view=view, is_shared=is_shared)
        except PermissionDenied:
            raise Forbidden from None
        messages.success(request, f"“{view.name}” is {'shared with everybody' if is_shared else 'yours alone'} now.")
        return HttpResponseRedirect(f"{self.list_url()}?{self._keep_known(parse_qsl(view.query))}")

    def delete_view_view(self, request: HttpRequest, view_id: int) -> HttpResponse:
        """Forgets one's view."""
        view = self._take_view(request, view_id)
        try:
            delete_view(actor=actor_of(request), view=view)
        except PermissionDenied:
            raise Forbidden from None
        except NotFound:
            raise Http404 from None
        messages.success(request, f"The view “{view.name}” is forgotten.")
        return HttpResponseRedirect(self.list_url())

    def _take_view(self, request: HttpRequest, view_id: int) -> SavedView:
        if request.method != "POST" or not may(actor_of(request), "saved_views", "list"):
            raise Forbidden
        views = visible_views(actor_of(request)).filter(page=self.opts.model_name)
        view = views.filter(pk=view_id).first() if view_id < 2**63 else None
        if view is None:
            raise Http404
        return view
