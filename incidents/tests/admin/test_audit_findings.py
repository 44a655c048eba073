"""The page of findings: read by maintainers, settled by admins."""

from dataclasses import replace

import pytest
from django.test import Client
from django.urls import reverse

from incidents.choices import FindingState
from incidents.models import AuditFinding
from incidents.services import audit_registry
from incidents.services.alerts import sweep_due_clocks
from incidents.services.audit_passes import audit_lately, begin_round, continue_round, is_round_unfinished
from incidents.services.audit_registry import all_rules
from incidents.services.audits import audit
from incidents.testing.factories import make_issue
from incidents.testing.ticket_events import ingest, make_event
from tracker import clock
from tracker.choices import Role
from tracker.models import Event, User
from tracker.testing.factories import make_user

pytestmark = pytest.mark.django_db
LIST = "admin:incidents_auditfinding_changelist"


def _client(role: str) -> Client:
    client = Client()
    client.force_login(make_user(role))
    return client


def _find(person: User) -> AuditFinding:
    now = clock.now()
    return AuditFinding.objects.create(
        rule="a person is in the one group of their role", subject_type="user", subject_id=str(person.pk),
        found_at=now, seen_at=now, details={"differences": ["<b>due_at</b> is wrong"]},
    )  # fmt: skip


def _post(client: Client, finding: AuditFinding, button: str) -> int:
    return client.post(reverse(f"admin:incidents_auditfinding_{button}", args=[finding.pk])).status_code


def test_maintainers_read_admins_settle_and_reporters_see_nothing():
    person = make_user()
    person.groups.clear()
    finding = _find(person)
    page = reverse("admin:incidents_auditfinding_change", args=[finding.pk])
    maintainer, admin, reporter = (_client(role) for role in (Role.MAINTAINER, Role.ADMIN, Role.REPORTER))
    assert f"user {person.pk}" in maintainer.get(reverse(LIST)).content.decode()
    text = maintainer.get(page).content.decode()
    assert "&lt;b&gt;due_at" in text
    assert "Accept as it is</button>" not in text
    assert _post(maintainer, finding, "repair") == _post(maintainer, finding, "accept") == 403
    assert reporter.get(page).status_code in (302, 403)
    assert "Repair</button>" in admin.get(page).content.decode()
    assert _post(admin, finding, "repair") == 302
    finding.refresh_from_db()
    assert (finding.state, finding.repairs) == (FindingState.REPAIRED, 1)
    assert [group.name for group in person.groups.all()] == [person.role]
    line = Event.objects.get(verb="audit.repaired")
    assert line.actor_id == User.objects.get(role=Role.ADMIN).pk


def test_what_is_accepted_is_not_told_again_until_it_was_gone():
    issue = make_issue()
    issue.spans.update(severity="critical")
    audit_lately()
    finding = AuditFinding.objects.get()
    client = _client(Role.ADMIN)
    assert "critical" not in client.get(reverse(LIST)).content.decode()
    assert _post(client, finding, "repair") == 302
    finding.refresh_from_db()
    assert finding.state == FindingState.OPEN
    client.post(reverse(LIST), {"action": "accept", "_selected_action": [finding.pk]})
    audit_lately()
    assert AuditFinding.objects.get().state == FindingState.ACCEPTED
    assert audit() == []
    issue.spans.update(severity=issue.severity)
    audit_lately()
    assert AuditFinding.objects.get().state == FindingState.GONE
    issue.spans.update(severity="critical")
    audit_lately()
    assert set(AuditFinding.objects.values_list("state", flat=True)) == {FindingState.GONE, FindingState.OPEN}
    assert [found.count for found in audit()] == [1]


def test_a_round_goes_on_where_it_was_and_counts_every_clock(monkeypatch):
    monkeypatch.setattr("incidents.services.audit_passes.SAMPLED_SLICE_ROWS", 1)
    ingest(*(make_event(f"T-{n}", "active", 10) for n in range(3)))
    sweep_due_clocks()
    begin_round()
    for _ in range(200):
        assert is_round_unfinished()
        assert continue_round(max_seconds=0) == 0
        if not is_round_unfinished():
            break
    assert not is_round_unfinished()
    assert continue_round(max_seconds=0) == 0
    assert audit() == []


def test_a_repair_that_does_not_help_is_tried_three_times(monkeypatch):
    issue = make_issue()
    issue.project.last_issue_number = 0
    issue.project.save()
    rule = "a project's next issue number is free"
    tried = []
    monkeypatch.setitem(audit_registry._rules, rule, replace(all_rules()[rule], repair=tried.append))
    for _ in range(5):
        audit_lately()
    assert len(tried) == AuditFinding.objects.get().repairs == 3
