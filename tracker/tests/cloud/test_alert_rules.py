"""infra/prometheus and infra/grafana: rules that Prometheus takes, and no figure that Tracker does not tell."""

import json
import re
import shutil
import subprocess
from functools import cache

import pytest
import yaml
from django.test import Client

from tracker.queues import registered_queues
from tracker.testing.services import CHECKOUT

RULES = CHECKOUT / "infra" / "prometheus" / "alerts.yaml"
RULE_TESTS = CHECKOUT / "infra" / "prometheus" / "alerts_test.yaml"
DASHBOARD = json.loads((CHECKOUT / "infra" / "grafana" / "tracker.json").read_text())
KEDA = CHECKOUT / "infra" / "kubernetes" / "keda" / "scaled-object.yaml"


@cache
def rules():
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


def panels():
    return [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


@cache
def queries():
    """Every expression of the rules, the dashboard and KEDA."""
    drawn = [target["expr"] for panel in panels() for target in panel["targets"]]
    noted = [note["expr"] for note in DASHBOARD["annotations"]["list"]]
    scaled = [trigger["metadata"]["query"] for trigger in yaml.safe_load(KEDA.read_text())["spec"]["triggers"]]
    return [*(rule["expr"] for rule in rules()), *drawn, *noted, *scaled]


def promtool(*arguments):
    program = shutil.which("promtool")
    if program is None:
        pytest.skip("promtool is missing: it is part of Debian's package prometheus")
    run = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    return run.returncode, run.stdout + run.stderr


@pytest.mark.django_db
def test_every_figure_that_is_asked_for_is_told():
    told = {}
    for line in Client().get("/metrics").content.decode().splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split()
            told |= {
                name + suffix: kind for suffix in (("_bucket", "_count", "_sum") if kind == "histogram" else ("",))
            }
    asked = {name for query in queries() for name in re.findall(r"\btracker_\w+", query)}
    assert len(asked) > 25
    assert asked - set(told) == set()


def test_the_page_about_monitoring_knows_every_figure():
    page = (CHECKOUT / "docs" / "monitoring.md").read_text()
    asked = {name for query in queries() for name in re.findall(r"\btracker_\w+", query)}
    unknown = {name for name in asked if re.sub(r"_(bucket|count|sum)$", "", name) not in page}
    # The page names these three by their endings.
    assert unknown <= {"tracker_sweep_rows_total", "tracker_sweep_duration_seconds_total"}


def test_prometheus_takes_the_rules():
    assert promtool("check", "rules", str(RULES))[0] == 0


def test_rules_fire_when_they_should_and_not_before():
    status, told = promtool("test", "rules", str(RULE_TESTS))
    assert status == 0, told


def test_prometheus_takes_every_query_of_the_dashboard(tmp_path):
    recorded = [
        {"record": f"q{number}", "expr": query.replace("$__rate_interval", "5m")}
        for number, query in enumerate(queries())
    ]
    file = tmp_path / "queries.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "queries", "rules": recorded}]}))
    status, told = promtool("check", "rules", str(file))
    assert status == 0, told


def test_every_rule_says_how_grave_it_is_and_what_to_do():
    for rule in rules():
        assert rule["labels"]["severity"] in {"page", "ticket"}, rule["alert"]
        assert set(rule["annotations"]) == {"summary", "action"}, rule["alert"]


def test_the_dashboard_can_be_put_anywhere():
    assert DASHBOARD["panels"][1]["datasource"]["uid"] == "${datasource}"
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
    for panel in panels():
        assert panel["title"]
        assert panel["targets"]
        assert all(target["datasource"]["uid"] == "${datasource}" for target in panel["targets"])


def test_no_two_panels_lie_on_each_other():
    taken = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert place["x"] + place["w"] <= 24
        assert not cells & taken, panel["title"]
        taken |= cells


def test_queues_that_workers_shorten_and_those_with_limits_are_told_apart_alike():
    held_back = {queue.name for queue in registered_queues() if queue.is_held_back}
    flowing = {queue.name for queue in registered_queues()} - held_back
    listed = [names for query in queries() for names in re.findall(r'queue(?:=|!)~"([^"]+)"', query)]
    assert {frozenset(names.split("|")) for names in listed} == {frozenset(held_back), frozenset(flowing)}
