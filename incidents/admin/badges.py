"""The states of issues, tickets, alerts, channels and deliveries in words and tones."""

from django.utils.safestring import SafeString

from incidents.choices import AlertState, DeliveryStatus, HookOutcome, IssueStatus, MailOutcome, Severity, SLAState
from incidents.models import Channel, Ticket
from tracker import clock
from tracker.admin.formats import render_badge

SLA_TONES = {SLAState.OK: "ok", SLAState.ALERT: "alert", SLAState.BREACH: "breach"}
DELIVERY_TONES = {
    DeliveryStatus.PENDING: "info",
    DeliveryStatus.LEASED: "info",
    DeliveryStatus.SENT: "ok",
    DeliveryStatus.DEAD: "breach",
    DeliveryStatus.CANCELLED: "quiet",
}
ISSUE_TONES = {
    IssueStatus.OPEN: "alert",
    IssueStatus.TRIAGED: "info",
    IssueStatus.IN_PROGRESS: "info",
    IssueStatus.DONE: "ok",
}
SEVERITY_TONES = {
    Severity.LOW: "quiet",
    Severity.MEDIUM: "info",
    Severity.HIGH: "alert",
    Severity.CRITICAL: "breach",
}
CALL_TONES = {HookOutcome.TAKEN: "ok", HookOutcome.NOTED: "alert", HookOutcome.REFUSED: "breach"}
MAIL_TONES = {
    MailOutcome.INCIDENT: "ok",
    MailOutcome.ISSUE: "ok",
    MailOutcome.COMMENT: "ok",
    MailOutcome.BOUNCE: "alert",
    MailOutcome.LOOP: "quiet",
    MailOutcome.DUPLICATE: "quiet",
    MailOutcome.REFUSED: "breach",
}


def issue_badge(status: str) -> SafeString:
    """An issue's status."""
    known = IssueStatus(status)
    return render_badge(str(known.label), ISSUE_TONES[known])


def severity_badge(severity: str) -> SafeString:
    """How bad an issue is."""
    known = Severity(severity)
    return render_badge(str(known.label), SEVERITY_TONES[known])


def render_sla_badge(ticket: Ticket, *, is_missed: bool = False) -> SafeString:
    """OK, Alert, Breach, No SLA; for closed tickets whether the promises were met."""
    if not ticket.has_sla:
        return render_badge("No SLA", "quiet")
    if not ticket.is_open:
        return render_badge("Missed", "breach") if is_missed else render_badge("Met", "quiet")
    state = ticket.sla_state
    return render_badge(str(state.label), SLA_TONES[state])


def alert_badge(state: AlertState, sla_state: str) -> SafeString:
    """An alert's state; one that still fires has the tone of what was crossed."""
    if state == AlertState.FIRING:
        return render_badge(str(state.label), SLA_TONES[SLAState(sla_state)])
    return render_badge(str(state.label), "info" if state == AlertState.ACKED else "quiet")


def delivery_badge(status: str) -> SafeString:
    """A delivery's status."""
    known = DeliveryStatus(status)
    return render_badge(str(known.label), DELIVERY_TONES[known])


def channel_badge(channel: Channel) -> SafeString:
    """Whether a channel can be heard."""
    if channel.deleted_at is not None:
        return render_badge("Deleted", "quiet")
    if not channel.is_enabled:
        return render_badge("Disabled", "quiet")
    if channel.muted_until and channel.muted_until > clock.now():
        return render_badge("Muted", "info")
    if channel.consecutive_failures:
        return render_badge("Failing", "breach")
    return render_badge("Healthy", "ok") if channel.last_success_at else render_badge("Not tried", "quiet")


def call_badge(outcome: str) -> SafeString:
    """What became of a hook's call."""
    known = HookOutcome(outcome)
    return render_badge(str(known.label), CALL_TONES[known])


def mail_badge(outcome: str) -> SafeString:
    """What became of a mail."""
    known = MailOutcome(outcome)
    return render_badge(str(known.label), MAIL_TONES[known])
