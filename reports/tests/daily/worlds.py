"""A small company for daily figures: what people and senders do there, by chance, on the application's clock."""

import random
from datetime import datetime, timedelta
from typing import Any

from incidents.choices import Severity
from incidents.intake.tickets import ingest_rows
from incidents.models import Incident, Issue
from incidents.services.alerts import sweep_due_clocks
from incidents.services.incident_moves import move_incident
from incidents.services.incidents import update_incident
from incidents.services.issue_moves import move_issue
from incidents.services.issues import create_issue, update_issue
from incidents.services.steps import next_status
from incidents.testing.incident_factories import make_incident
from tracker import clock
from tracker.access import Actor
from tracker.testing.factories import make_project, make_user

SYSTEM = Actor.system("test")
STATUSES = ("new", "open", "in progress", "Waiting", "resolved", "closed", "Reopened")
PRIORITIES = ("high", "low", "urgent", "other")


class World:
    """Each thing done is one call of a service at the moment that the clock shows."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.projects = [make_project(key=key) for key in ("OPS", "DEV", "LAB")]
        self.people = [make_user(), None]
        self.tickets: dict[str, datetime] = {}

    def live(self, first: datetime, last: datetime, times: int) -> None:
        """So many things happen between two moments."""
        for moment in sorted(first + (last - first) * self.chance.random() for _ in range(times)):
            with clock.moved(to=moment):
                self.act()

    def act(self) -> None:
        """One thing happens now."""
        acts = (self._new_issue, self._change_issue, self._new_incident, self._change_incident, self._tell, self._tell)
        self.chance.choice(acts)()

    def _pick(self, rows: Any) -> Any:
        found = list(rows.order_by("id"))
        return self.chance.choice(found) if found else None

    def _new_issue(self) -> None:
        values = {"title": "Something is broken", "severity": self.chance.choice(Severity.values)}
        create_issue(actor=SYSTEM, values=values, project=self._project())

    def _new_incident(self) -> None:
        project = self.chance.choice([None, *self.projects])
        make_incident(actor=SYSTEM, project=project, severity=self.chance.choice(Severity.values))

    def _change_issue(self) -> None:
        if (issue := self._pick(Issue.objects.select_related("project"))) is None:
            return
        if self.chance.random() < 0.6:
            status = "OPEN" if issue.status == "DONE" else next_status(issue.status)
            move_issue(actor=SYSTEM, issue=issue, status=status)
        else:
            update_issue(actor=SYSTEM, issue=issue, changes={**self._changes(), "project": self._project()})

    def _change_incident(self) -> None:
        if (incident := self._pick(Incident.objects.all())) is None:
            return
        if self.chance.random() < 0.6:
            status = "OPEN" if incident.status == "DONE" else next_status(incident.status)
            move_incident(actor=SYSTEM, incident=incident, status=status)
        else:
            update_incident(actor=SYSTEM, incident=incident, changes={**self._changes(), "project": self._project()})

    def _project(self) -> Any:
        return self.chance.choice(self.projects)

    def _changes(self) -> dict[str, Any]:
        return {"severity": self.chance.choice(Severity.values), "assignee": self.chance.choice(self.people)}

    def _tell(self) -> None:
        """A sender says something, now and then about the past."""
        name = f"T-{self.chance.randrange(len(self.tickets) + 2)}"
        created = self.tickets.setdefault(name, clock.now() - self.chance.choice([timedelta(), timedelta(minutes=3)]))
        self.tell(name, created, clock.now())
        sweep_due_clocks()

    def tell(self, name: str, created_at: datetime, at: datetime) -> None:
        """One event of a ticket, dated `at`."""
        event = {
            "id": name,
            "created_at": created_at,
            "updated_at": at,
            "status": self.chance.choice(STATUSES),
            "priority": self.chance.choice(PRIORITIES),
            "customer_tier": "gold",
            "project": self.chance.choice(["", "OPS", "DEV"]),
            "sequence": self.chance.choice([None, 0, 1]),
        }
        ingest_rows(actor=SYSTEM, rows=[{key: value for key, value in event.items() if value is not None}])
