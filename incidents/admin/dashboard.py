"""The first page's boxes: what needs somebody now, and whether the machinery runs."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import Min, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from incidents.admin.badges import alert_badge
from incidents.admin.facets import count_totals
from incidents.choices import AlertState, IssueStatus, Severity
from incidents.models import Alert, Clock, SLAConfigFile, Ticket, TicketStatus
from incidents.services.issues import visible_issues
from tracker import clock
from tracker.access import may
from tracker.admin.base import actor_of
from tracker.admin.paging import COUNT_CAP
from tracker.admin.site import Panel, TrackerAdminSite
from tracker.admin.tiles import find_tone

ROWS = 8
LIVE = ("ticket", "tickets", "alert")
HEAVY = ("search", "description", "attributes")
OPEN = [str(status) for status in IssueStatus if status != IssueStatus.DONE]
site: TrackerAdminSite = admin.site  # type: ignore[assignment]


def count_capped(rows: QuerySet[Any]) -> str:
    """A number, capped as on the lists: "10,000+"."""
    number = rows.order_by().values("pk")[: COUNT_CAP + 1].count()
    return f"{COUNT_CAP:,}+" if number > COUNT_CAP else f"{number:,}"


def tickets_panel(request: HttpRequest) -> Panel | None:
    """Open tickets by SLA state."""
    if not may(actor_of(request), "tickets", "list"):
        return None
    now = clock.now()
    is_open = Ticket.objects.filter(is_open=True)
    not_breached = Q(breach_at__gt=now) | Q(breach_at=None)
    address = reverse("admin:incidents_ticket_changelist")
    breach = count_capped(is_open.filter(breach_at__lte=now))
    alert = count_capped(is_open.filter(not_breached, alert_at__lte=now))
    figures = [
        ("Breach", find_tone("breach", breach), breach, f"{address}?sla=breach"),
        ("Alert", find_tone("alert", alert), alert, f"{address}?sla=alert"),
        ("Open", "ok", count_capped(is_open), address),
        ("Open and mine", "info", count_capped(is_open.filter(assignee=request.user.pk)), f"{address}?assigned=me"),
    ]
    context = {"figures": figures, "is_empty": not Ticket.objects.exists(), "site_url": settings.SITE_URL}
    return Panel("admin/incidents/panels/tickets.html", context, position=1, is_wide=True, live_types=LIVE)


def issues_panel(request: HttpRequest) -> Panel | None:
    """Issues that are not done, counted as on their list: in one statement, and not for ever."""
    actor = actor_of(request)
    if not may(actor, "issues", "list"):
        return None
    today, every = timezone.localdate(), visible_issues(actor).order_by()
    rows = every.exclude(status=IssueStatus.DONE)
    boxes = (
        # Named one by one, as the index by status and severity needs them.
        ("Critical", "breach", "?severity=critical", every.filter(status__in=OPEN, severity=Severity.CRITICAL)),
        ("Overdue", "alert", "?due=overdue", rows.filter(due_on__lt=today)),
        ("To triage", "alert", "?status=OPEN", rows.filter(status=IssueStatus.OPEN)),
        ("Not done", "ok", "", rows),
        ("Not done and mine", "info", "?assigned=me", rows.filter(assignee=request.user.pk)),
    )
    samples = count_totals([box[-1] for box in boxes])
    address = reverse("admin:incidents_issue_changelist")
    figures = [
        (words, find_tone(tone, sample.write(sample.total)), sample.write(sample.total), address + query)
        for (words, tone, query, _), sample in zip(boxes, samples, strict=True)
    ]
    context = {"figures": figures}
    return Panel("admin/incidents/panels/issues.html", context, position=3, is_wide=True, live_types=("issue",))


def alerts_panel(request: HttpRequest) -> Panel | None:
    """The newest alerts that nobody has acknowledged."""
    if not may(actor_of(request), "alerts", "list"):
        return None
    firing = Alert.objects.filter(state=AlertState.FIRING)
    rows = firing.select_related("ticket").defer(*(f"ticket__{name}" for name in HEAVY)).order_by("-id")[:ROWS]
    context: dict[str, Any] = {
        "alerts": [(alert, alert_badge(AlertState.FIRING, alert.sla_state)) for alert in rows],
        "count": count_capped(firing),
        "lag_seconds": _find_sweep_lag(),
    }
    return Panel("admin/incidents/panels/alerts.html", context, position=20, live_types=("alert",))


def _find_sweep_lag() -> float:
    """For how many seconds the longest waiting deadline has been due and not swept; 0 where none waits."""
    now = clock.now()
    earliest = Clock.objects.filter(next_check_at__lte=now).aggregate(earliest=Min("next_check_at"))["earliest"]
    return (now - earliest).total_seconds() if earliest else 0.0


def promises_panel(request: HttpRequest) -> Panel | None:
    """Words whose meaning was guessed, and the policy's file."""
    if not may(actor_of(request), "sla_policies", "list"):
        return None
    guessed = TicketStatus.objects.filter(is_guessed=True)
    context = {
        "statuses": guessed.order_by("key")[:ROWS],
        "count": guessed.count(),
        "path": settings.SLA_CONFIG_PATH,
        "file": SLAConfigFile.objects.filter(path=settings.SLA_CONFIG_PATH).first()
        if settings.SLA_CONFIG_PATH
        else None,
    }
    return Panel("admin/incidents/panels/promises.html", context, position=22, live_types=("status", "policy"))


for build in (tickets_panel, issues_panel, alerts_panel, promises_panel):
    site.add_panel(build)
