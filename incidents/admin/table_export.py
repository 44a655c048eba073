"""What a list shows, as CSV."""

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse

from tracker.access import Actor
from tracker.admin.base import AccessAdmin, M, actor_of

MAX_EXPORTED = 100_000


class TableExport(AccessAdmin[M]):
    """The address behind Export of a list. Subclasses say by which service."""

    def get_urls(self) -> list[Any]:
        """Before those of one row, which take any word."""
        return [self.page_url("export", self.export_view, of_object=False), *super().get_urls()]

    def export_rows(self, *, actor: Actor, rows: "QuerySet[M]") -> Iterator[bytes]:
        """The rows as CSV, in pieces."""
        raise NotImplementedError

    def export_view(self, request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
        """What the list shows under the same filters, as CSV, in pieces."""
        if request.method != "GET" or not self.is_allowed(request, "export"):
            raise PermissionDenied
        try:
            found = self.get_changelist_instance(request).queryset
        except IncorrectLookupParameters:
            return HttpResponseRedirect(self.list_url())
        rows, nouns = found.select_related(None).prefetch_related(None), str(self.opts.verbose_name_plural)
        if rows.order_by().values("pk")[: MAX_EXPORTED + 1].count() > MAX_EXPORTED:
            messages.error(request, f"Up to {MAX_EXPORTED:,} {nouns} go into one file; narrow the list by a filter.")
            return HttpResponseRedirect(f"{self.list_url()}?{request.GET.urlencode()}")
        headers = {"Content-Disposition": f'attachment; filename="{nouns}.csv"'}
        pieces = self.export_rows(actor=actor_of(request), rows=rows)
        return StreamingHttpResponse(pieces, content_type="text/csv; charset=utf-8", headers=headers)
