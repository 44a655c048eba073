"""What every page of the back office has in common: rights from the table, writes through services, lists that stay
fast over tables of any size."""

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar, TypeVar

from django import forms
from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import ShowFacets
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Field, Model, QuerySet
from django.forms import ModelForm
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_protect

from tracker.access import Actor, may
from tracker.admin.live import read_live_cursor
from tracker.admin.paging import CappedPaginator
from tracker.admin.rights import actor_of
from tracker.admin.row_pages import RowPages
from tracker.admin.widgets import RowSelect, RowsSelect
from tracker.exceptions import DomainError
from tracker.models import Event

M = TypeVar("M", bound=Model)
SEARCH_LIMIT = 200
HISTORY_LIMIT = 200

__all__ = ["AccessAdmin", "AccessForm", "actor_of"]


class AccessForm(forms.ModelForm[Any]):
    """A form that shows what a service refused beside the field at fault."""

    refusal: DomainError | None = None
    actor: Actor = Actor()

    def clean(self) -> dict[str, Any]:
        """Adds the refusal of the service call before, where there was one."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.refusal is not None:
            named = [detail for detail in self.refusal.details if detail.field in self.fields]
            for detail in named:
                self.add_error(detail.field, detail.message)
            if not named:
                self.add_error(None, self.refusal.message)
        return cleaned


class AccessAdmin(RowPages[M]):
    """A page per model. Subclasses name their `resource` in the rights table and where they stand in the menu.

    Nothing is written unless the subclass says by which service: without `save_model` or `delete_model` of its own
    a page is read-only. With a `page_template`, a row that is there is a page of what `describe` gives, and no form.
    """

    menu: ClassVar[tuple[str, int]] = ("Operation", 99)
    empty_hint: ClassVar[str] = ""
    # The first words of events after which the list shows itself anew, such as "ticket,alert".
    live_types: ClassVar[str] = ""
    page_template: ClassVar[str] = ""
    form = AccessForm
    paginator = CappedPaginator
    list_per_page = 50
    list_max_show_all = 0
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    sortable_by: ClassVar[tuple[str, ...]] = ()
    save_on_top = False

    # Rights

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Whether the menu shows this page."""
        return self.is_allowed(request, "list")

    def has_view_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        """Whether the list, or this row, may be read."""
        return self.is_allowed(request, "list" if obj is None else "read", obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Whether a row may be made, and there is a service that makes it."""
        return self.has_writer and self.is_allowed(request, "create")

    def has_change_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        """Whether a row, or this one, may be edited, and there is a service that does it."""
        return self.has_writer and self.is_allowed(request, "update", obj)

    def has_delete_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        """Whether a row, or this one, may be deleted, and there is a service that does it."""
        return type(self).delete_model is not AccessAdmin.delete_model and self.is_allowed(request, "delete", obj)

    @property
    def has_writer(self) -> bool:
        """Whether the page says by which service it writes."""
        return type(self).save_model is not AccessAdmin.save_model

    def get_queryset(self, request: HttpRequest) -> QuerySet[M]:
        """The rows that whoever asks may see."""
        rows = super().get_queryset(request)
        if self.owner_field and not self.decision(request, "list").is_for_all_rows:
            return rows.filter(**{self.owner_field: request.user.pk})
        return rows

    # Look-ups

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Only what a list filter shown on the page asks for; all else is a 400, so that no column can be probed."""
        return lookup in self.filter_parameters

    @property
    def filter_parameters(self) -> frozenset[str]:
        """Every name that the page's filters use in the query string."""
        names: set[str] = set()
        for spec in self.list_filter:
            if isinstance(spec, str):
                names.update((f"{spec}__exact", f"{spec}__isnull"))
            elif isinstance(spec, tuple):
                names.update((f"{spec[0]}__exact", f"{spec[0]}__isnull"))
            elif hasattr(spec, "parameters"):
                names.update(spec.parameters())
            else:
                names.add(str(getattr(spec, "parameter_name", "")))
        return frozenset(names)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list, under the name of what it lists."""
        title = str(self.opts.verbose_name_plural)
        context = {"title": title[:1].upper() + title[1:], "empty_hint": self.empty_hint}
        if self.live_types:
            context |= {"live_types": self.live_types, "live_cursor": read_live_cursor()}
        return super().changelist_view(request, {**context, **(extra_context or {})})

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[M], search_term: str
    ) -> tuple[QuerySet[M], bool]:
        """Rows that match what was typed; subclasses say how in `search`."""
        term = search_term.replace("\x00", "").strip()[:SEARCH_LIMIT]
        return (self.search(queryset, term) if term else queryset), False

    def search(self, queryset: QuerySet[M], term: str) -> QuerySet[M]:
        """The rows that match `term` (not empty, at most 200 characters)."""
        return super().get_search_results(HttpRequest(), queryset, term)[0]

    # Forms

    def formfield_for_dbfield(self, db_field: Field[Any, Any], request: HttpRequest, **kwargs: Any) -> Any:
        """The field without the icons that open other pages on top."""
        if db_field.name in self.get_autocomplete_fields(request):
            kind = RowsSelect if db_field.many_to_many else RowSelect
            kwargs["widget"] = kind(db_field, self.admin_site)
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget = field.widget.widget
        return field

    def get_form(self, request: HttpRequest, obj: M | None = None, change: bool = False, **kwargs: Any) -> Any:
        """The form class; after a refusal it says why."""
        form = super().get_form(request, obj, change=change, **kwargs)
        return type(form.__name__, (form,), {"refusal": getattr(request, "refusal", None), "actor": actor_of(request)})

    @method_decorator(csrf_protect)
    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The row's page, or the form; what a service refuses is rolled back and shown in it."""
        if object_id is not None and self.page_template:
            return self.show_page(request, object_id, self.page_template, partial(self.describe, request))
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except DomainError as error:
            request.refusal = error  # type: ignore[attr-defined]
            return super().changeform_view(request, object_id, form_url, extra_context)

    def describe(self, request: HttpRequest, obj: M) -> dict[str, Any]:
        """What the `page_template` shows of a row."""
        raise NotImplementedError

    @method_decorator(csrf_protect)
    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Asks, then deletes by the service. Django's own page would first load whatever hangs on the row."""
        obj = self.get_object(request, object_id) if self.has_delete_permission(request) else None
        if obj is None or not self.has_delete_permission(request, obj):
            raise PermissionDenied
        if request.method == "POST":
            return self._delete(request, obj)
        context = {**self.admin_site.each_context(request), "title": f"Delete {obj}", "opts": self.opts, "object": obj}
        return TemplateResponse(request, "admin/delete_confirmation.html", context)

    def _delete(self, request: HttpRequest, obj: M) -> HttpResponse:
        try:
            self.delete_model(request, obj)
        except DomainError as error:
            messages.error(request, error.message)
        else:
            messages.success(request, f"{obj} was deleted.")
        return HttpResponseRedirect(self.list_url())

    def save_model(self, request: HttpRequest, obj: M, form: ModelForm[M], change: bool) -> None:
        """No service, no write."""
        raise PermissionDenied

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Nothing: the one service call of `save_model` wrote it all."""

    def response_add(self, request: HttpRequest, obj: M, post_url_continue: str | None = None) -> HttpResponse:
        """Names the new row as it is: the service made it, and this object knows its key alone."""
        obj.refresh_from_db()
        return super().response_add(request, obj, post_url_continue)

    def delete_model(self, request: HttpRequest, obj: M) -> None:
        """No service, no write."""
        raise PermissionDenied

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Without Django's own deletion, which goes past the services."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def response_action(self, request: HttpRequest, queryset: QuerySet[M]) -> HttpResponse | None:  # type: ignore[override]
        """Runs an action on the rows ticked on one page; never on "everything that matches"."""
        if request.POST.get("select_across", "0") not in ("", "0"):
            messages.error(request, "Tick the rows you mean; an action works on one page at a time.")
            return HttpResponseRedirect(request.get_full_path())
        if not all(self._is_key(text) for text in request.POST.getlist(ACTION_CHECKBOX_NAME)):
            raise Http404
        return super().response_action(request, queryset)

    def _is_key(self, text: str) -> bool:
        try:
            self.opts.pk.to_python(text)
        except ValidationError:
            return False
        return len(text) < 19 or not text.isdecimal()

    def run_for_each(
        self, request: HttpRequest, queryset: QuerySet[M], work: Callable[[M], object], done: str
    ) -> HttpResponse | None:
        """Calls `work` for every row, all or none, and tells how it went. `done` holds {count}."""
        try:
            with transaction.atomic():
                rows = list(queryset)
                for row in rows:
                    work(row)
        except DomainError as error:
            messages.error(request, f"Nothing was changed. {error.message}")
        else:
            messages.success(request, done.format(count=len(rows)))
        return None

    # History: our own log, not Django's

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        """Nothing: the service wrote its event."""

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        """Nothing: the service wrote its event."""

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        """Nothing: the service wrote its event."""

    def log_key(self, obj: M) -> tuple[str, str]:
        """Under which type and id the log knows a row."""
        return str(self.opts.model_name), str(obj.pk)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What the log says of one row; for those who may read the log."""
        if not may(actor_of(request), "audit_log", "list"):
            raise PermissionDenied
        obj = self.get_object(request, object_id)
        if obj is None or not self.has_view_permission(request, obj):
            raise PermissionDenied
        kind, key = self.log_key(obj)
        events = Event.objects.filter(object_type=kind, object_id=key).order_by("-id")
        context = {
            **self.admin_site.each_context(request),
            "title": f"History: {obj}",
            "opts": self.opts,
            "object": obj,
            "events": events[:HISTORY_LIMIT],
            "limit": HISTORY_LIMIT,
        }
        return TemplateResponse(request, "admin/object_history.html", context)

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """The page, with one plain Save and a link to the history for those who may read it."""
        context.setdefault("show_save_and_add_another", False)
        context.setdefault("show_save_and_continue", False)
        context["show_history"] = may(actor_of(request), "audit_log", "list")
        return super().render_change_form(request, context, *args, **kwargs)
