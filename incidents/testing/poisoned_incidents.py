"""The incidents of a house in which every text means harm, and all that senders, mails and providers say of them."""

from collections.abc import Sequence

from incidents.choices import HookOutcome, HookTarget, MailOutcome, RunState
from incidents.models import (
    EnrichmentRun,
    Hook,
    HookCall,
    HookRule,
    HookSignal,
    Incident,
    IncidentCategory,
    MailMessage,
)
from incidents.rich_text import render_markdown
from incidents.services.incident_search import refresh_incident_search
from incidents.testing.incident_factories import make_incident, make_incident_comment, make_incident_file
from tracker import clock
from tracker.access import Actor
from tracker.services.events import log_event


def poison_incidents(texts: Sequence[str]) -> Incident:
    """Rows with `texts` in every column that strangers fill, past all the checks of the services.

    Returns:
        the incident whose page shows each of the texts, as a comment at least.
    """
    texts = [text.replace("\0", "") for text in texts]
    incidents = [_incident(text) for text in texts]
    IncidentCategory.objects.filter(key="theft").update(name=texts[0][:50])
    whole = incidents[-1]
    for text in texts:
        make_incident_comment(
            whole, None, text[:65_000], body_html=render_markdown(text[:65_000]), author_label=text[:200]
        )
        _log(whole, text)
    for text in texts[:8]:
        make_incident_file(whole, None, name=(text[:140] or "x") + ".png", uploader_label=text[:200])
    _enrich(whole, texts)
    _hooks(texts, incidents)
    for number, text in enumerate(texts[:12]):
        MailMessage.objects.create(
            message_digest=f"{number:064}", message_id=text[:400], sender=text[:250], subject=text[:300],
            received_at=clock.now(), size_bytes=1, outcome=MailOutcome.REFUSED, note=text[:500], incident=whole,
        )  # fmt: skip
    return whole


def _incident(text: str) -> Incident:
    incident = make_incident(latitude=48.4, longitude=10.9)
    words = " ".join(text.split()) or "x"
    Incident.objects.filter(pk=incident.pk).update(
        title=words[:300], description=text, description_html=render_markdown(text), place=text[:300],
        nearest_place=text[:100], city=text[:100], region=text[:100], reporter_label=text[:250], source=text[:60],
        source_id=f"{text[:80]} {incident.pk}", attributes={text[:60] or "x": text, "list": [text, {text[:9]: text}]},
    )  # fmt: skip
    refresh_incident_search([incident.pk])
    return incident


def _log(incident: Incident, text: str) -> None:
    data = {"key": text, "reporter": incident.reporter_id}
    facts = {"title": text, text[:60]: text}
    log_event(
        actor=Actor(label=text[:120]), verb="incident.updated", obj=incident, before=facts, after=facts, data=data
    )


def _enrich(incident: Incident, texts: Sequence[str]) -> None:
    """Answers of every provider, each value and name one of the texts."""
    answer = {
        **{text[:100] or "x": text for text in texts}, "city": texts[0], "country": texts[1], "timezone": texts[2],
        "data": {text[:100] or "x": [text, {text[:50]: text}] for text in texts},
        "sources": [{"name": text, "as_of": text} for text in texts[:3]],
        "similar": [{"id": incident.pk, "score": 0.9, "reasons": list(texts)}],
    }  # fmt: skip
    for provider in ("geoip", "place", "similar", "http"):
        values = {"state": RunState.DONE, "answer": answer, "error": texts[0][:500], "finished_at": clock.now()}
        EnrichmentRun.objects.update_or_create(incident=incident, provider=provider, defaults=values)


def _hooks(texts: Sequence[str], incidents: Sequence[Incident]) -> None:
    now = clock.now()
    for number, text in enumerate(texts[:12]):
        hook = Hook.objects.create(
            name=f"{text[:70]} {number}", kind="alertmanager", prefix=f"p{number}", digest=bytes([number]) * 32
        )
        HookRule.objects.create(
            hook=hook, position=number, name=text[:80], conditions={text[:100] or "x": text[:200]},
            target=HookTarget.INCIDENT, title_template=text[:300], severity_template=text[:300],
        )  # fmt: skip
        HookCall.objects.create(
            hook=hook, received_at=now, content_type=text[:100], headers={"user-agent": text}, body=text,
            body_digest="0" * 64, outcome=HookOutcome.NOTED, note=text[:500], delivery_id=text[:100],
        )  # fmt: skip
        HookSignal.objects.create(
            hook=hook, fingerprint=text[:200], incident=incidents[number], first_at=now, last_at=now
        )
