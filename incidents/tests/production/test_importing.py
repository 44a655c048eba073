"""Factories from files: both JSON forms and the table by day, once however often, all or nothing."""

import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from incidents.intake.factory_files import read_factory_file
from tracker.exceptions import InvalidInput
from tracker.models import Event, Factory, ProductionPoint, Sprocket
from tracker.testing.factories import make_factory
from tracker.testing.real_data import DATA, needs

pytestmark = pytest.mark.django_db
SERIES = {
    "sprocket_production_actual": [32, 29],
    "sprocket_production_goal": [32, 30],
    "time": [1611194818, 1611194878],
}
SPROCKET = {"teeth": 5, "pitch_diameter": 5, "outside_diameter": 6, "pitch": 1}
HEAD = "date,quarter,department,team,targeted_productivity,wip,no_of_workers,actual_productivity\n"
TABLE = (
    HEAD
    + "1/1/2015,Quarter1,sweing,8,0.8,1108,59,0.940725424\n"
    + "1/31/2015,Quarter5,sweing,8,0.07,,30.5,1.12\n"
    + "1/1/2015,Quarter1,finishing ,1,0.75,,8,0.8865\n"
    + "1/3/2015,Quarter1,finishing,1,0.75,,8,0.5\n"
)


@pytest.fixture
def put(tmp_path: Path):
    def write(content, name="plants.json"):
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return str(path)

    return write


def take(path: str, **options: str) -> str:
    out = io.StringIO()
    call_command("import_factories", path, quiet=True, stdout=out, **options)
    return out.getvalue().strip()


def test_both_json_forms_are_taken_once(put):
    factories = put({"factories": [{"factory": {"chart_data": SERIES}}, {"name": "Hall 1", "chart_data": SERIES}]})
    sprockets = put({"sprockets": [SPROCKET] * 3}, "kinds.json")
    assert take(factories) == "2 created, 0 updated, 0 unchanged, 4 points"
    assert take(sprockets) == "3 created, 0 updated, 0 unchanged, 0 points"
    events = Event.objects.count()
    assert take(factories) == "0 created, 0 updated, 2 unchanged, 0 points"
    assert take(sprockets) == "0 created, 0 updated, 3 unchanged, 0 points"
    assert list(Factory.objects.values_list("name", flat=True)) == ["Factory 1", "Hall 1"]
    assert (Sprocket.objects.count(), Event.objects.count()) == (3, events)


def test_the_table_becomes_a_factory_for_each_department_and_team(put):
    path = put(TABLE, "garments.csv")
    assert take(path, timezone="Asia/Dhaka") == "2 created, 0 updated, 0 unchanged, 4 points"
    assert take(path, timezone="Asia/Dhaka") == "0 created, 0 updated, 2 unchanged, 0 points"
    sewing, finishing = Factory.objects.order_by("-name")
    assert (sewing.name, sewing.source, sewing.source_id) == ("Sewing, team 8", "garments", "sewing-8")
    assert (finishing.name, finishing.points_count) == ("Finishing, team 1", 2)
    first, last = sewing.points.order_by("at")
    assert first.at == datetime(2014, 12, 31, 18, tzinfo=UTC)
    assert (first.actual, first.goal, last.actual, last.goal) == (0.940725424, 0.8, 1.12, 0.07)


def test_a_file_that_grew_adds_its_points_and_one_that_says_otherwise_corrects_them(put):
    take(put({"factories": [{"factory": {"chart_data": SERIES}}]}))
    longer = {name: [*values, values[-1] + 60] for name, values in SERIES.items()}
    assert take(put({"factories": [{"factory": {"chart_data": longer}}]})).endswith("1 updated, 0 unchanged, 1 points")
    other = {**longer, "sprocket_production_actual": [7, 29, 89]}
    assert take(put({"factories": [{"factory": {"chart_data": other}}]})).endswith("1 updated, 0 unchanged, 1 points")
    assert list(ProductionPoint.objects.order_by("at").values_list("actual", flat=True)) == [7, 29, 89]
    Factory.objects.update(name="Renamed")
    shorter = {name: values[:2] for name, values in other.items()}
    assert "1 unchanged" in take(put({"factories": [{"factory": {"chart_data": shorter}}]}))
    assert (Factory.objects.get().name, ProductionPoint.objects.count()) == ("Renamed", 3)


def test_a_name_that_is_taken_says_where_the_new_one_comes_from(put):
    make_factory(name="Sewing, team 8")
    take(put(TABLE, "garments.csv"))
    assert Factory.objects.filter(name="Sewing, team 8 (garments)").exists()


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("31/1/2015,Q,sewing,8,0.8,,5,0.9", "line 3, date: Month, day and year"),
        ("2/29/2015,Q,sewing,8,0.8,,5,0.9", "line 3, date: Month, day and year"),
        ("2/2/2015,Q,,8,0.8,,5,0.9", "line 3, department: 1 to 40 characters."),
        ("2/2/2015,Q,sewing,8,,,5,0.9", "line 3, goal: Must be a number."),
        ("2/2/2015,Q,sewing,8,0.8,,5,nan", "line 3, actual: Must be a number of at most"),
        ("1/1/2015,Q,sewing,8,0.8,,5,0.9", "line 3, date: sewing 8 has this day twice."),
        ("2/2/2015,Q,sewing,8,0.8", "line 3, line: 5 cells; the first line names 8."),
    ],
)
def test_a_bad_line_is_named_and_nothing_is_taken(put, line, what):
    path = put(HEAD + "1/1/2015,Q,sweing,8,0.8,,5,0.9\n" + line + "\n", "garments.csv")
    with pytest.raises(CommandError, match=r"^1 bad lines, the first: ") as caught:
        take(path)
    assert what in str(caught.value)
    assert not Factory.objects.exists()


@pytest.mark.parametrize(
    "content",
    [
        "", "[]", "{}", '{"factories": 5}', '{"factories": [5]}', '{"factories": [{"factory": {}}]}', '{"x": []}',
        '{"factories": [{"factory": {"chart_data": {"time": [1]}}}]}', '{"sprockets": [{"id": 5}]}',
        '{"sprockets": [{"teeth": 5}]}', '{"sprockets": [{"teeth": NaN}]}', "a,b\n1,2\n",
    ],
)  # fmt: skip
def test_a_file_that_is_none_is_refused(put, content):
    with pytest.raises(CommandError):
        take(put(content))
    assert not Factory.objects.exists()
    assert not Sprocket.objects.exists()


def test_the_mark_that_some_programs_begin_a_file_with_is_no_part_of_it(put):
    take(put("\ufeff" + json.dumps({"sprockets": [SPROCKET]})))
    take(put("\ufeff" + TABLE, "garments.csv"))
    assert (Sprocket.objects.count(), Factory.objects.count()) == (1, 2)


def test_a_zone_that_is_none_and_a_file_that_is_not_there_are_refused(tmp_path):
    with pytest.raises(InvalidInput):
        read_factory_file(io.BytesIO(b"{}"), timezone="Mars/Base")
    with pytest.raises(CommandError):
        take(str(tmp_path / "nothing.json"))


@pytest.mark.bulk
@needs(DATA / "factory" / "garments_worker_productivity.csv")
def test_the_real_files_are_taken_whole_and_once():
    folder = DATA / "factory"
    for _ in range(2):
        take(str(folder / "garments_worker_productivity.csv"), timezone="Asia/Dhaka")
        take(str(folder / "seed_factory_data.json"))
        take(str(folder / "seed_sprocket_types.json"))
        assert (Factory.objects.count(), Sprocket.objects.count()) == (24 + 3, 3)
        assert ProductionPoint.objects.count() == 1_197 + 60
    teams = Factory.objects.filter(source="garments_worker_productivity")
    assert {name.partition(",")[0] for name in teams.values_list("name", flat=True)} == {"Sewing", "Finishing"}
    points = ProductionPoint.objects.filter(factory__in=teams)
    assert points.filter(actual__gt=1).count() == 37
    assert points.filter(goal=0.07).count() == 1
