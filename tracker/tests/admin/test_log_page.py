"""The log in the back office: an admin finds whatever was written, by what it is about."""

import pytest

from tracker.access import Actor
from tracker.admin.events import VERBS
from tracker.services.events import log_event
from tracker.testing.events import written_verbs

LIST = "/admin/tracker/event/"


def test_each_event_that_services_write_can_be_filtered_for():
    verbs = written_verbs()
    assert {"issue.moved", "issue.unwatched", "user.preferences_set"} <= verbs
    assert {verb for verb in verbs if verb.partition(".")[2] not in VERBS.get(verb.partition(".")[0], ())} == set()


@pytest.mark.django_db
def test_the_log_is_narrowed_to_what_it_is_about_for_admins_alone(admin_client, maintainer_client):
    for verb in ("issue.moved", "tag.created"):
        log_event(actor=Actor.system("test"), verb=verb, object_type=verb.partition(".")[0], object_id="1")
    shown = admin_client.get(f"{LIST}?about=issue").context["cl"].result_list
    assert [event.verb for event in shown] == ["issue.moved"]
    assert maintainer_client.get(LIST).status_code == 403
