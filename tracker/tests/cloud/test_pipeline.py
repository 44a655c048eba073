""".github: nothing is deployed or released before it passed, with no more rights than needed, by actions that stay what
they are."""

import json
import re
import subprocess

import pytest
import yaml

from tracker.testing.services import CHECKOUT
from tracker.version import VERSION

DIRECTORY = CHECKOUT / ".github" / "workflows"
WORKFLOWS = {path.stem: yaml.safe_load(path.read_text()) for path in DIRECTORY.glob("*.yml")}
NOTES = CHECKOUT / ".ci" / "release-notes"


def all_jobs():
    return [(f"{file}.{name}", job) for file, content in WORKFLOWS.items() for name, job in content["jobs"].items()]


def needed_by(jobs, name):
    """Everything that has to pass before a job."""
    needs = jobs[name].get("needs", [])
    direct = {needs} if isinstance(needs, str) else set(needs)
    return direct.union(*(needed_by(jobs, one) for one in direct))


def test_every_action_is_one_commit_and_says_which_version():
    lines = [line.strip() for path in DIRECTORY.glob("*.yml") for line in path.read_text().splitlines()]
    used = [line for line in lines if re.match(r"-? ?uses: (?!\./)", line)]
    assert len(used) > 15
    for line in used:
        assert re.fullmatch(r"(- )?uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), line


def test_one_version_of_an_action_is_used_everywhere():
    texts = "".join(path.read_text() for path in DIRECTORY.glob("*.yml"))
    pinned = dict.fromkeys(re.findall(r"uses: ([\w./-]+)@([0-9a-f]{40})", texts))
    assert len({name for name, _ in pinned}) == len(pinned)


def test_rights_are_given_job_by_job_and_none_by_default():
    for name, content in WORKFLOWS.items():
        assert content["permissions"] in ({}, {"contents": "read"}), name
    writing = {
        (name, right)
        for name, job in all_jobs()
        for right, level in job.get("permissions", {}).items()
        if level == "write" and right != "id-token"
    }
    assert writing == {
        (f"{file}.{job}", right)
        for file, job in (("deploy", "publish"), ("release", "publish"), ("publish", "build"))
        for right in ("packages", "attestations")
    } | {("release.release", "contents")}


def test_no_job_runs_for_ever():
    assert [name for name, job in all_jobs() if "timeout-minutes" not in job and "uses" not in job] == []


@pytest.mark.parametrize(("workflow", "last"), [("deploy", "aws"), ("release", "release")])
def test_nothing_goes_out_before_everything_has_passed(workflow, last):
    jobs = WORKFLOWS[workflow]["jobs"]
    assert jobs["checks"]["uses"] == "./.github/workflows/ci.yml"
    for name in ("publish", last):
        assert "checks" in needed_by(jobs, name)
        assert not re.search(r"always\(\)|failure\(\)|!cancelled", str(jobs[name].get("if", "")))


def test_what_must_pass_is_all_there():
    jobs = WORKFLOWS["ci"]["jobs"]
    assert jobs["test"]["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13"]
    commands = "\n".join(step.get("run", "") for job in jobs.values() for step in job["steps"])
    for command in (
        "make lint",
        "make test",
        "make e2e",
        ".ci/run",
        ".ci/migrate-copy",
        "pip-audit",
        "docker build",
        "terraform validate",
    ):
        assert command in commands, command
    assert any("scan-action" in step.get("uses", "") for step in jobs["image"]["steps"])
    assert [name for name, job in jobs.items() if job.get("continue-on-error") is True] == []


def test_every_script_that_is_called_is_there():
    texts = [path.read_text() for path in DIRECTORY.glob("*.yml")]
    called = {name for text in texts for name in re.findall(r"(?:\.ci|infra)/[\w./-]+\w", text)}
    assert {name for name in called if not (CHECKOUT / name).exists() and "$" not in name} == set()


def test_only_the_environment_named_production_reaches_the_cloud():
    with_role = {name for name, job in all_jobs() if "configure-aws-credentials" in str(job.get("steps"))}
    assert with_role == {"deploy.aws"}
    job = WORKFLOWS["deploy"]["jobs"]["aws"]
    assert job["environment"]["name"] == "production"
    assert WORKFLOWS["deploy"]["concurrency"]["cancel-in-progress"] is False


def test_updates_are_looked_for():
    settings = json.loads((CHECKOUT / ".github" / "renovate.json").read_text())
    assert "config:best-practices" in settings["extends"]
    pattern = settings["pip-compile"]["managerFilePatterns"][0].strip("/")
    lists = [f"requirements/{path.name}" for path in (CHECKOUT / "requirements").glob("*.txt")]
    assert lists
    assert all(re.search(pattern, name) for name in lists)


def _notes(version, changelog=None):
    environment = {"CHANGELOG": str(changelog)} if changelog else {}
    return subprocess.run(
        ["bash", str(NOTES), version],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", **environment},
    )


def test_the_notes_of_a_release_are_its_part_of_the_changelog(tmp_path):
    changelog = tmp_path / "CHANGELOG.md"
    changelog.write_text(
        "# Changelog\n\n## [Unreleased]\n\n## [0.2.0] – 2027-01-01\n\n### Fixed\n\n- A belt.\n\n"
        "## [0.1.0] – 2026-11-21\n\n- The first.\n\n[0.1.0]: https://example.com/v0.1.0\n"
    )
    assert _notes("0.2.0", changelog).stdout.strip() == "### Fixed\n\n- A belt."
    assert _notes("0.1.0", changelog).stdout.strip() == "- The first."
    for version in ("0.1", "0.3.0", "Unreleased"):
        answer = _notes(version, changelog)
        assert (answer.returncode, answer.stdout) == (1, ""), version


def test_this_release_has_notes():
    assert _notes(VERSION).returncode == 0
