"""Rules: the first that matches says what a signal becomes, and under which title and severity."""

import pytest

from incidents.intake.hooks.matching import matches
from incidents.intake.hooks.severities import read_severity
from incidents.intake.hooks.templates import check_template, fill_template
from incidents.models import HookRule, Incident, IncidentCategory, Issue
from incidents.services.hook_rules import create_rule, delete_rule, move_rule, update_rule
from incidents.services.hooks import create_hook, delete_hook, rotate_hook, update_hook
from incidents.testing.hook_calls import SYSTEM, Sender, alert, group
from incidents.testing.incident_factories import category_of
from tracker import clock
from tracker.access import Actor
from tracker.choices import Role
from tracker.exceptions import InvalidInput, PermissionDenied
from tracker.models import Event
from tracker.testing.factories import make_project, make_user

LABELS = {"alertname": "DiskFull", "team": "Ops", "empty": ""}


@pytest.mark.parametrize(
    ("conditions", "is_met"),
    [
        ({}, True),
        ({"alertname": "disk*"}, True),
        ({"alertname": "Disk????", "team": "ops"}, True),
        ({"alertname": "Disk*", "team": "dev"}, False),
        ({"alertname": "Disk"}, False),
        ({"nothing": ""}, True),
        ({"nothing": "?*"}, False),
        ({"empty": "*"}, True),
        ({"team": "[no]ps"}, True),
        ({"team": "*" * 200 + "x"}, False),
    ],
)
def test_all_conditions_must_match(conditions, is_met):
    assert matches(conditions, LABELS) is is_met


def test_a_template_looks_up_and_evaluates_nothing():
    values = {"title": "T {x}", "label.a.b": "B"}
    template = check_template("{title}: {label.a.b} {label.c|unknown} {label.d}{{}}")
    assert fill_template(template, values) == "T {x}: B unknown {}"


@pytest.mark.parametrize("template", ["{nope}", "{title.__class__}", "{0}", "{}", "{label.}", "{", "a}", "{a{b}}"])
def test_a_template_with_an_unknown_placeholder_is_refused(template):
    with pytest.raises(ValueError, match=r"unknown|brace"):
        check_template(template)


@pytest.mark.parametrize(
    ("word", "severity"), [("Page", "critical"), ("err", "high"), ("WARNING", "medium"), ("info", "low"), ("blue", "")]
)
def test_words_of_many_senders_are_one_of_four(word, severity):
    assert read_severity(word) == severity


@pytest.mark.django_db
def test_the_first_rule_that_matches_decides():
    sender, project = Sender(), make_project()
    rule = {"conditions": {"team": "ops"}, "target": "issue", "project": project}
    templates = {"title_template": "{label.team}: {title}", "severity_template": "{label.impact|low}"}
    create_rule(actor=SYSTEM, values={"name": "other hook", "target": "ignore", "hook": Sender().hook})
    create_rule(actor=SYSTEM, values={"name": "quiet", "target": "ignore", "conditions": {"alertname": "Watchdog"}})
    create_rule(actor=SYSTEM, values={"name": "ops", **rule, **templates})
    create_rule(actor=SYSTEM, values={"name": "off", "target": "ignore", "is_enabled": False})
    results = sender.tell(group(alert("Watchdog"), alert(labels={"team": "Ops"}), alert("Plain")))
    assert [one["result"] for one in results] == ["ignored", "opened", "opened"]
    issue = Issue.objects.get()
    assert (issue.title, issue.severity, issue.project) == ("Ops: DiskFull on db1", "low", project)
    assert Incident.objects.get().title == "Plain on db1"


@pytest.mark.django_db
def test_a_hook_and_a_rule_name_the_category_and_what_was_archived_since_is_nobodys():
    safety, vandalism = category_of("safety"), category_of("vandalism")
    sender, project = Sender(category=safety), make_project()
    rule = {"name": "v", "target": "incident", "conditions": {"alertname": "V"}, "category": vandalism}
    create_rule(actor=SYSTEM, values={**rule, "project": project})
    sender.tell(group(alert("S"), alert("V")))
    assert set(Incident.objects.values_list("category__key", flat=True)) == {"safety", "vandalism"}
    IncidentCategory.objects.filter(pk=safety.pk).update(archived_at=clock.now())
    type(project).objects.filter(pk=project.pk).update(archived_at=clock.now())
    sender.tell(group(alert("S2"), alert("V", labels={"x": "2"})))
    assert Incident.objects.get(title__startswith="S2").category.key == "outage"
    assert Incident.objects.filter(category=vandalism, project=None).count() == 1


@pytest.mark.django_db
def test_rules_change_places():
    first, second, third = (create_rule(actor=SYSTEM, values={"name": name, "target": "issue"}) for name in "abc")
    move_rule(actor=SYSTEM, rule=third, is_up=True)
    move_rule(actor=SYSTEM, rule=first, is_up=True)
    move_rule(actor=SYSTEM, rule=second, is_up=False)
    assert list(HookRule.objects.values_list("name", "position")) == [("a", 1), ("c", 2), ("b", 3)]


@pytest.mark.django_db
def test_each_wrong_field_is_named():
    with pytest.raises(InvalidInput) as refused:
        create_rule(
            actor=SYSTEM,
            values={"name": " ", "target": "moon", "title_template": "{x}", "conditions": {"a": 1}, "position": 3},
        )
    named = {detail.field for detail in refused.value.details}
    assert named == {"name", "target", "title_template", "conditions", "position"}
    with pytest.raises(InvalidInput) as refused:
        create_hook(actor=SYSTEM, values={"kind": "fax", "rate_per_minute": 0, "secret": "x" * 300, "digest": b""})
    assert {detail.field for detail in refused.value.details} == {"name", "kind", "rate_per_minute", "secret", "digest"}


@pytest.mark.django_db
def test_only_admins_make_and_change_hooks_and_rules():
    sender = Sender()
    rule = create_rule(actor=SYSTEM, values={"name": "r", "target": "issue"})
    for role in (Role.REPORTER, Role.MAINTAINER):
        actor = Actor.of_user(make_user(role))
        for work in (
            lambda a=actor: create_hook(actor=a, values={"name": "x", "kind": "github"}),
            lambda a=actor: update_hook(actor=a, hook=sender.hook, changes={"name": "x"}),
            lambda a=actor: rotate_hook(actor=a, hook=sender.hook),
            lambda a=actor: delete_hook(actor=a, hook=sender.hook),
            lambda a=actor: create_rule(actor=a, values={"name": "x", "target": "issue"}),
            lambda a=actor: update_rule(actor=a, rule=rule, changes={"name": "x"}),
            lambda a=actor: move_rule(actor=a, rule=rule, is_up=True),
            lambda a=actor: delete_rule(actor=a, rule=rule),
        ):
            with pytest.raises(PermissionDenied):
                work()


@pytest.mark.django_db
def test_the_log_tells_of_hooks_and_never_of_their_secrets():
    admin = Actor.of_user(make_user(Role.ADMIN))
    hook, key = create_hook(actor=admin, values={"name": "h", "kind": "github", "secret": "not-for-the-log"})
    update_hook(actor=admin, hook=hook, changes={"secret": "another-secret", "rate_per_minute": 5})
    newer = rotate_hook(actor=admin, hook=hook)
    delete_hook(actor=admin, hook=hook)
    events = list(Event.objects.filter(object_type="hook").order_by("id"))
    assert [event.verb for event in events] == ["hook.created", "hook.updated", "hook.rotated", "hook.deleted"]
    told = str([(event.before, event.after, event.data) for event in events])
    for secret in ("not-for-the-log", "another-secret", key.rpartition("_")[2], newer.rpartition("_")[2]):
        assert secret not in told
