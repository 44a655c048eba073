"""Tickets of every sort for trials: paused, reopened, closed, told late; and policies to try on them."""

import random
from dataclasses import replace

from incidents.sla.calendars import DAYS, CalendarSpec
from incidents.sla.documents import RuleSpec, SLADocument, default_document
from incidents.sla.policies import Step
from incidents.testing.ticket_events import ingest, make_event

STATUSES = ("new", "new", "active", "waiting", "active", "resolved", "active", "waiting")
OFFICE = CalendarSpec("office", "Europe/Berlin", {day: [("09:00", "12:30"), ("13:30", "17:00")] for day in DAYS[:5]})


def ingest_courses(count: int, *, seed: int) -> None:
    """`count` tickets of a few hours, with one to five events each, some still open."""
    dice = random.Random(seed)
    events = []
    for number in range(count):
        words = {"customer_tier": dice.choice(["gold", "iron"]), "priority": dice.choice(["high", "low"])}
        minutes = dice.randrange(200)
        for _ in range(dice.randint(1, 5)):
            events.append(make_event(f"T-{number}", dice.choice(STATUSES), minutes, **words))
            minutes += dice.randrange(1, 90)
            if dice.random() < 0.2:
                words["priority"] = "medium"
    ingest(*events)


def promise(response: int | None, resolution: int | None, **changes: object) -> SLADocument:
    """Round the clock for everybody."""
    document = SLADocument(
        rules=(RuleSpec("*", "*", response, resolution),),
        calendars=default_document().calendars,
        steps=(Step(85, "alert", 1), Step(100, "breach", 2)),
    )
    return replace(document, **changes)  # type: ignore[arg-type]


def mixed_policy() -> SLADocument:
    """Stricter for some, looser for others, in office hours for a third, and nothing for the rest."""
    rules = (
        RuleSpec("gold", "high", 20, 120, position=0),
        RuleSpec("gold", "*", 90, 900, pauses_when_waiting=False, position=1),
        RuleSpec("iron", "low", 60, 300, "office", position=2),
        RuleSpec("iron", "medium", None, 500, position=3),
    )
    calendars = {**default_document().calendars, "office": OFFICE}
    return promise(1, 1, rules=rules, calendars=calendars, steps=(Step(70, "alert", 1), Step(100, "breach", 2)))
