"""Planning reports among the periodic tasks: the kind first, then its parameters, recipients and times as fields."""

from collections.abc import Mapping
from typing import Any

from django import forms

from reports.admin.parameter_forms import PREFIX, make_parameter_form
from reports.exports.documents import DOCUMENT_FORMATS
from reports.kinds import KINDS
from reports.services.report_schedules import GENERATE_REPORT, MAX_RECIPIENTS, read_order
from reports.services.reports import may_ask_for
from tracker.access import Actor
from tracker.admin.schedule_arguments import Choice, Question, declare_arguments
from tracker.exceptions import FieldError, InvalidInput
from tracker.models import User

KIND = "kind"
MAX_CHARACTERS = 10_000
NO_FILE = ("", "None: the letter has charts and tables")


class ReportArguments:
    """How the task that makes and sends reports is asked about."""

    def find_question(self, chosen: Mapping[str, str]) -> Question | None:
        """Which kind."""
        if chosen.get(KIND) in KINDS:
            return None
        kinds = [Choice(kind.key, kind.label, kind.description) for kind in KINDS.values()]
        return Question(KIND, "Which report is to be sent?", kinds)

    def make_fields(
        self, chosen: Mapping[str, str], kwargs: Mapping[str, Any], *, actor: Actor
    ) -> dict[str, forms.Field]:
        """The kind's parameters, who gets it, and as what file."""
        kind = KINDS.get(chosen.get(KIND, ""))
        if kind is None:
            return {}
        form = make_parameter_form(kind, actor=actor, values=kwargs.get("parameters"))
        recipients = forms.CharField(
            max_length=MAX_CHARACTERS,
            initial="\n".join(kwargs.get("recipients") or ([actor.user.email] if actor.user else [])),
            widget=forms.Textarea(attrs={"rows": 3}),
            help_text=f"E-mail addresses of people who log in here, one a line, up to {MAX_RECIPIENTS}. "
            "Each gets a report of what they may see themselves.",
        )
        file_format = forms.ChoiceField(
            label="File",
            required=False,
            initial=kwargs.get("format") or "",
            choices=[NO_FILE, *((one.value, one.label) for one in DOCUMENT_FORMATS)],
            help_text="What comes with the letter. Raw rows always come as their own file.",
        )
        return {**form.base_fields, "recipients": recipients, "format": file_format}

    def read(self, chosen: Mapping[str, str], values: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments; people who get nothing are refused here, where somebody can mend it."""
        parameters = {
            name.removeprefix(PREFIX): value
            for name, value in values.items()
            if name.startswith(PREFIX) and value not in ("", None, [])
        }
        kwargs = {
            "kind": chosen.get(KIND, ""),
            "parameters": parameters,
            "recipients": str(values.get("recipients") or "").replace(",", "\n").split(),
            "format": values.get("format") or "",
        }
        order = read_order(kwargs)
        _check_people(order.kind, order.recipients)
        return {**kwargs, "recipients": list(order.recipients)}

    def read_chosen(self, kwargs: Mapping[str, Any]) -> dict[str, str]:
        """The kind."""
        return {KIND: str(kwargs.get(KIND, ""))}

    def name(self, chosen: Mapping[str, str]) -> str:
        """The kind in words."""
        kind = KINDS.get(chosen.get(KIND, ""))
        return f"Send by e-mail: {kind.label}" if kind is not None else "Send a report by e-mail"

    def describe(self, kwargs: Mapping[str, Any]) -> str:
        """ "Lead times, by e-mail to a@example.com and 2 more"."""
        kind, recipients = KINDS.get(str(kwargs.get(KIND))), kwargs.get("recipients") or ["nobody"]
        more = f" and {len(recipients) - 1} more" if len(recipients) > 1 else ""
        return f"{kind.label if kind else kwargs.get(KIND)}, by e-mail to {recipients[0]}{more}"


def _check_people(kind: str, addresses: Any) -> None:
    people = {person.email.lower(): person for person in User.objects.filter(email__in=addresses, is_active=True)}
    faults = []
    for place, address in enumerate(addresses):
        person = people.get(address)
        if person is None:
            faults.append(FieldError("recipients", f"Nobody active has the address {address}.", place))
        elif not may_ask_for(Actor.of_user(person), KINDS[kind]):
            faults.append(FieldError("recipients", f"{address} may not see such a report.", place))
    if faults:
        raise InvalidInput("Not everybody can get it.", details=faults)


declare_arguments(GENERATE_REPORT, ReportArguments())
