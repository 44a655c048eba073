"""The list of backups: for admins alone, and only to be read."""

import pytest

from tracker import clock
from tracker.models import Backup

LIST = "/admin/tracker/backup/"
pytestmark = pytest.mark.django_db


def test_an_admin_sees_how_each_went_and_nobody_else_sees_any(admin_client, maintainer_client):
    now = clock.now()
    values = {"started_at": now, "location": "/srv/backups/tracker-20261121.tar", "release": "0.1.0"}
    whole = Backup.objects.create(**values, finished_at=now, size_bytes=5_000_000, sha256="ab" * 32)
    Backup.objects.create(**values, finished_at=now, error="The disk is full.")
    Backup.objects.create(**values)
    Backup.objects.create(**values, finished_at=now, removed_at=now)
    text = admin_client.get(LIST).content.decode()
    for word in ("tracker-20261121.tar", "4.8", "The disk is full.", "Failed", "Whole", "Running", "Taken away"):
        assert word in text
    page = admin_client.get(f"{LIST}{whole.pk}/change/").content.decode()
    assert "ab" * 32 in page
    assert "5,000,000 bytes" in page
    assert 'name="_save"' not in page
    assert admin_client.post(f"{LIST}{whole.pk}/change/", {"location": "x"}).status_code == 403
    assert maintainer_client.get(LIST).status_code == 403
