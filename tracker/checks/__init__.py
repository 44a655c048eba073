"""The configuration check: what is allowed, and still not what an operator wants. Nonsense stops the start in settings.

Django's system checks, so that `manage.py check --deploy` shows those of the settings and `check --database default`
those that ask the database; `prepare` and every process say all of them when they start, and the System page shows
them. Each names the variable and what to put there.
"""

from collections.abc import Sequence

from django.conf import settings
from django.core.checks import CheckMessage, Tags, run_checks
from django.db import DEFAULT_DB_ALIAS

from tracker.checks.backups import check_backups
from tracker.checks.configuration import CONFIGURATION
from tracker.checks.installation import INSTALLATION, UNREACHABLE, check_schema

__all__ = ["CONFIGURATION", "INSTALLATION", "check_backups", "find_faults"]


def find_faults() -> Sequence[CheckMessage]:
    """All that is to be said about this installation, worst first; what only production needs is asked there alone."""
    found = run_checks(
        tags=[CONFIGURATION, INSTALLATION, Tags.security],
        include_deployment_checks=settings.IS_PRODUCTION,
        databases=[DEFAULT_DB_ALIAS],
    )
    if not any(message.id == UNREACHABLE for message in found):
        found += check_schema()
    return sorted((message for message in found if not message.is_silenced()), key=lambda message: -message.level)
