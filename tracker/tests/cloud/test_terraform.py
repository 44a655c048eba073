"""infra/terraform: every name resolves, nothing secret stands in clear, and each service is what the image starts."""

import os
import re
import shutil
import subprocess

import pytest

from tracker.testing.composition import SECRET_NAMES, commands, known_names, services
from tracker.testing.services import CHECKOUT
from tracker.testing.terraform import find_names, plain, read_blocks, read_text, walk_texts

DIRECTORY = CHECKOUT / "infra" / "terraform"
# What AWS cannot limit to one thing.
WITHOUT_RESOURCE = {"ecr:GetAuthorizationToken", "ecs:DescribeTaskDefinition", "ecs:RegisterTaskDefinition"}
TEXT = "".join(path.read_text() for path in sorted(DIRECTORY.glob("*.tf")))


def blocks():
    return read_blocks(DIRECTORY)


def body(address):
    return next(block.body for block in blocks() if block.address == address)


def bodies(prefix):
    return {block.address: block.body for block in blocks() if block.address.startswith(prefix)}


def find_dangling(found):
    known = {block.address for block in found}
    return {(block.address, name) for block in found for name in find_names(block.body) if name not in known}


def test_every_name_that_is_used_is_there():
    assert find_dangling(blocks()) == set()


def test_a_name_that_is_not_there_would_be_found():
    text = """
    locals { here = "${var.region}-${aws_vpc.gone.id}" }
    variable "region" {}
    resource "aws_vpc" "main" {
      a = [for x in local.away : { "${data.aws_region.now.id}" = "a {local.text} \\" var.text" }]
    }
    """
    dangling = find_dangling(list(read_text("x.tf", text)))
    assert dangling == {
        ("local.here", "aws_vpc.gone"),
        ("aws_vpc.main", "local.away"),
        ("aws_vpc.main", "data.aws_region.now"),
    }


def test_nothing_is_declared_twice_or_for_nobody():
    addresses = [block.address for block in blocks() if block.address not in ("terraform", "provider")]
    assert sorted(addresses) == sorted(set(addresses))
    used = {name for block in blocks() for name in find_names(block.body)}
    declared = {address for address in addresses if address.startswith(("var.", "local.", "data.", "ephemeral."))}
    assert declared - used == set()


def test_every_variable_says_what_it_is_and_every_output_too():
    for address, content in (bodies("var.") | bodies("output.")).items():
        assert plain(content).get("description"), address
        assert address.startswith("output.") or plain(content).get("type"), address


def test_each_kind_of_task_starts_what_the_image_starts():
    kinds = plain(body("local.task_kinds"))
    assert {kind: task["command"] for kind, task in kinds.items()} == commands()
    assert set(
        plain(body("local.task_names")).removeprefix("${toset([").removesuffix("])}").replace('"', "").split(", ")
    ) == set(kinds)


def test_only_what_has_a_pulse_is_asked_for_it():
    kinds = plain(body("local.task_kinds"))
    checks = {kind: services()[kind].get("healthcheck", {}).get("test") for kind in kinds}
    for kind, task in kinds.items():
        expected = ["CMD", "python", "-I", "tracker/healthcheck.py", kind]
        assert task["has_pulse"] == (checks[kind] == expected), kind
    assert '["CMD", "python", "-I", "tracker/healthcheck.py", each.key]' in TEXT


def test_every_setting_is_one_and_no_secret_stands_in_clear():
    environment = set(re.findall(r"^\s+([A-Z][A-Z0-9_]+)\s+=", TEXT, re.MULTILINE))
    assert environment >= {"ALLOWED_HOSTS", "DATABASE_URL", "DJANGO_SUPERUSER_PASSWORD"}
    assert environment - known_names() == set()
    secret = {name for name in environment if SECRET_NAMES.search(name)}
    assert secret == {"DATABASE_URL", "REDIS_URL", "SECRET_KEY", "DJANGO_SUPERUSER_PASSWORD"}
    for name in secret:
        assert re.search(rf"^\s+{name}\s+= aws_secretsmanager_secret_version\.\w+\.secret_id$", TEXT, re.MULTILINE), (
            name
        )


def test_what_may_not_be_given_in_clear_is_refused_by_name():
    guard = re.search(r'!can\(regex\("([^"]+)", name\)\)', TEXT)[1]
    secret = {name for name in known_names() if SECRET_NAMES.search(name)}
    assert {name for name in secret if not re.search(guard, name)} == set()
    assert not [
        name for name in ("SITE_TIMEZONE", "LOG_LEVEL", "OIDC_ISSUER", "REPORTS_AT_ONCE") if re.search(guard, name)
    ]


def test_the_state_holds_no_password():
    assert bodies("random_password.") == {}
    for name in ("secret_string", "master_password", "auth_token"):
        assert not re.search(rf"^\s+{name}\s+=", TEXT, re.MULTILINE), name


def test_tasks_and_data_stand_in_private_subnets():
    service = plain(body("aws_ecs_service.main"))["network_configuration"][0]
    assert "aws_subnet.tasks" in service["subnets"]
    assert service["assign_public_ip"] is False
    for group in ("aws_db_subnet_group.main", "aws_elasticache_subnet_group.main"):
        assert set(find_names(body(group))) == {"var.name", "aws_subnet.data"}
    assert "route" not in body("aws_route_table.data")
    assert plain(body("aws_rds_cluster_instance.main"))["publicly_accessible"] is False
    assert set(find_names(body("aws_lb.main")["subnets"])) == {"aws_subnet.public"}


def test_the_world_reaches_the_balancer_alone():
    for address, rule in bodies("aws_vpc_security_group_ingress_rule.").items():
        is_open = "cidr_ipv4" in rule
        assert is_open == (address == "aws_vpc_security_group_ingress_rule.balancer"), address


def test_each_task_has_a_log_two_roles_and_a_read_only_file_system():
    task = plain(body("aws_ecs_task_definition.main"))
    assert "aws_iam_role.execution[each.key]" in task["execution_role_arn"]
    assert "aws_iam_role.task[each.key]" in task["task_role_arn"]
    container = re.sub(r"\s+", " ", task["container_definitions"])
    for said in (
        "readonlyRootFilesystem = true",
        'user = "10001:10001"',
        "aws_cloudwatch_log_group.task[each.key]",
        "stopTimeout = 30",
    ):
        assert said in container, said


def test_roles_may_do_no_more_than_they_must():
    for address, content in bodies("data.aws_iam_policy_document.").items():
        for statement in plain(content)["statement"]:
            if statement.get("effect") == "Deny" or address.endswith(".key"):
                continue
            assert not [action for action in statement["actions"] if "*" in action], address
            is_everywhere = "*" in statement.get("resources", [])
            assert not is_everywhere or set(statement["actions"]) <= WITHOUT_RESOURCE, address


def test_everything_at_rest_is_sealed_and_everything_on_the_way():
    assert plain(body("aws_rds_cluster.main"))["storage_encrypted"] is True
    cache = plain(body("aws_elasticache_replication_group.main"))
    assert (cache["at_rest_encryption_enabled"], cache["transit_encryption_mode"]) == (True, "required")
    assert 'value = "1"' in re.sub(r"\s+", " ", TEXT.split("rds.force_ssl")[1][:40])
    assert "sslmode=require" in TEXT
    assert "rediss://" in TEXT


def test_workers_are_added_by_the_line_that_a_worker_writes():
    metric = plain(body("aws_cloudwatch_log_metric_filter.queue_age"))
    assert metric["pattern"].replace("\\", "") == '{ $.event = "queue_ages" }'
    assert metric["metric_transformation"][0]["value"] == "$.oldest_seconds"
    assert 'aws_cloudwatch_log_group.task["worker"]' in metric["log_group_name"]
    assert "log_queue_ages" in (CHECKOUT / "tracker" / "sweeps.py").read_text()
    for alarm in ("work_waits", "work_flows"):
        told = plain(body(f"aws_cloudwatch_metric_alarm.{alarm}"))
        assert told["metric_name"] == metric["metric_transformation"][0]["name"]


def test_the_text_is_in_the_form_that_terraform_gives_it():
    terraform = shutil.which("terraform")
    if terraform is None:
        pytest.skip("terraform is not installed; the pipeline has it")
    run = subprocess.run(
        [terraform, "fmt", "-check", "-diff", str(DIRECTORY)],
        capture_output=True,
        text=True,
        env={**os.environ, "TF_CLI_CONFIG_FILE": os.devnull, "CHECKPOINT_DISABLE": "1"},
        check=False,
    )
    assert (run.returncode, run.stdout) == (0, ""), run.stderr


def test_no_text_names_somebody():
    for text in (text for block in blocks() for text in walk_texts(block.body)):
        assert not re.search(r"\b\d{12}\b|AKIA[0-9A-Z]{16}", text)
