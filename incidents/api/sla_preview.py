"""/v1/sla/preview: what another policy or calendar would do, worked out in the background, and published from there."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from incidents.api.sla import EXAMPLE, WholePolicyVersionSerializer
from incidents.choices import AppliesTo, TrialState
from incidents.models import PolicyTrial
from incidents.services.policy_documents import prefetch_rules
from incidents.services.policy_trials import (
    BACKTEST_DAYS,
    MOST_BACKTEST_DAYS,
    apply_trial,
    delete_trial,
    request_calendar_trial,
    request_policy_trial,
    visible_trials,
)
from incidents.services.policy_versions import visible_versions
from tracker.api.serializers import StrictModelSerializer, StrictSerializer
from tracker.api.viewsets import ApiViewSet, ListMixin

CALENDARS_EXAMPLE = '{"office": {"timezone": "Europe/Berlin", "hours": {"mon": [["09:00", "17:00"]]}}}'
RESULT_HELP = (
    "Null until ready. `open_tickets` has one part for each way of publishing (new, open, rebase), each with `totals`, "
    "`groups` by tier and priority, and `examples`; `backtest` has `totals` and `groups` of verdicts as judged and as "
    "they would have been under the change. docs/sla.md says what each figure means."
)


class ProgressSerializer(serializers.Serializer[Any]):
    """How many tickets have been looked at."""

    done = serializers.IntegerField(source="progress_done")
    total = serializers.IntegerField(source="progress_total")


class PreviewSerializer(StrictModelSerializer[PolicyTrial]):
    """A preview in a list."""

    state = serializers.ChoiceField(choices=TrialState.choices)
    progress = ProgressSerializer(source="*")
    based_on = serializers.IntegerField(source="based_on.number", default=None, help_text="the newest version then")
    published_as = serializers.IntegerField(source="published_as.number", default=None)
    owner: Any = serializers.SlugRelatedField(slug_field="email", read_only=True)

    class Meta:
        model = PolicyTrial
        fields = [
            "id", "state", "progress", "calendar", "applies_to", "effective_at", "backtest_days", "note", "based_on",
            "published_as", "owner", "error", "created_at", "started_at", "finished_at",
        ]  # fmt: skip
        read_only_fields = fields


class WholePreviewSerializer(PreviewSerializer):
    """A preview with the policy that is tried, and its figures."""

    policy = serializers.DictField(source="document", help_text="rules, calendars and steps")
    result = serializers.DictField(allow_null=True, help_text=RESULT_HELP)

    class Meta(PreviewSerializer.Meta):
        fields = [*PreviewSerializer.Meta.fields, "policy", "result"]
        read_only_fields = fields


class NewPreviewSerializer(StrictSerializer):
    """What to try: a whole `policy`, or other `calendars` within the newest policy, each as in the SLA file."""

    policy = serializers.DictField(required=False, help_text=EXAMPLE)
    calendars = serializers.DictField(required=False, allow_empty=False, help_text=CALENDARS_EXAMPLE)
    backtest_days = serializers.IntegerField(required=False, min_value=1, max_value=MOST_BACKTEST_DAYS)
    note = serializers.CharField(required=False, allow_blank=True, max_length=300)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """One of both."""
        if ("policy" in attrs) == ("calendars" in attrs):
            raise serializers.ValidationError({"policy": "Give a policy or calendars, and not both."})
        return attrs


class ApplySerializer(StrictSerializer):
    """How to publish what was tried."""

    applies_to = serializers.ChoiceField(choices=AppliesTo.choices)
    note = serializers.CharField(required=False, allow_blank=True, max_length=300)


class PreviewFilterSet(filters.FilterSet):
    """What a list of previews may be narrowed by."""

    state = filters.ChoiceFilter(choices=TrialState.choices)

    class Meta:
        model = PolicyTrial
        fields: Sequence[str] = ()


class PreviewViewSet(ListMixin, ApiViewSet[PolicyTrial]):
    """Previews: asked for and published by those who may publish, read by those who may read the policy."""

    resource = "sla_policies"
    serializer_class = PreviewSerializer
    filterset_class = PreviewFilterSet
    ordering_fields: Mapping[str, str] = {"id": "id"}
    ordering: Sequence[str] = ("-id",)
    # What no answer shows.
    etag_exclude = ("work", "lease", "leased_until", "attempts")

    def get_queryset(self) -> QuerySet[PolicyTrial]:
        """The previews that the caller may know of; lists go without the large parts."""
        rows = visible_trials(self.actor).select_related("based_on", "published_as", "owner").defer("work")
        return rows.defer("work", "document", "result") if self.action == "list" else rows

    @extend_schema(responses=WholePreviewSerializer)
    def retrieve(self, request: Request, pk: str) -> Response:
        """One preview: how far it is, and its figures once it is ready."""
        return self._tell(self.get_object())

    @extend_schema(request=NewPreviewSerializer, responses={202: WholePreviewSerializer})
    def create(self, request: Request) -> Response:
        """Asks for a preview; `Location` is where to ask how far it is. Nothing of any ticket changes."""
        given = self.valid(NewPreviewSerializer)
        options: dict[str, Any] = {
            "actor": self.actor,
            "note": given.get("note", ""),
            "backtest_days": given.get("backtest_days", BACKTEST_DAYS),
        }
        if "policy" in given:
            trial = request_policy_trial(text=json.dumps(given["policy"], ensure_ascii=False), **options)
        else:
            trial = request_calendar_trial(calendars=given["calendars"], **options)
        return self._tell(trial, status=202, headers={"Location": f"/v1/sla/preview/{trial.pk}"})

    @extend_schema(request=ApplySerializer, responses={201: WholePolicyVersionSerializer})
    @action(detail=True, methods=["post"], access="create")
    def apply(self, request: Request, pk: str) -> Response:
        """Publishes what was tried, while the policy is the one that it was compared with; else 409."""
        given = self.valid(ApplySerializer)
        version = apply_trial(
            actor=self.actor, trial=self.get_object(), applies_to=given["applies_to"], note=given.get("note", "")
        )
        whole = visible_versions(self.actor).prefetch_related(prefetch_rules(), "steps").get(pk=version.pk)
        headers = {"Location": f"/v1/sla/policies/{version.number}"}
        return Response(WholePolicyVersionSerializer(whole).data, status=201, headers=headers)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Takes a preview away; one that is being worked out stops."""
        delete_trial(actor=self.actor, trial=self.get_object())
        return Response(status=204)

    def _tell(self, trial: PolicyTrial, **options: Any) -> Response:
        headers = {"ETag": self.etag(trial), **options.pop("headers", {})}
        return Response(WholePreviewSerializer(trial).data, headers=headers, **options)
