"""Tables of what happened and whether it is dealt with in time; import them from here."""

from incidents.models.alerts import Alert
from incidents.models.attachments import Attachment
from incidents.models.channels import Channel, Delivery
from incidents.models.comments import Comment
from incidents.models.issues import FormerKey, Issue, IssueLink, IssueSpan, Tag
from incidents.models.sla import Calendar, Clock, EscalationStep, PolicyRule, PolicyVersion, SLAConfigFile
from incidents.models.tickets import Ticket, TicketEvent, TicketStatus

__all__ = [
    "Alert",
    "Attachment",
    "Calendar",
    "Channel",
    "Clock",
    "Comment",
    "Delivery",
    "EscalationStep",
    "FormerKey",
    "Issue",
    "IssueLink",
    "IssueSpan",
    "PolicyRule",
    "PolicyVersion",
    "SLAConfigFile",
    "Tag",
    "Ticket",
    "TicketEvent",
    "TicketStatus",
]
