"""What an admin does with everything that is known of one person: hand it out, and make nobody of them."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse

from tracker.admin.base import AccessAdmin, actor_of
from tracker.admin.downloads import hand_out_archive
from tracker.admin.user_forms import AnonymiseForm, show_refusal
from tracker.exceptions import DomainError
from tracker.models import User
from tracker.services.anonymising import ask_to_anonymise, names_of
from tracker.services.personal_exports import make_archive


class PersonalDataPages(AccessAdmin[User]):
    """The part of a person's page that is about their data."""

    def get_urls(self) -> list[Any]:
        """With addresses to anonymise and to hand out data."""
        anonymise, data = self.page_url("anonymise", self.anonymise_view), self.page_url("data", self.data_view)
        return [anonymise, data, *super().get_urls()]

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Nobody makes somebody of who is nobody."""
        is_somebody = obj is None or obj.anonymise_asked_at is None
        return is_somebody and super().has_change_permission(request, obj)

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """With the ways there, for those who may."""
        row = context.get("original")
        is_other = row is not None and row.pk != request.user.pk and row.anonymise_asked_at is None
        context["may_anonymise"] = is_other and self.decision(request, "transition").is_for_all_rows
        context["may_export"] = row is not None and self.decision(request, "export").is_for_all_rows
        return super().render_change_form(request, context, *args, **kwargs)

    def anonymise_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Makes a person nobody, for admins who typed whom they mean: there is no way back."""
        if not self.decision(request, "transition").is_for_all_rows:
            raise PermissionDenied
        user = self.get_object(request, object_id)
        if user is None:
            raise PermissionDenied
        form = AnonymiseForm(request.POST or None, address=user.email, names=names_of(user))
        if request.method == "POST" and form.is_valid():
            try:
                kept = form.cleaned_data.get("keep_names", ())
                ask_to_anonymise(actor=actor_of(request), user=user, keep_names=kept)
            except DomainError as error:
                show_refusal(form, error)
            else:
                messages.success(request, "They are shut out. Whatever names them is being taken out.")
                return HttpResponseRedirect(self.object_url(user))
        context = {
            **self.admin_site.each_context(request),
            "title": f"Anonymise {user.email}?",
            "opts": self.opts,
            "original": user,
            "form": form,
        }
        return TemplateResponse(request, "admin/tracker/user/anonymise.html", context)

    def data_view(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """What is known of somebody, as an archive; one's own is on a page for everybody."""
        user = self.take_posted(request, object_id, "export")
        if isinstance(user, HttpResponse):
            return user
        try:
            return hand_out_archive(make_archive(actor=actor_of(request), user=user), user)
        except DomainError as error:
            messages.error(request, error.message)
            return HttpResponseRedirect(self.object_url(user))
