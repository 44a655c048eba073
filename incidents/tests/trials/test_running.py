"""Trials being worked out: in slices, under a lease, and published only where they still say something."""

from datetime import timedelta

import pytest
from django.test import override_settings

from incidents.models import PolicyTrial, PolicyVersion
from incidents.services import policy_trial_runs, trial_work
from incidents.services.policy_trial_runs import run_waiting_trials
from incidents.services.policy_trials import (
    MOST_UNFINISHED,
    apply_trial,
    delete_trial,
    request_calendar_trial,
    request_policy_trial,
    request_trial,
    visible_trials,
)
from incidents.services.policy_versions import publish_version, withdraw_version
from incidents.sla.documents import RuleSpec
from incidents.sla.policies import Step
from incidents.testing.ticket_events import SYSTEM, at
from incidents.tests.trials.courses import OFFICE, ingest_courses, mixed_policy, promise
from tracker import clock
from tracker.access import Actor
from tracker.choices import Role
from tracker.exceptions import Conflict, InvalidInput, PermissionDenied
from tracker.testing.factories import make_user

pytestmark = pytest.mark.django_db
NOW = at(600)


def ready_trial(**options) -> PolicyTrial:
    trial = request_trial(actor=SYSTEM, document=options.pop("document", None) or promise(10, 100), **options)
    run_waiting_trials()
    trial.refresh_from_db()
    return trial


def test_in_slices_it_comes_to_the_same_and_tells_how_far_it_is(move_clock, monkeypatch):
    move_clock(to=NOW)
    ingest_courses(60, seed=1)
    whole = ready_trial(document=mixed_policy())
    monkeypatch.setattr(trial_work, "KEYS_AT_ONCE", 7)
    sliced = request_trial(actor=SYSTEM, document=mixed_policy())
    seen = []
    while not run_waiting_trials(max_seconds=0):
        sliced.refresh_from_db()
        assert (sliced.state, sliced.lease) == ("running", None)
        seen.append(sliced.progress_done)
    sliced.refresh_from_db()
    assert sliced.result == whole.result
    assert (sliced.progress_done, sliced.progress_total, sliced.work) == (60, 60, None)
    assert len(seen) > 5
    assert seen == sorted(seen)


def test_what_a_dead_worker_had_done_is_gone_on_with_and_a_trial_that_kills_them_all_is_given_up(move_clock):
    move_clock(to=NOW)
    trial = request_trial(actor=SYSTEM, document=promise(10, 100))
    for _ in range(3):
        assert policy_trial_runs._claim() is not None
        assert run_waiting_trials() == 0, "somebody holds it"
        move_clock(to=clock.now() + timedelta(seconds=61))
    assert run_waiting_trials() == 1
    trial.refresh_from_db()
    assert (trial.state, trial.error) == ("failed", policy_trial_runs.NOBODY_CAME_BACK)


def test_whoever_took_too_long_changes_nothing_any_more(move_clock, monkeypatch):
    move_clock(to=NOW)
    ingest_courses(10, seed=1)
    trial = request_trial(actor=SYSTEM, document=promise(10, 100))
    real = policy_trial_runs.work_on

    def be_overtaken(work, books):
        PolicyTrial.objects.update(lease="00000000-0000-0000-0000-000000000000")
        return real(work, books)

    monkeypatch.setattr(policy_trial_runs, "work_on", be_overtaken)
    assert run_waiting_trials() == 0
    trial.refresh_from_db()
    assert (trial.state, trial.result, trial.work) == ("running", None, None)


def test_a_fault_ends_it_with_a_reason_and_the_next_one_is_worked_out(move_clock, monkeypatch):
    move_clock(to=NOW)
    broken, sound = (request_trial(actor=SYSTEM, document=promise(10, 100)) for _ in range(2))
    PolicyTrial.objects.filter(pk=broken.pk).update(document={"rules": [], "calendars": [], "steps": [{}]})
    assert run_waiting_trials() == 2
    broken.refresh_from_db()
    sound.refresh_from_db()
    assert broken.state == "failed"
    assert "Internal error" in broken.error
    assert sound.state == "ready"
    with pytest.raises(Conflict, match="failed"):
        apply_trial(actor=SYSTEM, trial=broken, applies_to="open")


def test_publishing_it_makes_the_version_that_was_tried_once(move_clock):
    move_clock(to=NOW)
    trial = ready_trial(note="Faster")
    version = apply_trial(actor=SYSTEM, trial=trial, applies_to="rebase")
    assert (version.number, version.applies_to, version.note) == (2, "rebase", "Faster")
    assert version.rules.get().response_minutes == 10
    with pytest.raises(Conflict, match="version 2"):
        apply_trial(actor=SYSTEM, trial=trial, applies_to="open")
    assert PolicyVersion.objects.count() == 2


def test_it_is_not_published_once_the_policy_has_changed_and_again_when_that_is_taken_back(move_clock):
    move_clock(to=NOW)
    trial = ready_trial()
    other = publish_version(actor=SYSTEM, document=promise(1, 2), effective_at=NOW + timedelta(days=1))
    waiting = request_trial(actor=SYSTEM, document=promise(3, 4))
    with pytest.raises(Conflict, match="has changed since"):
        apply_trial(actor=SYSTEM, trial=trial, applies_to="open")
    withdraw_version(actor=SYSTEM, version=other)
    run_waiting_trials()
    waiting.refresh_from_db()
    assert (waiting.state, waiting.error) == ("failed", policy_trial_runs.POLICY_CHANGED)
    planned = apply_trial(actor=SYSTEM, trial=trial, applies_to="open")
    assert planned.number == 2


def test_while_a_file_owns_the_policy_one_may_try_but_not_publish(move_clock):
    move_clock(to=NOW)
    with override_settings(SLA_CONFIG_PATH="/etc/tracker/sla.yaml"):
        trial = ready_trial()
        with pytest.raises(Conflict, match=r"sla\.yaml"):
            apply_trial(actor=SYSTEM, trial=trial, applies_to="open")


def test_a_calendar_alone_is_tried_within_the_policy_in_force(move_clock):
    move_clock(to=NOW)
    rules = (RuleSpec("gold", "*", 30, 300, "office"), RuleSpec("*", "*", 60, 600, position=1))
    document = promise(1, 1, rules=rules, calendars={**promise(1, 1).calendars, "office": OFFICE})
    publish_version(actor=SYSTEM, document=document)
    trial = request_calendar_trial(actor=SYSTEM, calendars={"office": {"hours": {"mon": [["08:00", "20:00"]]}}})
    trial.refresh_from_db()
    assert trial.calendar == "office"
    assert [rule["calendar"] for rule in trial.document["rules"]] == ["office", "always"]
    assert [spec["hours"] for spec in trial.document["calendars"] if spec["name"] == "office"] == [
        {"mon": [["08:00", "20:00"]]}
    ]
    with pytest.raises(InvalidInput, match="No rule counts by"):
        request_calendar_trial(actor=SYSTEM, calendars={"night": {"hours": {"mon": [["00:00", "06:00"]]}}})
    with pytest.raises(InvalidInput) as caught:
        request_calendar_trial(actor=SYSTEM, calendars={"office": {"hours": {}}})
    assert caught.value.details[0].field.startswith("calendars.office.hours")


def test_what_is_wrong_is_said_before_anything_is_worked_out():
    with pytest.raises(InvalidInput) as caught:
        request_trial(actor=SYSTEM, document=promise(0, 100, steps=(Step(100, "breach"),)))
    assert [fault.field for fault in caught.value.details] == ["rules[0].response_minutes"]
    with pytest.raises(InvalidInput, match="1 to 366"):
        request_trial(actor=SYSTEM, document=promise(1, 100), backtest_days=367)
    with pytest.raises(InvalidInput) as caught:
        request_policy_trial(actor=SYSTEM, text='{"fallback": {"response": -1}}')
    assert caught.value.details[0].field == "policy.fallback.response"
    for _ in range(MOST_UNFINISHED):
        request_trial(actor=SYSTEM, document=promise(1, 100))
    with pytest.raises(Conflict):
        request_trial(actor=SYSTEM, document=promise(1, 100))


def test_old_ones_go_unless_they_were_published(move_clock):
    move_clock(to=NOW)
    kept, old = ready_trial(), ready_trial()
    apply_trial(actor=SYSTEM, trial=kept, applies_to="new")
    move_clock(to=NOW + timedelta(days=91))
    run_waiting_trials()
    assert list(PolicyTrial.objects.all()) == [kept]
    assert old not in PolicyTrial.objects.all()


@pytest.mark.parametrize("role", [Role.REPORTER, Role.MAINTAINER])
def test_only_admins_ask_publish_and_delete_and_reporters_see_none(role):
    actor, trial = Actor.of_user(make_user(role)), ready_trial()
    for attempt in (
        lambda: request_trial(actor=actor, document=promise(1, 2)),
        lambda: request_policy_trial(actor=actor, text="{}"),
        lambda: request_calendar_trial(actor=actor, calendars={}),
        lambda: apply_trial(actor=actor, trial=trial, applies_to="new"),
        lambda: delete_trial(actor=actor, trial=trial),
    ):
        with pytest.raises(PermissionDenied):
            attempt()
    assert visible_trials(actor).count() == (1 if role == Role.MAINTAINER else 0)
