"""F16, F40: somebody outside is called while all is well, and hears nothing when it is not."""

import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from incidents.models import AuditFinding, Delivery
from incidents.testing.factories import make_channel, make_delivery
from tracker import clock, heartbeats, schedules
from tracker.access import Actor
from tracker.models import SweepHeartbeat
from tracker.outgoing import OutgoingFailed
from tracker.services.dead_man import find_ailing
from tracker.services.schedules import sync_schedules
from tracker.sweeps import call_home

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def listener(settings):
    calls: list[str] = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):
            calls.append(self.path)
            self.send_response(500 if len(calls) == 3 else 200)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.HEARTBEAT_URL = f"http://127.0.0.1:{server.server_port}/ping/secret"
    yield calls
    server.shutdown()
    server.server_close()


def _break_and_mend():
    """Each thing that silences it, and the way back."""
    long_ago = clock.now() - timedelta(hours=1)
    beat = SweepHeartbeat.objects.filter(name=heartbeats.BEAT)
    beat.update(finished_at=long_ago)
    yield "beat"
    heartbeats.beat_once(heartbeats.BEAT)
    SweepHeartbeat.objects.filter(name="audit").update(finished_at=long_ago)
    yield "sweep_lag"
    heartbeats.beat_once("audit")
    make_delivery(make_channel(), next_attempt_at=long_ago)
    yield "deliveries"
    Delivery.objects.all().delete()
    AuditFinding.objects.create(rule="x", subject_type="clock", subject_id="1", found_at=long_ago, seen_at=long_ago)
    yield "audit"
    AuditFinding.objects.all().delete()


def test_the_call_goes_out_only_while_all_is_well(listener, settings):
    sync_schedules(Actor.system("test"))
    names = {default.sweep for default in schedules.default_schedules().values() if default.is_vital}
    for name in (heartbeats.BEAT, heartbeats.WORKER, heartbeats.SAFETY_NET, *names):
        heartbeats.beat_once(name)
    assert (call_home(), listener) == (1, ["/ping/secret"])
    for ailing in _break_and_mend():
        assert find_ailing() == [ailing]
        assert call_home() == 0
    assert (call_home(), len(listener)) == (1, 2)
    with pytest.raises(OutgoingFailed, match="answered 500"):
        call_home()
    assert "secret" not in SweepHeartbeat.objects.get(name="call_home").last_error
    settings.HEARTBEAT_URL = ""
    assert (call_home(), len(listener)) == (0, 3)
