"""Pages and API for a WSGI server."""

import os

from django.core.wsgi import get_wsgi_application

from tracker.collector import spare_what_is_loaded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tracker.settings")
application = get_wsgi_application()
spare_what_is_loaded()
