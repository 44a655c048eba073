"""The container's files: each thing said once, every setting passed on, nothing open that need not be."""

import re
import shutil
import subprocess

import pytest
import yaml

from tracker.testing.containers import Image, MissingVariable, read_composition, read_example
from tracker.testing.services import CHECKOUT

# Set by the image, by Kubernetes or by nobody in a container.
NOT_PASSED_ON = {
    "ALERT_THRESHOLD", "API_HOST", "API_PORT", "BREACH_THRESHOLD", "DEBUG", "MEDIA_ROOT", "PORT",
    "SCHEDULER_INTERVAL_MINUTES", "SLACK_TIMEOUT", "SLA_CONFIG_PATH", "TRACKER_CLOCK_OFFSET_SECONDS", "TRACKER_LOCAL",
    "TRACKER_VAR_DIR",
}  # fmt: skip
OWN = ("web", "worker", "beat", "migrate", "stub")


@pytest.fixture(scope="module")
def services():
    return read_composition(read_example())["services"]


def find_repeated(node: yaml.Node | None, path: str = "") -> list[str]:
    if isinstance(node, yaml.SequenceNode):
        return [found for item in node.value for found in find_repeated(item, path)]
    if not isinstance(node, yaml.MappingNode):
        return []
    names = [key.value for key, _ in node.value]
    repeated = [f"{path}/{name}" for name in set(names) if names.count(name) > 1]
    return repeated + [found for key, value in node.value for found in find_repeated(value, f"{path}/{key.value}")]


def test_no_key_of_the_compose_file_stands_twice():
    text = (CHECKOUT / "docker-compose.yml").read_text()
    assert find_repeated(yaml.compose(text)) == []
    assert find_repeated(yaml.compose("a: {b: 1, b: 2}")) == ["/a/b"]


def test_every_setting_reaches_the_container(services):
    read = set()
    for name in ("settings", "mail_settings"):
        text = (CHECKOUT / "tracker" / f"{name}.py").read_text()
        read |= set(re.findall(r'(?:read_\w+|require|require_beside)\(\s*"([A-Z0-9_]+)"', text))
    assert len(read) > 40
    assert read - set(services["web"]["environment"]) - NOT_PASSED_ON == set()


def test_the_example_names_every_blank_of_the_compose_file():
    blanks = set(re.findall(r"(?<!\$)\$\{(\w+)", (CHECKOUT / "docker-compose.yml").read_text()))
    named = set(re.findall(r"^(?:# )?([A-Z0-9_]+)=", (CHECKOUT / ".env.example").read_text(), re.MULTILINE))
    assert len(blanks) > 60
    assert named - blanks == {"COMPOSE_PROFILES"}, "read by Compose itself"
    assert blanks - named == set()


def test_slack_is_the_stub_only_where_the_example_says_so():
    assert read_example()["SLACK_WEBHOOK_URL"].startswith("http://stub:")
    without = read_composition(read_example() | {"SLACK_WEBHOOK_URL": ""})["services"]["worker"]["environment"]
    assert without["SLACK_WEBHOOK_URL"] == ""


def test_nothing_but_nginx_is_open_to_others(services):
    published = {name: service["ports"] for name, service in services.items() if service.get("ports")}
    assert set(published) == {"nginx", "stub"}
    assert all(port.startswith("127.0.0.1:") for port in published["stub"])


@pytest.mark.parametrize("name", ["SECRET_KEY", "DATABASE_URL", "VALKEY_PASSWORD"])
def test_nothing_starts_without_its_secret(name):
    with pytest.raises(MissingVariable, match=name):
        read_composition(read_example() | {name: ""})


def test_nobody_runs_as_root_or_writes_beside_what_was_given(services):
    for name in (*OWN, "nginx"):
        service = services[name]
        assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"]), name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["stop_grace_period"] == "30s", name
        assert [mount.split(":")[0] for mount in service["tmpfs"]] == ["/tmp"], name  # noqa: S108
    assert re.fullmatch(r"\d{4,}:\d{4,}", Image.read().user)
    assert services["nginx"]["user"].split(":")[0] not in ("0", "root")


def test_each_waits_for_what_it_needs(services):
    for name in ("web", "worker", "beat"):
        assert services[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
        assert services[name]["depends_on"]["valkey"] == {"condition": "service_healthy"}
    for name, service in services.items():
        for needed, how in service.get("depends_on", {}).items():
            # Whoever is not started by everybody may be missing.
            assert how.get("required", True) != bool(services[needed].get("profiles")), (name, needed)


def test_nginx_trusts_and_is_trusted_by_its_one_address(services):
    address = services["nginx"]["networks"]["default"]["ipv4_address"]
    assert services["web"]["environment"]["TRUSTED_PROXIES"] == f"{address}/32"
    blanks = set()
    for template in (CHECKOUT / "infra" / "nginx").glob("*.template"):
        blanks |= set(re.findall(r"\$\{(\w+)\}", template.read_text()))
    assert blanks == {name for name in services["nginx"]["environment"] if not name.startswith("NGINX_ENVSUBST")}


def test_webhooks_reach_the_stub_and_no_other_part_of_the_composition(services):
    stub = services["stub"]["networks"]["default"]["ipv4_address"]
    assert services["worker"]["environment"]["OUTGOING_ALLOWED_NETWORKS"] == f"{stub}/32"


@pytest.mark.skipif(
    not shutil.which("docker-compose"), reason="docker-compose is missing: apt-get install docker-compose"
)
def test_compose_finds_no_fault(tmp_path):
    profiles = {"postgres", "rabbitmq", "stub"}
    # The last one that runs without an engine is of 2021 and does not know that a dependency may be missing.
    text = (CHECKOUT / "docker-compose.yml").read_text().replace(", required: false", "")
    (tmp_path / "docker-compose.yml").write_text(text)
    shutil.copy(CHECKOUT / ".env.example", tmp_path / ".env")
    chosen = [word for profile in profiles for word in ("--profile", profile)]
    done = subprocess.run(
        ["docker-compose", *chosen, "config"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert profiles <= set(yaml.safe_load(done.stdout)["services"])
