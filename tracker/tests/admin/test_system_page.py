"""The page System: an admin sees how every part does and what to do, nobody else sees anything."""

import time
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection

from tracker import clock, heartbeats, queues
from tracker.access import Actor
from tracker.choices import ProcessKind, Role
from tracker.exceptions import PermissionDenied
from tracker.models import Process, SweepHeartbeat
from tracker.processes import Activity, Presence
from tracker.services import system
from tracker.services.schedules import sync_schedules
from tracker.services.system import Cell, Content, Fact, Section, Tone, read_system
from tracker.services.system_parts import read_processes, read_queues, read_release, read_sweeps
from tracker.testing.factories import make_user

pytestmark = pytest.mark.django_db
PAGE = "/admin/system/"


@pytest.fixture
def _no_other_sections(monkeypatch):
    monkeypatch.setattr(system, "_sections", {})


def _facts(content):
    return {fact.words: fact for fact in content.facts}


def _rows(content):
    return {row[0].value: row for row in content.rows}


def test_an_admin_sees_every_part_and_the_menu_leads_there(admin_client):
    Presence(ProcessKind.WORKER).show(Activity(doing=[{"task": "x.deliver", "since": clock.now().isoformat()}]))
    sync_schedules(Actor.system("test"))
    page = admin_client.get(PAGE).content.decode()
    for title in ("Release", "Processes", "Work that waits", "Sweeps", "Broker and cache", "Database", "Months"):
        assert f"<h2>{title}</h2>" in page
    assert "No answer" not in page
    assert "deliver (" in page
    assert PAGE in admin_client.get("/admin/").content.decode()


def test_maintainers_and_strangers_do_not_get_in(maintainer_client, client):
    assert maintainer_client.get(PAGE).status_code == 403
    assert PAGE not in maintainer_client.get("/admin/").content.decode()
    assert client.get(PAGE).status_code == 302
    with pytest.raises(PermissionDenied):
        read_system(actor=Actor.of_user(make_user(Role.MAINTAINER)))


def test_it_only_shows(admin_client):
    assert admin_client.post(PAGE).status_code == 403


@pytest.mark.usefixtures("_no_other_sections")
def test_a_figure_whose_page_is_gone_stands_there_without_a_link(admin_client):
    system.register_section(Section("a", "Lost", lambda: Content(facts=[Fact("Number", 7, page="admin:gone")])))
    assert "<dt>Number</dt>" in admin_client.get(PAGE).content.decode()


@pytest.mark.usefixtures("_no_other_sections")
def test_what_needs_a_look_stands_on_top_with_what_to_do(admin_client):
    rows = [[Cell("tracker.I007", tone=Tone.ALERT), Cell("Set EMAIL_URL.")], [Cell("slack"), Cell("ok")]]
    facts = [Fact("Last whole one", 3, tone=Tone.ALERT, note="Set BACKUP_DIRECTORY.")]
    system.register_section(Section("a", "Backups", lambda: Content(facts=facts, columns=("a", "b"), rows=rows)))
    summary = admin_client.get(PAGE).content.decode().partition("panel-summary")[2].partition("</section>")[0]
    assert summary.count("tracker.I007") == 1
    for words in ("Set EMAIL_URL.", "Set BACKUP_DIRECTORY."):
        assert words in summary
    assert "slack" not in summary


def test_programs_of_admins_read_the_same(admin_client):
    told = admin_client.get("/v1/system").json()
    assert told["release"] == "0.1.0"
    queues_told = next(section for section in told["sections"] if section["name"] == "queues")
    assert len(queues_told["rows"]) == len(queues.registered_queues())


@pytest.mark.usefixtures("_no_other_sections")
def test_a_part_that_fails_hangs_or_waits_for_the_database_leaves_the_others_alone(monkeypatch):
    def explode():
        raise RuntimeError("db-7.internal refused")

    def wait_for_the_database():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(5)")

    monkeypatch.setattr(system, "SECTION_SECONDS", 0.2)
    system.register_section(
        Section("a", "Exploding", explode),
        Section("b", "Hanging", lambda: time.sleep(1) or Content(), is_outside=True),
        Section("c", "Waiting", wait_for_the_database),
        Section("d", "Well", lambda: Content(facts=[Fact("Number", 1)])),
    )
    shown = {one.section.title: one for one in read_system(actor=Actor.system("test"))}
    assert [shown[title].tone for title in ("Exploding", "Hanging", "Waiting", "Well")] == [Tone.BREACH] * 3 + [Tone.OK]
    assert "db-7" not in shown["Exploding"].trouble
    assert shown["Well"].content.facts[0].value == 1


@pytest.mark.usefixtures("_no_other_sections")
def test_a_page_that_took_too_long_asks_no_further(monkeypatch):
    monkeypatch.setattr(system, "PAGE_SECONDS", -1.0)
    system.register_section(Section("a", "Late", Content))
    assert read_system(actor=Actor.system("test"))[0].trouble.startswith("Not asked")


def test_a_migration_that_waits_and_another_release_are_told():
    Process.objects.create(
        id="old", kind="web", release="0.0.9", python="3", started_at=clock.now(), seen_at=clock.now()
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM django_migrations WHERE id IN"
            " (SELECT max(id) FROM django_migrations WHERE app = 'reports') RETURNING name"
        )
        missing = f"reports.{cursor.fetchone()[0]}"
        cursor.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('tracker', '9999_later', now())")
    facts = _facts(read_release())
    assert (facts["Missing"].value, facts["Missing"].tone) == (missing, Tone.BREACH)
    assert (facts["Of a later release"].value, facts["Also running"].value) == ("tracker.9999_later", "0.0.9")


def test_missing_workers_and_processes_that_vanished_are_told(move_clock):
    Presence(ProcessKind.BEAT).show(Activity(is_leading=True))
    heartbeats.beat_once(heartbeats.BEAT)
    assert [row[1].value for row in read_processes().rows] == ["leads"]
    move_clock(by=timedelta(minutes=2))
    content = read_processes()
    facts = _facts(content)
    assert [row[1].value for row in content.rows] == ["gone"]
    assert [facts[name].tone for name in ("Workers", "Beats", "Beat rang")] == [Tone.BREACH] * 3


def test_work_that_waits_for_long_is_marked(monkeypatch):
    monkeypatch.setattr(queues, "_queues", {})
    for name, age in (("a", 0.0), ("b", 90.0), ("c", 4000.0)):
        queues.register(queues.Queue(name, name, "sweep", partial(float, age)))
    assert [row[1].tone for row in read_queues().rows] == [Tone.PLAIN, Tone.ALERT, Tone.BREACH]


def test_sweeps_that_fail_are_late_or_switched_off_are_told():
    sync_schedules(Actor.system("test"))
    for name in ("deliver", "enrich", "sweep_sla"):
        heartbeats.beat_once(name)
    SweepHeartbeat.objects.filter(name="deliver").update(last_error="ValueError: nonsense")
    SweepHeartbeat.objects.filter(name="enrich").update(started_at=clock.now() - timedelta(hours=1))
    rows = _rows(read_sweeps())
    assert [rows[name][1].value for name in ("deliver", "enrich", "sweep_sla")] == ["failed", "late", "ok"]
    assert rows["deliver"][-1].value == "ValueError: nonsense"
    assert rows["forecast"][1].value == "has not run"
