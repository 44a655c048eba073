"""A house in which every text means harm: rows of every kind, with texts past all the checks of the services."""

from collections.abc import Sequence

from incidents.choices import DeliveryStatus
from incidents.models import EnrichmentRun, Incident, IncidentCategory, IncidentLink, Issue, Tag
from incidents.rich_text import render_markdown
from incidents.services.incident_news import log_incident
from incidents.testing.factories import (
    make_alert,
    make_attachment,
    make_calendar,
    make_channel,
    make_comment,
    make_delivery,
    make_issue,
    make_issue_comment,
    make_policy,
    make_status,
    make_ticket,
)
from incidents.testing.incident_factories import make_incident, make_incident_comment, make_incident_file
from tracker.access import Actor
from tracker.choices import Role
from tracker.models import SavedView, User
from tracker.services.events import log_event
from tracker.testing.factories import make_notification, make_project, make_token_row, make_user

PAGES_WITH_VIEWS = ("issue", "ticket", "incident")


def poison_everything(texts: Sequence[str], *, reader: User, files: bool = True) -> Issue:
    """Rows with `texts` in every column that people or senders fill; `reader` is told, and owns, what one can own.

    Returns:
        the issue whose page shows each of the texts, as a comment at least.
    """
    texts = [text.replace("\0", "") for text in texts]
    people = [make_user(Role.MAINTAINER, full_name=text[:150]) for text in texts[:8]]
    projects = [make_project(name=text[:120], owner=people[n % len(people)]) for n, text in enumerate(texts[:8])]
    issues = [_issue(text, n, people, projects) for n, text in enumerate(texts)]
    whole = issues[-1]
    whole.watchers.add(reader)
    for number, text in enumerate(texts):
        make_issue_comment(whole, people[number % len(people)], text[:65_000])
        _log(whole, text)
    for text in texts[:12] if files else ():
        make_attachment(whole, name=(text[:140] or "x") + ".png")
    _tickets(texts, people)
    _incidents(texts[:16], people, whole, files=files)
    _belongings(texts, reader)
    return whole


def _issue(text: str, number: int, people: Sequence[User], projects: Sequence[object]) -> Issue:
    return make_issue(
        title=" ".join(text.split())[:300] or "x",
        description=text,
        description_html=render_markdown(text),
        project=projects[number % len(projects)],
        reporter=people[number % len(people)],
        assignee=people[-1 - number % len(people)],
        reporter_label=text[:120],
        tags=[Tag.objects.get_or_create(name=word)[0].name for word in [" ".join(text.lower().split())[:40]] if word],
    )


def _tickets(texts: Sequence[str], people: Sequence[User]) -> None:
    for number, text in enumerate(texts[:40]):
        ticket = make_ticket(
            title=text[:300], description=text, priority=text[:40] or "x", customer_tier=text[:40] or "x",
            status=text[:60] or "x", url="javascript:xssmark(1)", sender_assignee=text[:200],
            attributes={text[:60] or "x": text}, due_in_minutes=number - 20, assignee=people[number % len(people)],
        )  # fmt: skip
        make_comment(ticket, people[number % len(people)], text)
        if number < 8:
            make_status(f"{text[:50]} {number}")
            channel = make_channel(name=f"{text[:50]} {number}", last_error=text[:300], filters={"tiers": [text[:60]]})
            alert = make_alert(ticket, details={"note": text})
            make_delivery(
                channel, alert, status=DeliveryStatus.DEAD, next_attempt_at=None,
                payload={"headline": text, "text": text}, last_error=text[:300],
            )  # fmt: skip


def _incidents(texts: Sequence[str], people: Sequence[User], issue: Issue, *, files: bool) -> None:
    for number, text in enumerate(texts):
        kind = IncidentCategory.objects.create(key=f"kind_{number}", name=f"{text[:50]} {number}")
        incident, person = make_incident(), people[number % len(people)]
        Incident.objects.filter(pk=incident.pk).update(
            category=kind, title=" ".join(text.split())[:300] or "x", description=text,
            description_html=render_markdown(text), place=text[:300], reporter=person, assignee=person,
            reporter_label=text[:254], city=text[:120], region=text[:120], nearest_place=text[:200],
            latitude=1, longitude=number, attributes={text[:60]: text}, source=text[:90], source_id=str(number),
        )  # fmt: skip
        found = {"nearest_place": text, "data": {text[:60]: text}, "sources": [{"name": text, "as_of": text}]}
        EnrichmentRun.objects.filter(incident=incident).update(answer=found, error=text[:500], state="done")
        said = {"body_html": render_markdown(text[:65_000]), "is_internal": bool(number % 2)}
        make_incident_comment(incident, person, text[:65_000], **said)
        at = {"created_at": incident.created_at, "created_by": text[:120]}
        IncidentLink.objects.create(incident=incident, issue=issue, kind="relates", **at)
        if files:
            make_incident_file(incident, person, name=(text[:140] or "x") + ".png")
        log_incident(actor=Actor(label=text[:120], is_system=True), verb="incident.updated", incident=incident,
                     before={"title": text}, after={"title": text, "place": text})  # fmt: skip


def _belongings(texts: Sequence[str], reader: User) -> None:
    for number, text in enumerate(texts[:16]):
        make_token_row(reader, name=text[:80])
        make_notification(reader, headline=text[:200], body=text[:2000], actor_label=text[:120])
        page = PAGES_WITH_VIEWS[number % len(PAGES_WITH_VIEWS)]
        SavedView.objects.create(owner=reader, page=page, name=f"{text[:55]} {number}", query=f"q={text[:1000]}")
    make_policy(note=texts[0][:200])
    make_calendar(name=texts[0][:50])


def _log(issue: Issue, text: str) -> None:
    data = {"key": text, "project": issue.project_id, "reporter": issue.reporter_id}
    actor = Actor(label=text[:120], is_system=True)
    log_event(actor=actor, verb="issue.updated", obj=issue, before={"title": text}, after={"title": text}, data=data)
