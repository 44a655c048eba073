"""People and their roles. Groups, permissions and the superuser flag are on no form: the role decides."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString

from tracker.access import writable_fields
from tracker.admin.base import actor_of
from tracker.admin.formats import render_badge, write_moment
from tracker.admin.personal_pages import PersonalDataPages
from tracker.admin.user_forms import NewPasswordForm, NewUserForm, UserForm, show_refusal
from tracker.exceptions import Conflict, DomainError
from tracker.models import User
from tracker.models.users import normalise_email
from tracker.services.deletions import delete_user
from tracker.services.second_factors import has_second_factor, remove_second_factor
from tracker.services.users import change_password, create_user, update_user

FIELDS = ("email", "full_name", "timezone", "role", "is_active")


@admin.register(User)
class UserAdmin(PersonalDataPages):
    """Who may log in, and as what."""

    resource = "users"
    menu = ("People", 1)
    form = UserForm
    list_display = ("email", "full_name", "role", "state_cell", "login_cell")
    list_filter = ("role", "is_active")
    search_fields = ("email",)
    search_help_text = "Start of the e-mail address or of the name"
    readonly_fields = ("created_cell", "login_cell", "state_cell")
    ordering = ("email",)
    change_form_template = "admin/tracker/user/form.html"

    def get_urls(self) -> list[Any]:
        """With addresses to set a password and to remove a second factor."""
        password = self.page_url("password", self.password_view)
        factor = self.page_url("second-factor", self.second_factor_view)
        return [password, factor, *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Without the password's hash, which no page has a use for."""
        return super().get_queryset(request).defer("password")

    def search(self, queryset: QuerySet[User], term: str) -> QuerySet[User]:
        """By the start of address or name."""
        return queryset.filter(Q(email__startswith=normalise_email(term)) | Q(full_name__istartswith=term))

    def get_form(self, request: HttpRequest, obj: User | None = None, change: bool = False, **kwargs: Any) -> Any:
        """A form of its own for a new person."""
        if obj is None:
            kwargs["form"] = NewUserForm
        return super().get_form(request, obj, change=change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        """What the table lets this reader write, and a few facts."""
        if obj is None:
            return [(None, {"fields": ("email", "full_name", "role", "timezone", "password")})]
        state = ("state_cell",) if obj.anonymise_asked_at is not None else ()
        return [(None, {"fields": (*FIELDS, *state, "created_cell", "login_cell")})]

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """People may change little about themselves, and only admins anything about others."""
        shown = ("created_cell", "login_cell", "state_cell")
        if obj is None or self.decision(request, "update").is_for_all_rows:
            return shown
        return (*shown, *(name for name in FIELDS if name not in writable_fields("users.self")))

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Writes through the services, by the fields that the table names."""
        values, actor = form.cleaned_data, actor_of(request)
        if not change:
            user = create_user(
                actor=actor,
                email=values["email"],
                full_name=values["full_name"],
                role=values["role"],
                timezone=values["timezone"],
                password=values["password"] or None,
            )
            obj.pk = user.pk
            return
        may_all = self.decision(request, "update").is_for_all_rows
        allowed = writable_fields("users.adm" if may_all else "users.self")
        update_user(
            actor=actor, user=obj, changes={name: values[name] for name in FIELDS if name in values and name in allowed}
        )

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Admins, and nobody themselves."""
        return super().has_delete_permission(request, obj) and (obj is None or obj.pk != request.user.pk)

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        """Through the service, which refuses where something refers to them."""
        delete_user(actor=actor_of(request), user=obj)

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """With a way to set a password for those who may."""
        row = context.get("original")
        may_all = self.decision(request, "update").is_for_all_rows
        context["may_set_password"] = row is not None and row.anonymise_asked_at is None and may_all
        context["may_remove_factor"] = (
            row is not None and may_all and row.pk != request.user.pk and has_second_factor(row)
        )
        return super().render_change_form(request, context, *args, **kwargs)

    def password_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Sets somebody's password, for admins; everything that was handed out with the old one ends."""
        if not self.decision(request, "update").is_for_all_rows:
            raise PermissionDenied
        user = self.get_object(request, object_id)
        if user is None:
            raise PermissionDenied
        form = NewPasswordForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                change_password(actor=actor_of(request), user=user, new_password=form.cleaned_data["password"])
            except DomainError as error:
                show_refusal(form, error)
            else:
                messages.success(request, f"{user.email} has a new password; sessions and tokens of the old one ended.")
                return HttpResponseRedirect(self.object_url(user))
        context = {
            **self.admin_site.each_context(request),
            "title": f"Set a password for {user.email}",
            "opts": self.opts,
            "original": user,
            "form": form,
        }
        return TemplateResponse(request, "admin/tracker/user/password.html", context)

    def second_factor_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Removes the second factor of somebody who lost it; one's own takes a code, on its own page."""
        if not self.decision(request, "update").is_for_all_rows:
            raise PermissionDenied

        def remove(user: User) -> None:
            if user.pk == request.user.pk:
                raise Conflict("Remove your own with a code, on the page of your second factor.")
            remove_second_factor(actor=actor_of(request), user=user)

        return self.run_for_one(request, object_id, "update", remove, "Their password alone lets them in now.")

    @admin.display(description="state")
    def state_cell(self, user: User) -> SafeString:
        """Whether they may log in."""
        if user.anonymise_asked_at is not None:
            return render_badge("Anonymised" if user.anonymised_at else "Being anonymised", "quiet")
        if user.is_active and user.is_unconfirmed:
            return render_badge("Not confirmed", "quiet")
        return render_badge("Active", "ok") if user.is_active else render_badge("Deactivated", "quiet")

    @admin.display(description="last login")
    def login_cell(self, user: User) -> str:
        """When they last logged in."""
        return write_moment(user.last_login) if user.last_login else "never"

    @admin.display(description="created")
    def created_cell(self, user: User) -> str:
        """Since when they are here."""
        return write_moment(user.created_at)
