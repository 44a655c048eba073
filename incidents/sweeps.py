"""What beat calls, and what services ring for. Each looks in the database for its work, so any ring may be lost."""

from celery import shared_task

from incidents.services.alerts import sweep_due_clocks
from incidents.services.audit_passes import audit_lately, begin_round, continue_round
from incidents.services.channels import ensure_configured_channel
from incidents.services.enriching import enrich_due
from incidents.services.forecasts import refresh_forecasts
from incidents.services.mail_poll import poll_mailbox
from incidents.services.mailings import mail_people_due
from incidents.services.orphans import sweep_orphan_files
from incidents.services.policy_trial_runs import run_waiting_trials
from incidents.services.policy_versions import ensure_default_policy
from incidents.services.production_watch import watch_production as watch_new_points
from incidents.services.replays import replay_requested
from incidents.services.sending import deliver_due
from incidents.services.sla_file import reload_sla_file
from tracker.heartbeats import run_sweep

# Below the tasks' soft time limit: what is left over is rung for again.
MAX_SECONDS = 40


@shared_task(name="incidents.sweeps.sweep_sla")
def sweep_sla() -> int:
    """Fires the alerts of every threshold that has been crossed; answers how many clocks were due."""
    with run_sweep("sweep_sla") as run:
        # Before anything fires, so that the first alert of a new installation finds its way.
        ensure_configured_channel()
        run.rows = sweep_due_clocks(max_seconds=MAX_SECONDS).clocks
    return run.rows


@shared_task(name="incidents.sweeps.deliver")
def deliver() -> int:
    """Sends the deliveries that are due; answers how many ended."""
    with run_sweep("deliver") as run:
        run.rows = deliver_due().finished
    return run.rows


@shared_task(name="incidents.sweeps.enrich")
def enrich() -> int:
    """Finds out more about incidents; answers how many look-ups ended."""
    with run_sweep("enrich") as run:
        run.rows = enrich_due()
    return run.rows


@shared_task(name="incidents.sweeps.mail_people")
def mail_people() -> int:
    """Writes the letters that are due; answers how many."""
    with run_sweep("mail_people") as run:
        run.rows = mail_people_due(max_seconds=MAX_SECONDS)
    return run.rows


@shared_task(name="incidents.sweeps.replay_tickets")
def replay_tickets() -> int:
    """Judges anew the tickets that wait for it; answers how many."""
    with run_sweep("replay_tickets") as run:
        run.rows = replay_requested(max_seconds=MAX_SECONDS)
    return run.rows


@shared_task(name="incidents.sweeps.run_trials")
def run_trials() -> int:
    """Works out previews of policies, a slice at a time; answers how many ended."""
    with run_sweep("run_trials") as run:
        run.rows = run_waiting_trials(max_seconds=MAX_SECONDS)
    return run.rows


@shared_task(name="incidents.sweeps.forecast")
def forecast() -> int:
    """Says anew how likely open tickets break a promise; answers of how many."""
    with run_sweep("forecast") as run:
        run.rows = refresh_forecasts(max_seconds=MAX_SECONDS)
    return run.rows


@shared_task(name="incidents.sweeps.watch_production")
def watch_production() -> int:
    """Judges new points of production by its rules; answers how many points."""
    with run_sweep("watch_production") as run:
        run.rows = watch_new_points(max_seconds=MAX_SECONDS).points
    return run.rows


@shared_task(name="incidents.sweeps.reload_sla")
def reload_sla() -> int:
    """Applies the SLA file, or the settings' thresholds where there is none; answers how many versions it published."""
    with run_sweep("reload_sla") as run:
        ensure_default_policy()
        run.rows = int(reload_sla_file() is not None)
    return run.rows


@shared_task(name="incidents.sweeps.audit")
def audit() -> int:
    """Asks whether what lately changed adds up; answers how many findings are new."""
    with run_sweep("audit") as run:
        run.rows = audit_lately().found
    return run.rows


@shared_task(name="incidents.sweeps.audit_everything")
def audit_everything() -> int:
    """Begins a round of the auditor over all there is, and goes as far as it gets; answers how many are new."""
    with run_sweep("audit_everything") as run:
        begin_round()
        run.rows = continue_round(max_seconds=MAX_SECONDS / 2)
    return run.rows


@shared_task(name="incidents.sweeps.continue_audit")
def continue_audit() -> int:
    """Goes on with the auditor's round; answers how many findings are new."""
    with run_sweep("audit_everything") as run:
        run.rows = continue_round(max_seconds=MAX_SECONDS / 2)
    return run.rows


@shared_task(name="incidents.sweeps.sweep_files")
def sweep_files() -> int:
    """Deletes stored files that nothing refers to; answers how many."""
    with run_sweep("sweep_files") as run:
        run.rows = sweep_orphan_files(max_seconds=MAX_SECONDS)
    return run.rows


@shared_task(name="incidents.sweeps.poll_mail")
def poll_mail() -> int:
    """Takes the mail that lies in the mailbox of IMAP_URL; answers how many messages."""
    with run_sweep("poll_mail") as run:
        # One message more may take half as long again.
        run.rows = poll_mailbox(max_seconds=MAX_SECONDS / 2)
    return run.rows
