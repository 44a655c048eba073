"""Tables of what happened and whether it is dealt with in time; import them from here."""

from incidents.models.alerts import Alert
from incidents.models.channels import Channel, Delivery
from incidents.models.comments import TicketComment
from incidents.models.sla import Calendar, Clock, EscalationStep, PolicyRule, PolicyVersion, SLAConfigFile
from incidents.models.tickets import Ticket, TicketEvent, TicketStatus

__all__ = [
    "Alert",
    "Calendar",
    "Channel",
    "Clock",
    "Delivery",
    "EscalationStep",
    "PolicyRule",
    "PolicyVersion",
    "SLAConfigFile",
    "Ticket",
    "TicketComment",
    "TicketEvent",
    "TicketStatus",
]
