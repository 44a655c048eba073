"""infra/kubernetes: valid by Kubernetes' schemas, and each pod starts, is asked and is held to what the image is."""

from functools import cache

import kubernetes_validate
import pytest
import yaml

from tracker.testing.composition import SECRET_NAMES, commands, known_names, services
from tracker.testing.containers import Image
from tracker.testing.services import CHECKOUT

DIRECTORY = CHECKOUT / "infra" / "kubernetes"
FILES = sorted(DIRECTORY.rglob("*.yaml"))
# Kinds of add-ons, of which Kubernetes itself has no schema.
FOREIGN_KINDS = {"Kustomization", "Component", "ScaledObject", "ServiceMonitor"}
# The oldest release that still gets patches.
RELEASE = "1.34"


@cache
def read_all(path):
    return [document for document in yaml.safe_load_all(path.read_text()) if document]


def documents(*kinds):
    return [found for path in FILES for found in read_all(path) if found["kind"] in kinds]


def named(kind, name):
    return next(found for found in documents(kind) if found["metadata"]["name"] == name)


def workloads():
    return {found["metadata"]["name"]: found["spec"]["template"]["spec"] for found in documents("Deployment", "Job")}


def container(kind):
    (only,) = workloads()[kind]["containers"]
    return only


def test_everything_fits_the_schema():
    checked = [found for path in FILES for found in read_all(path) if found["kind"] not in FOREIGN_KINDS]
    assert len(checked) > 15
    for found in checked:
        kubernetes_validate.validate(found, RELEASE, strict=True)


def test_a_misspelt_field_would_be_found():
    wrong = {**named("Deployment", "web"), "sepc": {}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, RELEASE, strict=True)


def test_every_file_belongs_to_a_kustomization():
    named_files = set()
    for path in DIRECTORY.rglob("kustomization.yaml"):
        (content,) = read_all(path)
        for entry in [*content.get("resources", []), *content.get("components", [])]:
            target = (path.parent / entry).resolve()
            assert target.exists(), f"{path}: {entry}"
            named_files.add(target)
    loose = {path for path in FILES if path not in named_files and path.name != "kustomization.yaml"}
    assert {path.name for path in loose} == {"secrets.example.yaml"}


def test_each_pod_starts_what_the_image_starts():
    assert {kind: container(kind)["command"] for kind in workloads()} == commands()


def test_liveness_needs_neither_database_nor_broker():
    assert container("web")["livenessProbe"]["tcpSocket"] == {"port": "http"}
    assert container("web")["readinessProbe"]["httpGet"] == {"path": "/health", "port": "http"}
    for kind in ("worker", "beat"):
        check = services()[kind]["healthcheck"]["test"]
        assert ["CMD", *container(kind)["livenessProbe"]["exec"]["command"]] == check


def test_the_port_is_the_images():
    (port,) = container("web")["ports"]
    assert str(port["containerPort"]) == Image.read().environment["API_PORT"]
    asked = named("NetworkPolicy", "web-is-asked")["spec"]["ingress"][0]["ports"][0]["port"]
    assert asked == port["containerPort"]
    assert named("Service", "web")["spec"]["ports"][0]["targetPort"] == port["name"]


def test_no_pod_is_root_or_writes_to_its_image():
    user = Image.read().user
    for kind, pod in workloads().items():
        context = pod["securityContext"]
        assert context["runAsNonRoot"] is True
        assert f"{context['runAsUser']}:{context['runAsGroup']}" == user, kind
        assert container(kind)["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert {mount["mountPath"] for mount in container(kind)["volumeMounts"]} == {"/tmp", "/srv/media"}  # noqa: S108
        assert pod["automountServiceAccountToken"] is False
        assert pod["terminationGracePeriodSeconds"] == 30
        assert container(kind)["resources"]["limits"]["memory"]


def test_secrets_are_referred_to_and_nowhere_written():
    for kind in workloads():
        assert "env" not in container(kind)
        secrets = [entry["secretRef"]["name"] for entry in container(kind)["envFrom"] if "secretRef" in entry]
        assert secrets == ["tracker-secrets", *(["tracker-first-admin"] if kind == "migrate" else [])]
    for found in documents("Secret"):
        assert set(found["stringData"].values()) == {""}


def test_every_setting_is_one_and_in_its_place():
    settings = named("ConfigMap", "tracker-settings")["data"]
    secrets = {name for found in documents("Secret") for name in found["stringData"]}
    assert (set(settings) | secrets) - known_names() == set()
    assert not [name for name in settings if SECRET_NAMES.search(name)]
    assert {"ALLOWED_HOSTS", "DATABASE_URL", "REDIS_URL", "SECRET_KEY"} <= set(settings) | secrets


def test_selectors_find_the_pods_that_they_mean():
    labels = {
        found["metadata"]["name"]: found["spec"]["template"]["metadata"]["labels"]
        for found in documents("Deployment", "Job")
    }
    for found in documents("Deployment", "PodDisruptionBudget"):
        assert found["spec"]["selector"]["matchLabels"] == labels[found["metadata"]["name"]]
    assert named("Service", "web")["spec"]["selector"] == labels["web"]
    for found in documents("HorizontalPodAutoscaler", "ScaledObject"):
        name = found["spec"]["scaleTargetRef"]["name"]
        assert name in labels
        assert "replicas" not in named("Deployment", name)["spec"]
