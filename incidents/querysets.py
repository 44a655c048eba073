"""Rules about many rows at once."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce, Least

from incidents.choices import SLAState
from tracker import clock

if TYPE_CHECKING:
    from incidents.models import Ticket  # noqa: F401


class TicketQuerySet(models.QuerySet["Ticket"]):
    """Sets of tickets that people ask for."""

    def in_sla_state(self, state: SLAState) -> "TicketQuerySet":
        """Tickets whose state is `state` now; `alert` includes `breach`."""
        now = clock.now()
        if state == SLAState.BREACH:
            return self.filter(breach_at__lte=now)
        at_alert = Q(alert_at__lte=now) | Q(breach_at__lte=now)
        return self.filter(at_alert) if state == SLAState.ALERT else self.exclude(at_alert)

    def request_replay(self, *, at: datetime) -> int:
        """Asks that these be replayed at `at`, or when they were to be already, if that is earlier; their number."""
        moment = Value(at, output_field=models.DateTimeField())
        return self.update(replay_requested_at=Least(Coalesce(F("replay_requested_at"), moment), moment))
