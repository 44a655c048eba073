"""Trials worked out and published by several at once."""

from functools import partial

import pytest

from incidents.models import PolicyTrial, PolicyVersion
from incidents.services import trial_work
from incidents.services.policy_trial_runs import run_waiting_trials
from incidents.services.policy_trials import apply_trial, delete_trial, request_trial
from incidents.testing.parallel import run_at_once
from incidents.testing.ticket_events import SYSTEM, at
from incidents.tests.trials.courses import ingest_courses, promise
from tracker.exceptions import Conflict

pytestmark = pytest.mark.django_db(transaction=True)


def test_workers_share_the_trials_and_each_counts_every_ticket_once(monkeypatch, move_clock):
    move_clock(to=at(600))
    monkeypatch.setattr(trial_work, "KEYS_AT_ONCE", 5)
    ingest_courses(40, seed=1)
    for minutes in range(1, 7):
        request_trial(actor=SYSTEM, document=promise(minutes, 100))
    gone = request_trial(actor=SYSTEM, document=promise(1, 100))
    ended: list[int] = []
    works = [lambda: ended.append(run_waiting_trials())] * 3
    assert run_at_once([*works, partial(delete_trial, actor=SYSTEM, trial=gone)]) == []
    trials = PolicyTrial.objects.exclude(pk=gone.pk)
    assert {(trial.state, trial.progress_done) for trial in trials} == {("ready", 40)}
    counts = {trial.result["open_tickets"]["open"]["totals"]["total"] for trial in trials if trial.result}
    assert len(counts) == 1
    assert sum(ended) in (6, 7), "the one that was deleted may have been quicker"


def test_of_those_who_publish_at_once_one_does():
    first, second = (request_trial(actor=SYSTEM, document=promise(n, 100)) for n in (1, 2))
    run_waiting_trials()
    works = [partial(apply_trial, actor=SYSTEM, trial=trial, applies_to="open") for trial in (first, first, second)]
    refused = run_at_once(works)
    assert [type(error) for error in refused] == [Conflict, Conflict]
    assert PolicyVersion.objects.count() == 2
    assert PolicyTrial.objects.exclude(published_as=None).count() == 1
