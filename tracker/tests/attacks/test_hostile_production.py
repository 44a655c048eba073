"""Production told by those who want pages and commands to break."""

import json

import pytest
from django.core.management import CommandError, call_command

from tracker.choices import Role
from tracker.models import ProductionPoint, Sprocket
from tracker.testing.factories import make_factory, make_user, session_client

pytestmark = pytest.mark.django_db
TIME = "2026-01-01 00:00"
MEASURES = {"teeth": 1, "pitch_diameter": 1, "outside_diameter": 1, "pitch": 1}


@pytest.mark.parametrize(
    "line",
    [
        f"{'9' * 5_000},1,1", f"{'9' * 400},1,1", "0001-01-01,1,1", "9999-12-31,1,1", f"{TIME},1e999,1",
        f"{TIME},nan,1", f"{TIME},{'9' * 5_000},1", f"{TIME},True,1", "\x00,1,1", ",,", "<script>,1,1",
    ],
)  # fmt: skip
def test_a_pasted_line_that_is_no_point_is_refused_in_the_form(line):
    factory = make_factory(timezone="Pacific/Kiritimati")
    page = session_client(make_user(Role.ADMIN))
    answer = page.post(f"/admin/tracker/factory/{factory.pk}/production/", {"points": line})
    assert answer.status_code == 200
    assert b"<script>,1" not in answer.content
    assert not ProductionPoint.objects.exists()


@pytest.mark.parametrize(
    "sprocket",
    [
        {"name": {"a": 1}}, {"name": 5}, {"teeth": True}, {"teeth": 1.5}, {"teeth": 1e308}, {"pitch": -0.0},
        {"pitch": "1"}, {"source": "other"},
    ],
)  # fmt: skip
def test_a_sprocket_of_a_file_that_is_none_is_refused(sprocket, tmp_path):
    path = tmp_path / "sprockets.json"
    path.write_text(json.dumps({"sprockets": [{**MEASURES, **sprocket}]}), encoding="utf-8")
    with pytest.raises(CommandError):
        call_command("import_factories", str(path), quiet=True)
    assert not Sprocket.objects.exists()
