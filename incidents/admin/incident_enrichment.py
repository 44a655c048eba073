"""The part of an incident's page that tells what Tracker found out about it, and has it look anew."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString

from incidents import enrichment
from incidents.choices import EnrichmentState, RunState
from incidents.models import EnrichmentRun, Incident
from incidents.services.enrichments import ask_enrichment
from tracker.admin.base import AccessAdmin, actor_of
from tracker.admin.formats import render_badge

RUN_TONES = {
    RunState.PENDING: "info",
    RunState.RUNNING: "info",
    RunState.DONE: "ok",
    RunState.SKIPPED: "quiet",
    RunState.FAILED: "breach",
}
ENRICHMENT_TONES = {
    EnrichmentState.NEW: "info",
    EnrichmentState.ENRICHING: "info",
    EnrichmentState.ENRICHED: "ok",
    EnrichmentState.FAILED: "breach",
}
FACT_WORDS = {
    "city": "City",
    "region": "Region",
    "country": "Country",
    "accuracy_km": "Accurate to (km)",
    "former": "Before",
    "nearest_place": "Nearest place",
    "distance_km": "Distance (km)",
    "timezone": "Time zone",
}
MAX_FACTS = 30
MAX_VALUE_CHARACTERS = 200


class IncidentEnrichment(AccessAdmin[Incident]):
    """The address behind the button."""

    def get_urls(self) -> list[Any]:
        """What people do, each an address of its own."""
        return [self.page_url("enrich", self.enrich_view), *super().get_urls()]

    def enrich_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Has every provider look again."""
        return self.run_for_one(
            request, object_id, "update",
            lambda incident: ask_enrichment(actor=actor_of(request), incident=incident),
            "It is being looked up anew.",
        )  # fmt: skip


def enrichment_badge(state: str) -> SafeString:
    """How far Tracker is with finding out more."""
    known = EnrichmentState(state)
    return render_badge(str(known.label), ENRICHMENT_TONES[known])


def describe_enrichments(incident: Incident) -> list[dict[str, Any]]:
    """What each provider found out, in two queries: for admin/incidents/incident/enrichment.html."""
    runs = list(EnrichmentRun.objects.filter(incident=incident).order_by("pk"))
    similar = {one["id"] for run in runs for one in run.answer.get("similar", ())}
    others = Incident.objects.filter(pk__in=similar).only("title").in_bulk() if similar else {}
    return [_describe(run, others) for run in runs]


def _describe(run: EnrichmentRun, others: Mapping[int, Incident]) -> dict[str, Any]:
    known = RunState(run.state)
    found = run.answer.get("similar", ())
    return {
        "label": enrichment.LABELS.get(run.provider, run.provider),
        "badge": render_badge(str(known.label), RUN_TONES[known]),
        "error": run.error,
        "attempts": run.attempts,
        "next_attempt_at": run.next_attempt_at if known == RunState.PENDING else None,
        "finished_at": run.finished_at,
        "facts": list(_facts(run.answer)),
        "sources": run.answer.get("sources", ()),
        "has_found": run.provider == "similar" and known == RunState.DONE,
        "similar": [
            {"incident": others[one["id"]], "percent": round(one["score"] * 100), "reasons": one["reasons"]}
            for one in found
            if one["id"] in others
        ],
    }


def _facts(answer: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The facts of an answer in words. What an outside provider says is shown under its own names, the simple ones."""
    told = {FACT_WORDS[name]: value for name, value in answer.items() if name in FACT_WORDS}
    outside = answer.get("data", {})
    told |= {str(name)[:60]: value for name, value in outside.items() if isinstance(value, str | int | float)}
    for name, value in list(told.items())[:MAX_FACTS]:
        if value not in (None, ""):
            text = ", ".join(str(part) for part in value.values()) if isinstance(value, dict) else str(value)
            yield name, text[:MAX_VALUE_CHARACTERS]
