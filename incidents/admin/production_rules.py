"""Rules about production: when too little of it becomes an incident."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from incidents.admin.badges import severity_badge
from incidents.admin.hook_forms import label_enabled, live_categories
from incidents.models import ProductionRule
from incidents.services.production_rules import (
    FIELDS,
    create_production_rule,
    delete_production_rule,
    update_production_rule,
)
from tracker.admin.base import AccessAdmin, AccessForm, actor_of
from tracker.admin.formats import render_badge

HELP = {
    "factory": "Empty = each factory, also those to come.",
    "percent": "Of the goal; an actual below it is too little.",
    "points": "How many points in a row have to be too low. Points without a goal do not count.",
    "project": "Of the incidents it opens.",
}


class ProductionRuleForm(AccessForm):
    """Where, how little for how long, and what that becomes."""

    class Meta:
        model = ProductionRule
        fields = FIELDS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        label_enabled(self)
        for name, text in HELP.items():
            if name in self.fields:
                self.fields[name].help_text = text
        if "category" in self.fields:
            self.fields["category"].queryset = live_categories()  # type: ignore[attr-defined]

    def _post_clean(self) -> None:
        """Nothing: the service checks what a rule may be."""


@admin.register(ProductionRule)
class ProductionRuleAdmin(AccessAdmin[ProductionRule]):
    """Actual below a share of goal for some points in a row opens an incident; recovery resolves it."""

    resource = "production_rules"
    menu = ("Intake", 5)
    form = ProductionRuleForm
    list_display = ("name", "where_cell", "when_cell", "becomes_cell", "state_cell", "open_cell")
    list_select_related = ("factory", "category", "project")
    search_fields = ("name",)
    ordering = ("name",)
    autocomplete_fields = ("factory", "project")
    empty_hint = "No rule yet. Without one, nobody is told that a factory makes too little."

    def get_queryset(self, request: HttpRequest) -> QuerySet[ProductionRule]:
        """With how many factories are too low now."""
        return super().get_queryset(request).annotate(alarms=Count("watches", filter=Q(watches__is_alarmed=True)))

    def save_model(self, request: HttpRequest, obj: ProductionRule, form: Any, change: bool) -> None:
        """Writes through the service."""
        actor, values = actor_of(request), {name: form.cleaned_data[name] for name in FIELDS}
        if change:
            update_production_rule(actor=actor, rule=obj, changes=values)
        else:
            obj.pk = create_production_rule(actor=actor, values=values).pk

    def delete_model(self, request: HttpRequest, obj: ProductionRule) -> None:
        """Deletes through the service."""
        delete_production_rule(actor=actor_of(request), rule=obj)

    @admin.display(description="where")
    def where_cell(self, rule: ProductionRule) -> str:
        """Whose production."""
        return str(rule.factory or "each factory")

    @admin.display(description="when")
    def when_cell(self, rule: ProductionRule) -> str:
        """How little, for how long."""
        times = "at once" if rule.points == 1 else f"for {rule.points} points in a row"
        return f"below {rule.percent:g} % of goal {times}"

    @admin.display(description="becomes")
    def becomes_cell(self, rule: ProductionRule) -> SafeString:
        """What it opens."""
        where = f", {rule.project.key}" if rule.project else ""
        return format_html("{} {}{}", severity_badge(rule.severity), rule.category, where)

    @admin.display(description="state")
    def state_cell(self, rule: ProductionRule) -> SafeString:
        """Whether it looks."""
        return render_badge("On", "ok") if rule.is_enabled else render_badge("Off", "quiet")

    @admin.display(description="too low now")
    def open_cell(self, rule: Any) -> SafeString | str:
        """How many factories, with a way to what was opened."""
        if not rule.alarms:
            return "–"
        address = reverse("admin:incidents_incident_changelist")
        return format_html('<a href="{}?q=production+below">{}</a>', address, rule.alarms)
