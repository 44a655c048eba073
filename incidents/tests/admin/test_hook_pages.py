"""Hooks, rules and calls in the back office: made by admins, read by maintainers, and no key is seen twice."""

import json
import re

import pytest
from django.test import Client

from incidents.admin.hook_signals import describe_signals
from incidents.models import Hook, HookCall, HookRule, Incident, Issue
from incidents.services.hook_rules import create_rule
from incidents.testing.hook_calls import SYSTEM, Sender, alert, group, issue_news
from tracker import clock
from tracker.models import Event

pytestmark = pytest.mark.django_db
HOOKS, RULES, CALLS = (f"/admin/incidents/{name}/" for name in ("hook", "hookrule", "hookcall"))
FORM = {"name": "prod", "kind": "github", "secret": "hush-hush", "rate_per_minute": "60", "is_enabled": "on"}
RULE = {
    "name": "ops", "conditions": "team = ops*\nseverity=page", "target": "issue", "title_template": "{title}",
    "severity_template": "", "is_enabled": "on",
}  # fmt: skip


def text_of(answer) -> str:
    return answer.content.decode()


def shown_address(answer) -> str:
    found = re.search(r'id="hook-address">https?://[^/]+([^<]+)<', text_of(answer))
    assert found is not None
    return found.group(1)


def test_an_address_is_shown_once_and_a_new_key_ends_the_old_one(admin_client: Client):
    answer = admin_client.post(f"{HOOKS}add/", FORM)
    assert "no-store" in answer["Cache-Control"]
    first = shown_address(answer)
    hook = Hook.objects.get()
    assert first.startswith(f"/v1/hooks/github/hook_{hook.prefix}_")
    sender = Sender("github")
    body = json.dumps(issue_news()).encode()
    assert sender.send(body, path=first, secret="hush-hush").status_code == 200
    second = shown_address(admin_client.post(f"{HOOKS}{hook.pk}/rotate/"))
    assert sender.send(body, path=first, secret="hush-hush").status_code == 404
    assert sender.send(body, path=second, secret="hush-hush").status_code == 200
    hook.refresh_from_db()
    key = second.removeprefix(f"/v1/hooks/github/hook_{hook.prefix}_")
    assert key != second
    for page in (HOOKS, f"{HOOKS}{hook.pk}/change/", f"{HOOKS}{hook.pk}/history/", CALLS, "/admin/"):
        text = text_of(admin_client.get(page))
        assert "hush-hush" not in text
        assert key not in text


def test_an_edit_without_a_secret_keeps_it(admin_client: Client):
    hook = Sender("github", name="old", secret="hush-hush").hook
    admin_client.post(f"{HOOKS}{hook.pk}/change/", {**FORM, "name": "new", "secret": "", "is_enabled": ""})
    hook.refresh_from_db()
    assert (hook.name, hook.secret, hook.is_enabled, hook.rate_per_minute) == ("new", "hush-hush", False, 60)
    assert "Off" in text_of(admin_client.get(HOOKS))


def test_what_a_hook_lacks_and_a_taken_name_are_told(admin_client: Client):
    assert "refuses every call" in text_of(admin_client.post(f"{HOOKS}add/", {**FORM, "secret": ""}))
    assert "No secret" in text_of(admin_client.get(HOOKS))
    answer = admin_client.post(f"{HOOKS}add/", FORM)
    assert "There is a hook named prod already." in text_of(answer)
    assert Hook.objects.count() == 1


def test_maintainers_look_at_hooks_and_change_nothing(maintainer_client: Client):
    sender = Sender("github")
    sender.send(issue_news())
    rule = create_rule(actor=SYSTEM, values={"name": "r", "target": "issue"})
    pages = [HOOKS, f"{HOOKS}{sender.hook.pk}/change/", RULES, f"{RULES}{rule.pk}/change/", CALLS, f"{RULES}try/"]
    assert {maintainer_client.get(page).status_code for page in pages} == {200}
    assert "formaction" not in text_of(maintainer_client.get(RULES))
    before = Event.objects.count()
    for page in (
        f"{HOOKS}add/", f"{HOOKS}{sender.hook.pk}/rotate/", f"{HOOKS}{sender.hook.pk}/delete/", f"{RULES}add/",
        f"{RULES}{rule.pk}/up/", f"{RULES}{rule.pk}/delete/", f"{HOOKS}{sender.hook.pk}/change/",
    ):  # fmt: skip
        assert maintainer_client.post(page, FORM).status_code == 403, page
    assert Event.objects.count() == before


def test_the_list_says_when_a_hook_was_throttled(maintainer_client: Client):
    hook = Sender("grafana").hook
    Hook.objects.filter(pk=hook.pk).update(throttled_at=clock.now(), throttled_count=1200)
    assert "ago</time>, 1,200 in all" in text_of(maintainer_client.get(HOOKS))


def test_rules_are_made_moved_and_deleted(admin_client: Client):
    for name in ("first", "second"):
        admin_client.post(f"{RULES}add/", {**RULE, "name": name})
    first, second = HookRule.objects.order_by("position")
    assert first.conditions == {"team": "ops*", "severity": "page"}
    assert "team = ops*, severity = page" in text_of(admin_client.get(RULES))
    assert admin_client.post(f"{RULES}{second.pk}/up/").status_code == 302
    assert list(HookRule.objects.values_list("name", flat=True)) == ["second", "first"]
    admin_client.post(f"{RULES}{first.pk}/change/", {**RULE, "name": "other", "conditions": ""})
    first.refresh_from_db()
    assert (first.name, first.conditions) == ("other", {})
    admin_client.post(f"{RULES}{second.pk}/delete/")
    assert HookRule.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "text", "message"),
    [
        ("title_template", "{label.a} {nope}", "{nope} is unknown"),
        ("conditions", "no equals sign", "Not “label = pattern”"),
        ("conditions", "a = 1\na = 2", "stands here twice"),
    ],
)
def test_what_is_wrong_with_a_rule_is_told_at_its_field(admin_client: Client, field, text, message):
    answer = admin_client.post(f"{RULES}add/", {**RULE, field: text})
    assert message in str(answer.context["adminform"].form.errors[field])
    assert not HookRule.objects.exists()


def test_rules_are_tried_on_a_call_and_nothing_is_written(maintainer_client: Client):
    sender = Sender()
    rule = {"name": "ops rule", "target": "issue", "conditions": {"alertname": "Disk*"}, "severity_template": "low"}
    create_rule(actor=SYSTEM, values={**rule, "title_template": "[{label.instance}] {title}"})
    before = Event.objects.count()
    body = json.dumps(group(alert(), alert("Load")))
    page = text_of(maintainer_client.post(f"{RULES}try/", {"hook": sender.hook.pk, "body": body}))
    assert "[db1] DiskFull on db1" in page
    assert "ops rule" in page
    assert "none matches" in page
    assert "Outage" in page
    assert (Incident.objects.count(), HookCall.objects.count(), Event.objects.count()) == (0, 0, before)
    assert "understood" in text_of(maintainer_client.post(f"{RULES}try/", {"hook": sender.hook.pk, "body": "{}"}))
    assert "not valid JSON" in text_of(maintainer_client.post(f"{RULES}try/", {"hook": sender.hook.pk, "body": "{"}))


def test_a_call_is_shown_as_text_and_begins_a_trial(maintainer_client: Client):
    sender = Sender("github")
    sender.send(issue_news(body="</pre><script>alert(1)</script>"), event="issues")
    call = HookCall.objects.get()
    page = text_of(maintainer_client.get(f"{CALLS}{call.pk}/change/"))
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
    assert "x-github-event" in page
    trial = maintainer_client.get(f"{RULES}try/?call={call.pk}")
    assert trial.context["form"].initial == {"hook": sender.hook.pk, "body": call.body, "event": "issues"}
    for query in ("outcome=refused", f"hook={Sender().hook.pk}", "q=nothing"):
        assert "Nothing matches" in text_of(maintainer_client.get(f"{CALLS}?{query}"))
    assert str(call.pk) in text_of(maintainer_client.get(f"{CALLS}?outcome=taken&hook={sender.hook.pk}&q={call.pk}"))


def test_an_issue_shows_its_signals(maintainer_client: Client):
    sender = Sender("github", name="doors of acme")
    sender.tell(issue_news())
    page = text_of(maintainer_client.get(f"/admin/incidents/issue/{Issue.objects.get().pk}/change/"))
    assert 'id="signals"' in page
    assert "doors of acme" in page
    assert "acme/doors#7" in page


def test_an_incident_shows_its_signals(django_assert_num_queries):
    sender = Sender(name="prod")
    for _ in range(2):
        sender.tell(group(alert(fingerprint="abc")))
    incident = Incident.objects.get()
    with django_assert_num_queries(1):
        (row,) = describe_signals(incident)
    assert (row.hook, row.kind, row.fingerprint, row.count) == ("prod", "Prometheus Alertmanager", "abc", 2)
    assert "Firing" in row.badge
