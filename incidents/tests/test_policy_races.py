"""Publishing while others publish, send and replay."""

from functools import partial

import pytest

from incidents.models import Clock, PolicyVersion, Ticket, TicketStatus
from incidents.services.policies import current_book
from incidents.services.policy_versions import ensure_default_policy, publish_version
from incidents.services.replays import replay_requested
from incidents.services.statuses import recategorise_status
from incidents.services.tickets import change_ticket
from incidents.sla.documents import ALWAYS, ALWAYS_SPEC, RuleSpec, SLADocument
from incidents.sla.policies import Step
from incidents.testing.parallel import run_at_once
from incidents.testing.ticket_events import SYSTEM, ingest, make_event
from tracker.models import Event

pytestmark = pytest.mark.django_db(transaction=True)


def promise(minutes: int) -> SLADocument:
    return SLADocument(
        rules=(RuleSpec("*", "*", minutes, minutes),), calendars={ALWAYS: ALWAYS_SPEC}, steps=(Step(100, "breach"),)
    )


def test_the_first_policy_is_made_once_by_whoever_comes_first():
    works = [
        current_book,
        ensure_default_policy,
        partial(ingest, make_event("T-1")),
        partial(ingest, make_event("T-2")),
    ]
    assert run_at_once(works * 2) == []
    assert PolicyVersion.objects.count() == 1
    assert PolicyVersion.objects.get().rules.count() == 13
    assert Event.objects.filter(verb="policy.published").count() == 1


def test_versions_published_at_once_stand_one_after_the_other():
    current_book()
    assert run_at_once([partial(publish_version, actor=SYSTEM, document=promise(n)) for n in range(1, 9)]) == []
    assert list(PolicyVersion.objects.order_by("number").values_list("number", flat=True)) == list(range(1, 10))
    moments = list(PolicyVersion.objects.order_by("number").values_list("effective_at", flat=True))
    assert moments == sorted(moments)


def test_no_ticket_that_is_sent_meanwhile_is_left_behind_by_the_old_policy():
    current_book()

    def send(sender: int) -> None:
        for number in range(15):
            ingest(*(make_event(f"T-{sender}-{number}-{n}") for n in range(10)))

    def publish() -> None:
        for minutes in range(1, 6):
            publish_version(actor=SYSTEM, document=promise(minutes), applies_to="rebase")
            replay_requested(batch_size=20)

    works = [partial(send, 1), partial(send, 2), publish, replay_requested]
    assert run_at_once(works) == []
    replay_requested()
    assert Ticket.objects.count() == 300
    assert set(Clock.objects.values_list("target_minutes", "policy__number")) == {(5, 6)}
    assert not Ticket.objects.filter(replay_requested_at__isnull=False).exists()


def test_changing_a_ticket_replaying_and_publishing_never_deadlock():
    ingest(*(make_event(f"T-{n}", "Parked") for n in range(5)))
    ticket = Ticket.objects.get(external_id="T-3")
    parked = TicketStatus.objects.get(key="parked")

    def change() -> None:
        for number in range(15):
            change_ticket(actor=SYSTEM, ticket=ticket, title=f"Title {number}")

    def publish() -> None:
        for number in range(15):
            publish_version(actor=SYSTEM, document=promise(number + 1), applies_to="open")

    def categorise() -> None:
        for category in ("waiting", "active") * 5:
            recategorise_status(actor=SYSTEM, status=parked, category=category)

    def replay() -> None:
        for _ in range(15):
            replay_requested(batch_size=2)

    assert run_at_once([change, publish, categorise, replay]) == []
    replay_requested()
    assert Ticket.objects.get(external_id="T-3").title == "Title 14"
    assert set(Clock.objects.filter(kind="resolution").values_list("policy__number", flat=True)) == {16}
