"""Tables of what happened and whether it is dealt with in time; import them from here."""

from incidents.models.alerts import Alert
from incidents.models.attachments import Attachment
from incidents.models.audits import AuditFinding, AuditMark
from incidents.models.channels import Channel, Delivery, DeliveryHold
from incidents.models.comments import Comment
from incidents.models.enrichment import EnrichmentRun, LookUp
from incidents.models.forecasts import ForecastCurve, TicketForecast
from incidents.models.hooks import Hook, HookCall, HookRule, HookSignal
from incidents.models.incidents import (
    Incident,
    IncidentAnalysis,
    IncidentCategory,
    IncidentLink,
    IncidentSpan,
)
from incidents.models.issues import FormerKey, Issue, IssueLink, IssueSpan, Tag
from incidents.models.mail import MailMessage
from incidents.models.policy_trials import PolicyTrial
from incidents.models.production import ProductionRule, ProductionWatch
from incidents.models.sla import Calendar, Clock, EscalationStep, PolicyRule, PolicyVersion, SLAConfigFile
from incidents.models.tickets import Ticket, TicketEvent, TicketStatus

__all__ = [
    "Alert",
    "Attachment",
    "AuditFinding",
    "AuditMark",
    "Calendar",
    "Channel",
    "Clock",
    "Comment",
    "Delivery",
    "DeliveryHold",
    "EnrichmentRun",
    "EscalationStep",
    "ForecastCurve",
    "FormerKey",
    "Hook",
    "HookCall",
    "HookRule",
    "HookSignal",
    "Incident",
    "IncidentAnalysis",
    "IncidentCategory",
    "IncidentLink",
    "IncidentSpan",
    "Issue",
    "IssueLink",
    "IssueSpan",
    "LookUp",
    "MailMessage",
    "PolicyRule",
    "PolicyTrial",
    "PolicyVersion",
    "ProductionRule",
    "ProductionWatch",
    "SLAConfigFile",
    "Tag",
    "Ticket",
    "TicketEvent",
    "TicketForecast",
    "TicketStatus",
]
