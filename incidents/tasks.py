"""What services ring for after a commit, by name."""

from tracker.bells import MAIL_PEOPLE, ring

SWEEP_SLA = "incidents.sweeps.sweep_sla"
DELIVER = "incidents.sweeps.deliver"
ENRICH = "incidents.sweeps.enrich"
REPLAY_TICKETS = "incidents.sweeps.replay_tickets"
RUN_TRIALS = "incidents.sweeps.run_trials"
CONTINUE_AUDIT = "incidents.sweeps.continue_audit"

__all__ = ["CONTINUE_AUDIT", "DELIVER", "ENRICH", "MAIL_PEOPLE", "REPLAY_TICKETS", "RUN_TRIALS", "SWEEP_SLA", "ring"]
