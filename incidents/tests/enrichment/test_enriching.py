"""How incidents are enriched: rows under a lease, each provider by itself, nothing stuck, nothing lost."""

from datetime import timedelta
from ipaddress import ip_network

import pytest

from incidents import enrichment
from incidents.choices import EnrichmentState, RunState
from incidents.enrichment.base import LookUpFailed, Provider
from incidents.models import EnrichmentRun, Incident, LookUp
from incidents.services.enriching import enrich_due
from incidents.services.enrichments import (
    LEASE_TERM,
    MAX_ATTEMPTS,
    Result,
    ask_enrichment,
    claim_runs,
    finish_runs,
    wait_seconds,
)
from incidents.services.incidents import Origin, update_incident
from incidents.testing.incident_factories import make_incident
from incidents.testing.lookups import RunningLookUps
from incidents.testing.parallel import run_at_once
from tracker import clock
from tracker.access import Actor
from tracker.choices import Role
from tracker.exceptions import PermissionDenied
from tracker.models import Event
from tracker.testing.factories import make_user

pytestmark = pytest.mark.django_db
ABROAD = Origin(ip="81.2.69.142")
LONDON = {"latitude": 51.5, "longitude": -0.12}


def states(incident):
    return dict(EnrichmentRun.objects.filter(incident=incident).values_list("provider", "state"))


def fresh(incident):
    return Incident.objects.get(pk=incident.pk)


def break_provider(monkeypatch, name, error):
    def look_up(subject):
        raise error

    broken = dict(enrichment.LOCAL) | {name: Provider(name, name, look_up)}
    monkeypatch.setattr(enrichment, "LOCAL", broken)


@pytest.fixture
def outside(settings):
    with RunningLookUps() as provider:
        settings.ENRICHMENT_URL = provider.url("/lookup/{ip}")
        # Where the provider stands; the reporter's address is another one.
        settings.OUTGOING_ALLOWED_NETWORKS = [ip_network("127.0.0.0/8")]
        yield provider


def test_an_incident_learns_where_it_happened_and_where_it_was_told_from():
    incident = make_incident(origin=ABROAD, **LONDON)
    assert (incident.enrichment, set(states(incident).values())) == (EnrichmentState.NEW, {RunState.PENDING})
    assert enrich_due() == 3
    incident = fresh(incident)
    assert incident.enrichment == EnrichmentState.ENRICHED
    assert incident.enriched_at is not None
    assert (incident.city, incident.region, incident.country) == ("Willesden", "England", "GB")
    assert (incident.nearest_place, incident.timezone) == ("London", "Europe/London")
    assert set(states(incident).values()) == {RunState.DONE}
    event = Event.objects.get(verb="incident.enriched")
    assert (event.after["country"], event.actor_label, event.data["reporter"]) == ("GB", "system:enrich", None)
    assert enrich_due() == 0


def test_where_there_is_nothing_to_look_up_the_reason_is_kept_and_the_incident_is_through():
    incident = make_incident(origin=Origin(ip="192.168.3.4"))
    enrich_due()
    assert fresh(incident).enrichment == EnrichmentState.ENRICHED
    assert set(states(incident).values()) == {RunState.SKIPPED}
    assert incident.enrichments.get(provider="geoip").error == "the address is private or reserved"


def test_a_provider_that_fails_is_tried_again_and_holds_up_no_other(monkeypatch):
    break_provider(monkeypatch, "geoip", LookUpFailed("the disk is slow"))
    incident = make_incident(origin=ABROAD, **LONDON)
    enrich_due()
    run = incident.enrichments.get(provider="geoip")
    assert (run.state, run.attempts, run.error) == (RunState.PENDING, 1, "the disk is slow")
    assert run.next_attempt_at > clock.now() + timedelta(seconds=10)
    assert states(incident)["place"] == RunState.DONE
    assert fresh(incident).enrichment == EnrichmentState.ENRICHING
    for hours in range(1, MAX_ATTEMPTS):
        with clock.moved(by=timedelta(hours=hours)):
            assert enrich_due() == 1
    assert states(incident)["geoip"] == RunState.FAILED
    incident = fresh(incident)
    assert (incident.enrichment, incident.nearest_place) == (EnrichmentState.FAILED, "London")
    assert Event.objects.get(verb="incident.enrichment_failed").data["failed"] == ["geoip"]


def test_a_fault_of_ours_in_one_look_up_is_written_down_and_leaves_the_others_alone(monkeypatch):
    break_provider(monkeypatch, "geoip", RuntimeError("a secret detail"))
    incident = make_incident(origin=ABROAD, **LONDON)
    enrich_due()
    assert incident.enrichments.get(provider="geoip").error == "internal error: RuntimeError"
    assert states(incident)["place"] == RunState.DONE


def test_what_a_lost_worker_had_taken_is_taken_again_and_its_late_result_changes_nothing():
    incident = make_incident(origin=ABROAD)
    lost = claim_runs({"geoip": 5, "place": 5, "similar": 5})
    assert len(lost) == 3
    assert fresh(incident).enrichment == EnrichmentState.ENRICHING
    assert claim_runs({"geoip": 5}) == []
    assert enrich_due() == 0
    with clock.moved(by=LEASE_TERM + timedelta(seconds=1)):
        assert enrich_due() == 3
    assert fresh(incident).city == "Willesden"
    late = [Result(claim, RunState.DONE, answer={"city": "Nowhere"}) for claim in lost]
    assert finish_runs(late) == 0
    assert fresh(incident).city == "Willesden"


def test_a_row_that_kills_its_worker_each_time_is_given_up():
    incident = make_incident()
    EnrichmentRun.objects.filter(incident=incident).update(attempts=MAX_ATTEMPTS)
    enrich_due()
    assert fresh(incident).enrichment == EnrichmentState.FAILED
    assert "did not come back" in incident.enrichments.get(provider="geoip").error


def test_what_an_import_told_of_the_place_stands_and_its_blanks_are_filled():
    incident = make_incident(origin=Origin(source="csv", source_id="7"), **LONDON)
    Incident.objects.filter(pk=incident.pk).update(city="Westminster", timezone="Europe/Jersey")
    enrich_due()
    incident = fresh(incident)
    assert (incident.city, incident.timezone) == ("Westminster", "Europe/Jersey")
    assert (incident.country, incident.nearest_place) == ("GB", "London")


def test_an_incident_that_came_in_without_rows_gets_them():
    incident = make_incident(origin=ABROAD)
    EnrichmentRun.objects.all().delete()
    enrich_due()
    assert fresh(incident).enrichment == EnrichmentState.ENRICHED


def test_an_answer_that_cannot_be_kept_fails_alone(monkeypatch):
    unkeepable = Provider("geoip", "geoip", lambda subject: {"city": "\0"})
    monkeypatch.setattr(enrichment, "LOCAL", dict(enrichment.LOCAL) | {"geoip": unkeepable})
    incident = make_incident(origin=ABROAD, **LONDON)
    enrich_due()
    assert states(incident) == {"geoip": "failed", "place": "done", "similar": "done"}


def test_a_maintainer_has_it_looked_up_anew_and_a_reporter_must_not():
    reporter = make_user(Role.REPORTER)
    incident = make_incident(actor=Actor.of_user(reporter), origin=ABROAD)
    enrich_due()
    with pytest.raises(PermissionDenied):
        ask_enrichment(actor=Actor.of_user(reporter), incident=incident)
    assert set(states(incident).values()) <= {RunState.DONE, RunState.SKIPPED}
    ask_enrichment(actor=Actor.of_user(make_user(Role.MAINTAINER)), incident=incident)
    assert fresh(incident).enrichment == EnrichmentState.ENRICHING
    assert set(states(incident).values()) == {RunState.PENDING}
    assert fresh(incident).city == "Willesden", "what is known stays until it is known anew"
    enrich_due()
    assert fresh(incident).enrichment == EnrichmentState.ENRICHED
    assert Event.objects.filter(verb="incident.enrichment_asked").count() == 1


def test_a_change_of_the_place_while_it_is_looked_up_makes_the_old_answer_void():
    incident = make_incident(**LONDON)
    (claim,) = claim_runs({"place": 1})
    admin = Actor.of_user(make_user(Role.ADMIN))
    update_incident(actor=admin, incident=incident, changes={"latitude": 48.7758, "longitude": 9.1829})
    assert finish_runs([Result(claim, RunState.DONE, answer={"nearest_place": "London"})]) == 0
    enrich_due()
    assert fresh(incident).nearest_place == "Stuttgart"


def test_the_outside_provider_is_asked_once_for_the_same_address(outside):
    incidents = [make_incident(origin=ABROAD)]
    enrich_due()
    incidents.append(make_incident(origin=ABROAD))
    enrich_due()
    assert [call.path for call in outside.calls] == ["/lookup/81.2.69.142"]
    assert [fresh(incident).city for incident in incidents] == ["Teststadt", "Teststadt"]
    answer = incidents[1].enrichments.get(provider="http").answer
    assert (answer["data"]["country_code"], answer["sources"][0]["name"]) == ("DE", "127.0.0.1")
    assert not LookUp.objects.filter(key__contains="81.2.69.142").exists()
    with clock.moved(by=timedelta(hours=25)):
        make_incident(origin=ABROAD)
        enrich_due()
    assert len(outside.calls) == 2, "an old answer is asked for anew"


def test_more_calls_than_a_minute_allows_are_put_off_and_not_failed(outside, settings):
    settings.ENRICHMENT_RATE_PER_MINUTE = 2
    now = clock.now().replace(second=5)
    with clock.moved(to=now):
        for number in range(5):
            make_incident(origin=Origin(ip=f"81.2.69.{number + 1}"))
        enrich_due()
        assert len(outside.calls) == 2
        enrich_due()
        assert len(outside.calls) == 2
    runs = EnrichmentRun.objects.filter(provider="http")
    assert sorted(runs.values_list("state", flat=True)) == ["done", "done", "pending", "pending", "pending"]
    assert set(runs.filter(state="pending").values_list("attempts", flat=True)) == {0}
    for minutes in (1, 2):
        with clock.moved(to=now + timedelta(minutes=minutes)):
            enrich_due()
    assert len(outside.calls) == 5
    assert set(Incident.objects.values_list("enrichment", flat=True)) == {EnrichmentState.ENRICHED}


def test_an_error_of_the_outside_provider_is_a_failure_with_its_reason(outside):
    outside.say = lambda path: (200, {"error": True, "reason": "RateLimited"})
    incident = make_incident(origin=ABROAD)
    enrich_due()
    run = incident.enrichments.get(provider="http")
    assert (run.state, run.error) == (RunState.PENDING, "the provider reports a failure: RateLimited")
    assert fresh(incident).enrichment == EnrichmentState.ENRICHING
    assert not LookUp.objects.filter(key__regex="^[0-9a-f]{64}$").exists(), "a failure was kept for later"
    outside.say = lambda path: (404, {})
    with clock.moved(by=timedelta(hours=1)):
        enrich_due()
    assert fresh(incident).enrichment == EnrichmentState.FAILED
    assert fresh(incident).city == "Willesden", "the others' answers stand"


def test_a_provider_that_stands_in_the_own_network_is_refused(outside, settings):
    settings.OUTGOING_ALLOWED_NETWORKS = []
    incident = make_incident(origin=ABROAD)
    enrich_due()
    run = incident.enrichments.get(provider="http")
    assert (run.state, run.error) == (RunState.FAILED, "refused: 127.0.0.1 is not an address of the public internet")
    assert outside.calls == []


@pytest.mark.django_db(transaction=True)
def test_two_workers_never_take_the_same_look_up():
    for _ in range(20):
        make_incident(origin=ABROAD)
    taken: list[list[int]] = []
    work = [lambda: taken.append([claim.id for claim in claim_runs({"geoip": 15, "similar": 15})])] * 4
    assert run_at_once(work) == []
    ids = [pk for part in taken for pk in part]
    assert len(ids) == len(set(ids)) > 0


@pytest.mark.django_db(transaction=True)
def test_two_that_end_the_last_two_rows_at_once_see_each_other():
    incidents = [make_incident(origin=ABROAD, **LONDON) for _ in range(8)]
    parts = [claim_runs({name: 10}) for name in ("geoip", "place", "similar")]
    work = [lambda part=part: finish_runs([Result(claim, RunState.DONE) for claim in part]) for part in parts]
    assert run_at_once(work) == []
    assert {fresh(incident).enrichment for incident in incidents} == {EnrichmentState.ENRICHED}
    assert Event.objects.filter(verb="incident.enriched").count() == 8


def test_waits_grow_and_end():
    assert [wait_seconds(attempt, jitter=1) for attempt in (1, 2, 3, 8)] == [30, 60, 120, 900]
    assert wait_seconds(1, jitter=0) == 15
