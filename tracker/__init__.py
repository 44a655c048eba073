"""Tracker: the project, and what every part stands on."""

from tracker.celery import app as celery_app

__all__ = ["celery_app"]
