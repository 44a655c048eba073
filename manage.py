#!/usr/bin/env python
"""Django's command line for Tracker."""

import os
import sys

import django
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

from tracker.version import VERSION

if __name__ == "__main__":
    if sys.argv[1:] in (["--version"], ["version"]):
        print(f"Tracker {VERSION}, Django {django.get_version()}, Python {sys.version.split()[0]}")
        sys.exit()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tracker.settings")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"error: {error}")
