"""Incidents from a CSV file: taken once, told again without undoing what people did, and linked where they are one."""

import csv
import io
import lzma
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command

from incidents.choices import EnrichmentState
from incidents.models import Incident, IncidentLink, IncidentSpan
from incidents.services.incident_analysis import analyse_incidents
from incidents.services.incident_import import import_incidents
from incidents.services.incident_moves import move_incident
from incidents.services.incident_scope import AnalysisScope
from incidents.services.incidents import update_incident
from incidents.tests.incidents.slow_count import check_figures
from tracker.access import Actor
from tracker.exceptions import NotAuthenticated, PermissionDenied
from tracker.models import Event
from tracker.testing.factories import make_user
from tracker.testing.real_data import DATA, needs

pytestmark = pytest.mark.django_db
THEFTS = DATA / "thefts" / "toronto_bicycle_thefts_2014_2017.csv.xz"
TORONTO = Path("incidents/demo/toronto_bicycle_thefts.yaml")
NAMES = (
    "event_unique_id", "Primary_Offence", "Occurrence_Date", "Occurrence_Time", "Division", "Location_Type",
    "premisetype", "Bike_Make", "Bike_Model", "Bike_Type", "Bike_Speed", "Bike_Colour", "Cost_of_Bike", "Status",
    "Hood_ID", "Neighbourhood", "Lat", "Long",
)  # fmt: skip
# Made up, in the layout of the real ones.
CELLS = (
    "GO-1", "THEFT UNDER", "2017.12.08", "18:00:00", "51", "Streets, Roads", "Outside", "KONA\n      ", "DEW    ", "MT",
    "21", "BLK   ", "700", "STOLEN", "75", "Harbour (75)", "43.66", "-79.37",
)  # fmt: skip


def write(file: Path, *rows: dict[str, str]) -> Path:
    with file.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(NAMES)
        for row in rows:
            writer.writerow([row.get(name, cell) for name, cell in zip(NAMES, CELLS, strict=True)])
    return file


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "thefts.csv"


def run(file: Any, *options: str) -> str:
    out = StringIO()
    call_command("import_incidents", str(file), "--mapping", str(TORONTO), *options, quiet=True, stdout=out)
    return out.getvalue().strip()


def refuse(file: Any, *options: str) -> tuple[str, str]:
    errors = StringIO()
    with pytest.raises(CommandError) as refusal:
        call_command(
            "import_incidents", str(file), "--mapping", str(TORONTO), *options, quiet=True, stderr=errors,
            stdout=StringIO(),
        )  # fmt: skip
    return str(refusal.value), errors.getvalue()


@pytest.mark.bulk
@needs(THEFTS)
def test_thousands_of_real_thefts_come_in_once_and_their_figures_equal_a_slow_count():
    assert run(THEFTS) == "12852 created, 0 updated, 0 unchanged, 945 linked"
    before = (Event.objects.count(), IncidentSpan.objects.count(), IncidentLink.objects.count())
    assert run(THEFTS) == "0 created, 0 updated, 12852 unchanged, 0 linked"
    assert (Event.objects.count(), IncidentSpan.objects.count(), IncidentLink.objects.count()) == before
    with lzma.open(THEFTS, "rt", encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(io.StringIO(stream.read())))
    told = Counter(row["Status"] for row in rows)
    kept = Counter(Incident.objects.values_list("recovery", flat=True))
    assert kept == {"missing": told["STOLEN"], "recovered": told["RECOVERED"], "unknown": told["UNKNOWN"]}
    worth = [Decimal(cost) for row in rows if (cost := row["Cost_of_Bike"].strip()) not in ("", "0", "UNKNOWN")]
    losses = [loss for loss in Incident.objects.values_list("loss_estimate", flat=True) if loss is not None]
    assert (len(losses), sum(losses)) == (len(worth), sum(worth))
    assert Incident.objects.exclude(source_id__contains="/").count() == len({row["event_unique_id"] for row in rows})
    incidents = list(Incident.objects.select_related("category", "factory"))
    berlin = ZoneInfo("Europe/Berlin")
    check_figures(analyse_incidents(actor=Actor.system("test"), scope=AnalysisScope(berlin)), incidents, berlin)
    robbery = Incident.objects.get(source_id="GO-20161587221/9")
    assert robbery.links.get().other.source_id == "GO-20161587221"
    assert robbery.attributes["bike_make"] == "CERVELO"


def test_an_import_keeps_what_the_source_says_and_asks_nobody(file):
    assert run(write(file, {})) == "1 created, 0 updated, 0 unchanged, 0 linked"
    incident = Incident.objects.get()
    assert incident.title == "Bicycle theft, Outside, Harbour (75)"
    assert incident.occurred_at == incident.created_at == incident.done_at == datetime(2017, 12, 8, 23, tzinfo=UTC)
    assert (incident.category.key, incident.status, incident.recovery) == ("theft", "DONE", "missing")
    assert (incident.reporter, incident.reporter_label) == (None, "Toronto Police Service")
    assert (incident.city, incident.country, incident.timezone) == ("Toronto", "CA", "America/Toronto")
    assert (incident.enrichment, incident.enrichments.count()) == (EnrichmentState.ENRICHED, 0)
    assert incident.attributes["bike_make"] == "KONA"
    assert "Make: KONA<br>" in incident.description_html
    assert list(incident.spans.values_list("status", "ended_at")) == [("OPEN", incident.done_at), ("DONE", None)]
    event = Event.objects.get(verb="incident.imported")
    assert event.data == {"created": [incident.pk], "updated": [], "linked": 0}


def test_new_ones_are_enriched_where_somebody_asks_for_it(file):
    run(write(file, {}), "--enrich")
    incident = Incident.objects.get()
    assert incident.enrichment == EnrichmentState.NEW
    assert incident.enrichments.count() > 1


def test_what_the_source_changed_is_told_again_and_what_people_changed_stays(file):
    run(write(file, {}))
    incident = Incident.objects.get()
    update_incident(actor=Actor.system("test"), incident=incident, changes={"title": "The chairman's bicycle"})
    move_incident(actor=Actor.system("test"), incident=incident, status="OPEN")
    told = write(file, {"Status": "RECOVERED", "premisetype": "House", "Bike_Make": "TREK", "Primary_Offence": "B&E"})
    assert run(told) == "0 created, 1 updated, 0 unchanged, 0 linked"
    assert run(told) == "0 created, 0 updated, 1 unchanged, 0 linked"
    incident.refresh_from_db()
    assert (incident.title, incident.status) == ("The chairman's bicycle", "OPEN")
    assert (incident.recovery, incident.attributes["bike_make"]) == ("recovered", "TREK")
    assert "Make: TREK" in incident.description_html
    found = Incident.objects.extra(where=["search @@ to_tsquery('simple', 'trek & chairman')"])
    assert found.count() == 1


def test_rows_of_one_report_are_linked_to_its_first_once(file):
    rows = [{}, {"Bike_Make": "TREK"}, {"Bike_Make": "GIANT"}]
    assert run(write(file, *rows)) == "3 created, 0 updated, 0 unchanged, 2 linked"
    first = Incident.objects.get(source_id="GO-1")
    assert sorted(first.links_in.values_list("incident__source_id", "kind")) == [
        ("GO-1/2", "relates"),
        ("GO-1/3", "relates"),
    ]
    IncidentLink.objects.filter(incident__source_id="GO-1/3").delete()
    assert run(file) == "0 created, 0 updated, 3 unchanged, 0 linked"
    assert first.links_in.count() == 1


def test_a_first_row_that_comes_late_finds_the_others(file):
    assert run(write(file, {"Lat": "bad"}, {"Bike_Make": "TREK"}), "--skip-bad").startswith("1 created")
    assert run(write(file, {}, {"Bike_Make": "TREK"})) == "1 created, 0 updated, 1 unchanged, 1 linked"
    assert IncidentLink.objects.get().other.source_id == "GO-1"


def test_a_file_with_bad_rows_writes_nothing_unless_told_to(file):
    write(file, {}, {"event_unique_id": "GO-2", "Lat": "north", "Cost_of_Bike": "-1"}, {"event_unique_id": "GO-3"})
    message, named = refuse(file)
    assert message == "1 rows are bad, so nothing was taken. --skip-bad takes the others."
    assert named.splitlines() == [
        "line 4: latitude (Lat): 'north' is no number.",
        "line 4: loss_estimate (Cost_of_Bike): 0 to 9,999,999,999.99.",
    ]
    assert not Incident.objects.exists()
    assert run(file, "--skip-bad") == "2 created, 0 updated, 0 unchanged, 0 linked"


def test_a_check_writes_nothing(file):
    assert run(write(file, {}, {}), "--check") == "2 rows can be taken, 0 repeat an id"
    assert "1 rows are bad" in refuse(write(file, {"Lat": "x"}), "--check")[0]
    assert not Incident.objects.exists()


def test_a_category_that_is_none_here_is_named_by_line(file, tmp_path):
    mapping = tmp_path / "m.yaml"
    mapping.write_text(TORONTO.read_text().replace("default: theft", "default: burglary"))
    errors = StringIO()
    with pytest.raises(CommandError, match="1 rows are bad"):
        call_command("import_incidents", str(write(file, {})), mapping=mapping, quiet=True, stderr=errors)
    assert (
        errors.getvalue()
        == "line 2: category: There is no category 'burglary' here that something new may belong to.\n"
    )


def test_files_that_are_none_are_refused_in_one_line(file):
    assert refuse(file)[0].endswith("No such file or directory.")
    (broken := file.with_suffix(".csv.xz")).write_bytes(b"\xfd7zXZ\x00 broken")
    assert refuse(broken)[0].startswith(str(broken))


@pytest.mark.parametrize(("role", "refusal"), [("reporter", PermissionDenied), (None, NotAuthenticated)])
def test_an_import_is_for_those_who_may_move_incidents(role, refusal):
    actor = Actor.of_user(make_user(role)) if role else Actor()
    with pytest.raises(refusal):
        import_incidents(actor=actor, incidents=[], source="made-up")
