"""Lists that keep themselves up to date: what they listen to, and from where on."""

import re

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client

from incidents.services.issues import create_issue
from incidents.streams import KNOWN_TYPES
from tracker.access import Actor
from tracker.admin.base import AccessAdmin
from tracker.models import Event
from tracker.realtime.positions import decode_cursor

pytestmark = pytest.mark.django_db
LIVE = {page.opts.model_name: page for page in admin.site._registry.values() if getattr(page, "live_types", "")}


def test_the_lists_of_work_are_live():
    assert {"issue", "ticket", "alert"} <= set(LIVE)
    assert all(isinstance(page, AccessAdmin) for page in LIVE.values())


@pytest.mark.parametrize("name", LIVE)
def test_a_live_list_listens_to_what_the_stream_knows(admin_client: Client, name: str):
    page = LIVE[name]
    assert set(page.live_types.split(",")) <= KNOWN_TYPES
    content = admin_client.get(page.list_url()).content.decode()
    assert f'data-types="{page.live_types}"' in content
    assert "tracker/live.js" in content


def test_what_happens_after_a_page_was_read_is_news_to_it(maintainer_client: Client):
    content = maintainer_client.get("/admin/incidents/issue/").content.decode()
    cursor = decode_cursor(re.search(r'data-cursor="([^"]+)"', content)[1])
    create_issue(actor=Actor.system("test"), values={"title": "News"})
    event = Event.objects.get(verb="issue.created")
    with connection.cursor() as database:
        database.execute(
            "SELECT (xid, id) > (%s::text::xid8, %s) FROM tracker_event WHERE id = %s",
            [str(cursor.xid), cursor.id, event.pk],
        )
        assert database.fetchone() == (True,)


def test_other_lists_are_still(admin_client: Client):
    assert 'id="live"' not in admin_client.get("/admin/incidents/tag/").content.decode()
