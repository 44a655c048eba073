"""infra/terraform/deploy.sh: migrations first, services only if they succeed, and what went back is told."""

import json
import os
import re
import shutil
import subprocess

import pytest

from tracker.testing.composition import commands
from tracker.testing.services import CHECKOUT

SCRIPT = CHECKOUT / "infra" / "terraform" / "deploy.sh"
pytestmark = pytest.mark.skipif(not (shutil.which("jq") and shutil.which("bash")), reason="needs jq and bash")
# Notes each call, and answers like the real one for an installation whose definitions hold the image `old`.
FAKE_AWS = """#!/usr/bin/env bash
printf '%s\\n' "$*" >> "$CALLS"
case "$2" in
    describe-task-definition)
        case "$*" in
            *containerDefinitions*) echo "$RUNNING" ;;
            *) echo '{"taskDefinitionArn": "a", "revision": 3, "status": "ACTIVE", "family": "tracker-x",
                     "containerDefinitions": [{"name": "x", "image": "old", "secrets": [{"name": "N"}]}]}' ;;
        esac ;;
    register-task-definition) echo "arn:new" ;;
    run-task) echo "${TASK-arn:task}" ;;
    describe-tasks) echo "${CODE-0}" ;;
    describe-services) echo "arn:new" ;;
esac
"""


@pytest.fixture
def deploy(tmp_path):
    (tmp_path / "aws").write_text(FAKE_AWS)
    (tmp_path / "aws").chmod(0o755)

    def run(*options, **environment):
        result = subprocess.run(
            ["bash", str(SCRIPT), "repository:0.2.0", *options],
            env={
                "PATH": f"{tmp_path}:{os.environ['PATH']}",
                "CALLS": str(tmp_path / "calls"),
                "CLUSTER": "tracker",
                "MIGRATE_NETWORK": "{}",
                "RUNNING": "repository:0.2.0",
                **environment,
            },
            capture_output=True,
            text=True,
            check=False,
        )
        calls = (tmp_path / "calls").read_text() if (tmp_path / "calls").exists() else ""
        return result, calls

    return run


def test_migrations_come_first_and_then_every_service(deploy):
    result, calls = deploy()
    assert result.returncode == 0, result.stderr
    verbs = [line.split()[1] for line in calls.splitlines() if line.startswith("ecs ")]
    assert verbs.index("run-task") < verbs.index("describe-tasks") < verbs.index("update-service")
    assert verbs.count("update-service") == 3
    definition, _ = json.JSONDecoder().raw_decode(calls[calls.index("{") :])
    assert definition == {
        "family": "tracker-x",
        "containerDefinitions": [{"name": "x", "image": "repository:0.2.0", "secrets": [{"name": "N"}]}],
    }


def test_the_way_back_tells_the_older_release_that_the_database_may_be_newer(deploy):
    for options, command in (((), commands()["migrate"]), (("--back",), [*commands()["migrate"], "--allow-newer"])):
        result, calls = deploy(*options)
        assert result.returncode == 0, result.stderr
        asked = json.loads(re.findall(r"--overrides (\{.*\}) --started-by", calls)[-1])
        assert asked == {"containerOverrides": [{"name": "migrate", "command": command}]}
    assert deploy("--force")[0].returncode == 2


@pytest.mark.parametrize("changes", [{"CODE": "1"}, {"CODE": "None"}, {"TASK": "None"}])
def test_no_service_is_touched_where_the_migration_failed(deploy, changes):
    result, calls = deploy(**changes)
    assert result.returncode == 1
    assert "error: the migration" in result.stderr
    assert "update-service" not in calls


def test_a_release_that_was_taken_back_is_no_success(deploy):
    result, _ = deploy(RUNNING="old")
    assert (result.returncode, result.stderr) == (1, "error: web went back to old\n")


def test_what_is_missing_is_named_before_anything_is_called(deploy):
    result, calls = deploy(CLUSTER="")
    assert result.returncode == 1
    assert "CLUSTER" in result.stderr
    assert calls == ""
