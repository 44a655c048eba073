"""Celery: a doorbell. Messages carry ids only; every one may be lost."""

import os

from celery import Celery

from tracker import starting, task_log

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tracker.settings")

app = Celery("tracker")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["tracker", "incidents", "reports"], related_name="tasks")
app.autodiscover_tasks(["tracker", "incidents", "reports"], related_name="sweeps")
task_log.connect()
starting.connect()


app.steps["worker"].add("tracker.safety_net:SafetyNetStep")
app.steps["worker"].add("tracker.worker_presence:PresenceStep")
