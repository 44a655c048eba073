"""The auditor finds nothing in a real log, of which every clock is counted a second time."""

import lzma
from itertools import islice

import pytest
from django.core.management import call_command

from incidents.models import Clock
from incidents.services.alerts import sweep_due_clocks
from incidents.services.audits import audit
from tracker.testing.real_data import DATA, needs

LOG = DATA / "tickets" / "servicenow_incident_events_full.csv.xz"
ROWS = 20_000

pytestmark = [pytest.mark.bulk, pytest.mark.django_db, needs(LOG)]


def test_engine_and_reference_agree_on_every_clock_of_a_real_log(tmp_path):
    file = tmp_path / "log.csv"
    with lzma.open(LOG, "rt", encoding="utf-8", newline="") as stream:
        file.write_text("".join(islice(stream, ROWS + 1)), encoding="utf-8")
    call_command("ingest_tickets", str(file), "--mapping", "incidents/demo/servicenow.yaml", "--quiet")
    sweep_due_clocks()
    assert Clock.objects.count() > 5_000
    assert audit(is_whole=True) == []
