"""The registry's own tasks and shipped schedules."""

from tracker.schedules import Daily, DefaultSchedule, Every, SchedulableTask, declare

declare(
    tasks=[
        SchedulableTask("tracker.sweeps.beat_heart", "Prove that beat, broker and worker are alive"),
        SchedulableTask("tracker.sweeps.call_home", "Call HEARTBEAT_URL while all is well"),
        SchedulableTask("tracker.sweeps.log_queue_ages", "Write to the log how long work waits"),
        SchedulableTask("tracker.sweeps.create_partitions", "Make the months that the log and the history need next"),
        SchedulableTask("tracker.sweeps.prune", "Delete what has served its time", is_slow=True),
        SchedulableTask("tracker.sweeps.back_up", "Make a backup", least_seconds=3600, is_slow=True),
        SchedulableTask("tracker.sweeps.anonymise", "Anonymise the people whom an admin named", is_slow=True),
    ],
    defaults=[
        DefaultSchedule(
            name="heartbeat",
            task="tracker.sweeps.beat_heart",
            when=Every(30),
            description="Proves that beat, broker and worker are alive; /healthz shows when it stops.",
        ),
        DefaultSchedule(
            name="call_home",
            task="tracker.sweeps.call_home",
            when=Every(60),
            # Not vital: that a worker goes on without beat must not hide that beat is gone.
            description="Calls HEARTBEAT_URL while all is well; whoever is behind it notices when the calls stop.",
        ),
        DefaultSchedule(
            name="log_queue_ages",
            task="tracker.sweeps.log_queue_ages",
            when=Every(60),
            description="Writes to the log how long due work has waited; in the cloud, workers are added by it.",
            # When every process of the workers is busy, this line is what brings another.
            is_vital=True,
        ),
        DefaultSchedule(
            name="back_up",
            task="tracker.sweeps.back_up",
            when=Daily(2, 30),
            description="Makes a backup of database and files in BACKUP_DIRECTORY; without that setting nothing.",
        ),
        DefaultSchedule(
            name="prune",
            task="tracker.sweeps.prune",
            when=Daily(3, 15),
            description="Deletes what is older than its retention allows, and what has served its time.",
        ),
        DefaultSchedule(
            name="create_partitions",
            task="tracker.sweeps.create_partitions",
            when=Daily(2, 40),
            description="Makes next months' partitions of log and tickets' history, and counts these for the planner.",
        ),
        DefaultSchedule(
            name="anonymise",
            task="tracker.sweeps.anonymise",
            when=Every(10 * 60),
            description="Goes on with people whom an admin anonymised, where a worker died over it.",
        ),
    ],
)
