"""Signed links by which somebody without an account follows one report. No table holds one: they are checked by
arithmetic, name the report and when it was made, and end after half a year."""

from datetime import datetime, timedelta

from django.conf import settings
from django.core import signing
from django.urls import reverse

from incidents.models import Incident
from tracker import clock

_SALT = "incidents.portal.follow"
LIFETIME = timedelta(days=180)


def follow_token(incident: Incident) -> str:
    """What the link holds."""
    return signing.dumps([incident.pk, incident.created_at.isoformat()], salt=_SALT)


def follow_link(incident: Incident) -> str:
    """The whole link, by the site's own name: the Host header may say anything."""
    return f"{settings.SITE_URL}{reverse('portal_follow', args=[follow_token(incident)])}"


def find_followed(token: str) -> Incident | None:
    """The report that a link leads to, as long as the link lives and nobody has an account for it."""
    try:
        number, created = signing.loads(token, salt=_SALT)
        created_at = datetime.fromisoformat(created)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    if clock.now() - created_at > LIFETIME:
        return None
    rows = Incident.objects.select_related("category")
    return rows.filter(pk=number, created_at=created_at, reporter=None).first()
