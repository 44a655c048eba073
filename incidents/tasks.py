"""What services ring for after a commit, by name."""

from tracker.bells import MAIL_PEOPLE, ring

SWEEP_SLA = "incidents.sweeps.sweep_sla"
DELIVER = "incidents.sweeps.deliver"
REPLAY_TICKETS = "incidents.sweeps.replay_tickets"

__all__ = ["DELIVER", "MAIL_PEOPLE", "REPLAY_TICKETS", "SWEEP_SLA", "ring"]
