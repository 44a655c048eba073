"""Registers the registry's pages, and takes down the ones that packages bring along and that go past our services."""

from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib import admin
from django.contrib.auth.models import Group
from django_celery_beat.models import ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, SolarSchedule

from tracker.admin import (
    backups,
    events,
    factories,
    heartbeats,
    notifications,
    projects,
    retention,
    schedules,
    sprockets,
    system_page,
    tokens,
    users,
)

__all__ = [
    "backups",
    "events",
    "factories",
    "heartbeats",
    "notifications",
    "projects",
    "retention",
    "schedules",
    "sprockets",
    "system_page",
    "tokens",
    "users",
]

# A role decides the rights, so groups are nobody's to edit; a schedule is edited on its task.
# What allauth keeps of people is theirs alone.
for model in (
    Authenticator,
    EmailAddress,
    EmailConfirmation,
    Group,
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SocialAccount,
    SocialApp,
    SocialToken,
    SolarSchedule,
):
    if admin.site.is_registered(model):
        admin.site.unregister(model)
admin.site.register(PeriodicTask, schedules.ScheduleAdmin)
