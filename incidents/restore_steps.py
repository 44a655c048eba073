"""What becomes of deliveries and deadlines when a backup was restored."""

from incidents.services.alerts import sweep_due_clocks
from incidents.services.delivery_holds import hold_deliveries
from tracker.access import Actor
from tracker.backups.after_restore import Restored, Step, declare_step

# The worker goes on with what is left over.
MAX_SECONDS = 40


def _hold(actor: Actor, restored: Restored) -> str:
    count = hold_deliveries(actor=actor, backup_made_at=restored.made_at)
    return (
        f"Deliveries are held, {count} wait: what went out after the backup is not known here. "
        "release_deliveries lets them go."
    )


def _catch_up(actor: Actor, restored: Restored) -> str:
    """Fires what has come due since the backup, so that the auditor finds no deadline that nobody looked at."""
    count = sweep_due_clocks(max_seconds=MAX_SECONDS).clocks
    return f"{count} deadlines came due since the backup." if count else ""


declare_step(Step("hold deliveries", _hold))
declare_step(Step("catch up with deadlines", _catch_up))
