"""What people type about people."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib.admin.forms import AdminAuthenticationForm

from tracker.admin.base import AccessForm
from tracker.admin.formats import write_span
from tracker.choices import Role
from tracker.exceptions import DomainError
from tracker.models import User
from tracker.models.users import normalise_email
from tracker.services.second_factors import has_second_factor

FULL = {"autocomplete": "new-password"}


class LoginForm(AdminAuthenticationForm):
    """The login, which says so where somebody has tried too often."""

    def get_invalid_login_error(self) -> forms.ValidationError:
        """Wrong, or too often; never which of the two fields."""
        seconds = getattr(self.request, "login_retry_after_seconds", None)
        if seconds is None:
            return super().get_invalid_login_error()
        return forms.ValidationError(f"Too many attempts. Try again in {write_span(seconds)}.", code="throttled")

    def confirm_login_allowed(self, user: Any) -> None:
        """Staff only; whoever has a second factor is not logged in here, but remembered on the request."""
        super().confirm_login_allowed(user)
        if has_second_factor(user):
            self.request.waits_for_code_of = user  # type: ignore[union-attr]
            raise forms.ValidationError("A code is needed as well.", code="second_step")


class UserForm(AccessForm):
    """Profile, role and activity."""

    class Meta:
        model = User
        fields = ("email", "full_name", "timezone", "role", "is_active")

    def _post_clean(self) -> None:
        """Nothing: the service checks what a person may be, and the row stays as it is until then."""


class ProfileForm(forms.ModelForm[User]):
    """What everybody may change of themselves."""

    class Meta:
        model = User
        fields = ("full_name", "timezone")
        help_texts = {"timezone": "Such as Europe/Berlin."}

    def _post_clean(self) -> None:
        """Nothing: the service checks what a person may be, and the reader's own row stays as it is until then."""


class NewUserForm(AccessForm):
    """A new person."""

    email = forms.EmailField(label="E-mail", widget=forms.EmailInput(attrs={"class": "vTextField"}))
    role = forms.ChoiceField(choices=Role.choices, initial=Role.MAINTAINER)
    timezone = forms.CharField(max_length=64, initial="UTC", help_text="Such as Europe/Berlin.")
    password = forms.CharField(
        required=False, strip=False, widget=forms.PasswordInput(attrs=FULL),
        help_text="At least 10 characters. Empty: nobody can log in as them until one is set.",
    )  # fmt: skip

    class Meta:
        model = User
        fields = ("email", "full_name", "role", "timezone")

    def _post_clean(self) -> None:
        """Nothing: the service checks what a person may be."""


# What services call otherwise than the forms do.
FORM_NAMES = {"new_password": "password"}


class NewPasswordForm(forms.Form):
    """A password, twice."""

    password = forms.CharField(label="New password", strip=False, widget=forms.PasswordInput(attrs=FULL))
    repeated = forms.CharField(label="Once more", strip=False, widget=forms.PasswordInput(attrs=FULL))

    def clean(self) -> dict[str, Any]:
        """The same twice."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if "repeated" in cleaned and cleaned.get("password") != cleaned["repeated"]:
            self.add_error("repeated", "The two are not the same.")
        return cleaned


class AnonymiseForm(forms.Form):
    """Whom one means, typed in full, because there is no way back."""

    address = forms.CharField(
        label="Their e-mail address", help_text="Type it to say that you mean them.", max_length=254,
        widget=forms.TextInput(attrs={"autocomplete": "off", "class": "vTextField"}),
    )  # fmt: skip

    keep_names = forms.MultipleChoiceField(
        label="Leave in texts", required=False, widget=forms.CheckboxSelectMultiple,
        help_text="They chose these names themselves, and each is taken out of what anybody wrote. Tick what means"
        " something else there, or somebody else.",
    )  # fmt: skip

    def __init__(self, data: Any = None, *, address: str, names: Sequence[str]) -> None:
        super().__init__(data)
        self._address = address
        self.fields["keep_names"].choices = [(name, name) for name in names]  # type: ignore[attr-defined]
        if not names:
            del self.fields["keep_names"]

    def clean_address(self) -> str:
        """The address that is there."""
        typed = str(self.cleaned_data["address"])
        if normalise_email(typed) != self._address:
            raise forms.ValidationError("This is not their address.")
        return typed


class OwnPasswordForm(NewPasswordForm):
    """One's own password, with the present one."""

    current = forms.CharField(
        label="Present password", strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )
    field_order = ("current", "password", "repeated")


class CodeForm(forms.Form):
    """A code of the app, or a recovery code."""

    code = forms.CharField(
        max_length=40, widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "autofocus": True})
    )


class EnrolForm(CodeForm):
    """The first code of the app, and one's password where there is one: a session that was left open is not enough."""

    current = forms.CharField(
        label="Present password", strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )

    def __init__(self, data: Any = None, *, asks_password: bool) -> None:
        super().__init__(data)
        if not asks_password:
            del self.fields["current"]


def show_refusal(form: forms.BaseForm, error: DomainError) -> None:
    """Puts what a service refused beside the field."""
    for detail in error.details:
        name = FORM_NAMES.get(detail.field, detail.field)
        form.add_error(name if name in form.fields else None, detail.message)
    if not error.details:
        form.add_error("current" if error.status == 401 and "current" in form.fields else None, error.message)
