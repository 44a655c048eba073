"""The sweeps over tickets, alerts and deliveries, and how often they run where no admin said otherwise."""

from django.conf import settings

from tracker.schedules import Daily, DefaultSchedule, Every, SchedulableTask, declare

declare(
    tasks=[
        SchedulableTask("incidents.sweeps.sweep_sla", "Raise alerts for deadlines that are due"),
        SchedulableTask("incidents.sweeps.deliver", "Send waiting deliveries"),
        SchedulableTask("incidents.sweeps.enrich", "Find out more about incidents"),
        SchedulableTask("incidents.sweeps.mail_people", "Write letters to people"),
        SchedulableTask("incidents.sweeps.forecast", "Forecast which tickets break a promise", is_slow=True),
        SchedulableTask("incidents.sweeps.reload_sla", "Apply the SLA file when it changed"),
        SchedulableTask("incidents.sweeps.replay_tickets", "Replay tickets whose rules changed", is_slow=True),
        SchedulableTask("incidents.sweeps.run_trials", "Work out SLA previews", is_slow=True),
        SchedulableTask("incidents.sweeps.audit", "Ask whether what changed adds up"),
        SchedulableTask("incidents.sweeps.audit_everything", "Ask whether everything adds up", is_slow=True),
        SchedulableTask("incidents.sweeps.sweep_files", "Delete stored files that nothing refers to", is_slow=True),
        SchedulableTask("incidents.sweeps.poll_mail", "Fetch mail"),
        SchedulableTask("incidents.sweeps.watch_production", "Watch production by its rules"),
    ],
    defaults=[
        DefaultSchedule(
            name="sweep_sla",
            task="incidents.sweeps.sweep_sla",
            when=Every(max(1, round(settings.SCHEDULER_INTERVAL_MINUTES * 60))),
            description="Raises alerts for every deadline that is due. Shipped as SCHEDULER_INTERVAL_MINUTES.",
            is_vital=True,
        ),
        DefaultSchedule(
            name="deliver",
            task="incidents.sweeps.deliver",
            when=Every(5),
            description="Sends the deliveries that are due, also those whose doorbell was lost.",
            is_vital=True,
        ),
        DefaultSchedule(
            name="enrich",
            task="incidents.sweeps.enrich",
            when=Every(10),
            description="Looks up what is due about incidents, also what a lost worker had taken.",
            is_vital=True,
        ),
        DefaultSchedule(
            name="mail_people",
            task="incidents.sweeps.mail_people",
            when=Every(10),
            description="Writes the letters to people that are due; “deliver” sends them.",
            is_vital=True,
        ),
        DefaultSchedule(
            name="forecast",
            task="incidents.sweeps.forecast",
            when=Every(300),
            description="Says how likely open tickets break a promise; learns from the last 180 days once an hour.",
        ),
        DefaultSchedule(
            name="reload_sla",
            task="incidents.sweeps.reload_sla",
            when=Every(15),
            description="Applies the file at SLA_CONFIG_PATH when it changed.",
        ),
        DefaultSchedule(
            name="replay_tickets",
            task="incidents.sweeps.replay_tickets",
            when=Every(10),
            description="Replays the tickets that a change of policy, calendar or status concerns.",
            is_vital=True,
        ),
        DefaultSchedule(
            name="run_trials",
            task="incidents.sweeps.run_trials",
            when=Every(10),
            description="Works out the previews of SLA policies that somebody waits for.",
        ),
        DefaultSchedule(
            name="audit",
            task="incidents.sweeps.audit",
            when=Every(60),
            description="Finds what does not add up among what changed; repairs it or tells admins.",
            is_vital=True,
        ),
        DefaultSchedule(
            name="audit_everything",
            task="incidents.sweeps.audit_everything",
            when=Daily(1, 30),
            description="Goes through every row by the auditor's rules, and counts every clock a second time.",
        ),
        DefaultSchedule(
            name="sweep_files",
            task="incidents.sweeps.sweep_files",
            when=Daily(2),
            description="Deletes stored files older than a day that nothing refers to; never one that is attached.",
        ),
        DefaultSchedule(
            name="poll_mail",
            task="incidents.sweeps.poll_mail",
            when=Every(60),
            description="Takes the mail in the mailbox of IMAP_URL; without one it does nothing.",
        ),
        DefaultSchedule(
            name="watch_production",
            task="incidents.sweeps.watch_production",
            when=Every(30),
            description="Judges new points of production; too little opens an incident, recovery resolves it.",
            is_vital=True,
        ),
    ],
)
