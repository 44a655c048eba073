"""What people type about themselves on the pages that are for everybody."""

from zoneinfo import available_timezones

from django import forms

from tracker.admin.user_forms import FULL, NewPasswordForm
from tracker.services.passwords import LONGEST_PASSWORD


def _list_timezones() -> list[tuple[str, str]]:
    return [(name, name.replace("_", " ")) for name in sorted(available_timezones())]


class PersonLoginForm(forms.Form):
    """E-mail and password."""

    email = forms.CharField(
        label="E-mail", max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True})
    )
    password = forms.CharField(
        max_length=LONGEST_PASSWORD,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class RegisterForm(NewPasswordForm):
    """Who somebody says they are."""

    email = forms.CharField(label="E-mail", max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email"}))
    full_name = forms.CharField(
        label="Name", max_length=150, required=False, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    password = forms.CharField(
        strip=False, widget=forms.PasswordInput(attrs=FULL), help_text="At least 10 characters, not a common one."
    )
    field_order = ("email", "full_name", "password", "repeated")


class OwnProfileForm(forms.Form):
    """What everybody may change of themselves."""

    full_name = forms.CharField(
        label="Name", max_length=150, required=False, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    timezone = forms.ChoiceField(label="Time zone", choices=_list_timezones, help_text="Times are shown in it.")
