"""Issues as tables: what the list shows as CSV, and CSV taken in after a look at what it would do."""

import re
import secrets
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from import_export.tmp_storages import CacheStorage
from redis.exceptions import RedisError

from incidents.admin.table_export import TableExport
from incidents.intake.issue_tables import MAX_BYTES, MAX_ROWS, WRITTEN, TableRow, read_table
from incidents.models import Issue
from incidents.services.issue_exports import export_issues
from incidents.services.issue_tables import plan_table, take_table
from tracker.access import Actor
from tracker.admin.base import actor_of
from tracker.admin.user_forms import show_refusal
from tracker.exceptions import DomainError, InvalidInput, Unavailable

TEMPLATE = "admin/incidents/issue/import.html"
MOST_SHOWN = 100


TOKEN = re.compile(r"[A-Za-z0-9_-]{32}", re.ASCII)


class TableStorage(CacheStorage):
    """A table between the look at it and the word to take it, under a name that only its sender can ask for."""

    CACHE_LIFETIME = 3600
    CACHE_PREFIX = "issue-table-"

    @classmethod
    def of_person(cls, request: HttpRequest, token: str) -> "TableStorage":
        """Where the table of whoever asks lies."""
        return cls(name=f"{request.user.pk}-{token}")

    def keep(self, data: bytes) -> None:
        """Keeps the file.

        Raises:
            Unavailable: it cannot be kept now.
        """
        try:
            self.save(zlib.compress(data))
        except RedisError:
            raise Unavailable("The table cannot be kept at present. Try again in a moment.") from None

    def fetch(self) -> bytes:
        """The file.

        Raises:
            InvalidInput: it is not kept any longer. Unavailable: nobody can tell now.
        """
        try:
            packed = self.read()
        except RedisError:
            raise Unavailable("The table cannot be read at present. Try again in a moment.") from None
        if packed is None:
            raise InvalidInput("The table was not kept any longer. Choose the file again.")
        return zlib.decompress(packed)

    def forget(self) -> None:
        """Lets go of the file; what cannot be reached goes by itself."""
        with suppress(RedisError):
            self.remove()


class TableForm(forms.Form):
    """The file."""

    file = forms.FileField(label="CSV file", widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}))


class IssueTables(TableExport[Issue]):
    """The addresses behind Import and Export of the issue list."""

    def get_urls(self) -> list[Any]:
        """Before those of one issue, which take any word."""
        return [self.page_url("import", self.import_view, of_object=False), *super().get_urls()]

    def export_rows(self, *, actor: Actor, rows: QuerySet[Issue]) -> Iterator[bytes]:
        """Issues as CSV."""
        return export_issues(actor=actor, issues=rows)

    def import_view(self, request: HttpRequest) -> HttpResponse:
        """Asks for a file, shows what it would do, and does it when told to."""
        if not (self.is_allowed(request, "create") and self.is_allowed(request, "update")):
            raise PermissionDenied
        if request.method != "POST":
            return self._ask(request, TableForm())
        if token := request.POST.get("token", ""):
            return self._take(request, token)
        form = TableForm(request.POST, request.FILES)
        if not form.is_valid():
            return self._ask(request, form)
        try:
            data = form.cleaned_data["file"].read(MAX_BYTES + 1)
            return self._preview(request, form, data, read_table(data))
        except DomainError as error:
            show_refusal(form, error)
            return self._ask(request, form)

    def _preview(self, request: HttpRequest, form: TableForm, data: bytes, rows: list[TableRow]) -> HttpResponse:
        plans = plan_table(actor=actor_of(request), rows=rows)
        counts = Counter(plan.word for plan in plans)
        # What is at fault first, then what changes; rows that change nothing are only counted.
        shown = sorted((plan for plan in plans if plan.word != "unchanged"), key=lambda plan: plan.word != "refused")
        context = {"counts": dict(counts), "plans": shown[:MOST_SHOWN], "more": max(0, len(shown) - MOST_SHOWN)}
        if not counts["refused"] and counts["new"] + counts["changed"]:
            context["token"] = token = secrets.token_urlsafe(24)
            TableStorage.of_person(request, token).keep(data)
        return self._ask(request, form, **context)

    def _take(self, request: HttpRequest, token: str) -> HttpResponse:
        # Anything that is no token of ours was never kept.
        storage = TableStorage.of_person(request, token if TOKEN.fullmatch(token) else "none")
        try:
            counts = take_table(actor=actor_of(request), rows=read_table(storage.fetch()))
        except DomainError as error:
            messages.error(request, error.message)
            return HttpResponseRedirect(request.path)
        storage.forget()
        messages.success(request, ", ".join(f"{count} {word}" for word, count in counts.items()) + ".")
        return HttpResponseRedirect(self.list_url())

    def _ask(self, request: HttpRequest, form: TableForm, **context: Any) -> HttpResponse:
        frame = {**self.admin_site.each_context(request), "title": "Import issues", "opts": self.opts, "form": form}
        facts = {"columns": WRITTEN, "max_rows": MAX_ROWS, "max_mib": MAX_BYTES // 1024**2}
        return TemplateResponse(request, TEMPLATE, {**frame, **facts, **context})
