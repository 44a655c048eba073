"""Raw rows as a file: within the asker's rights, whole, typed, and exactly one."""

import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pyarrow import parquet

from incidents.services.orphans import find_lost_files, sweep_orphan_files
from incidents.testing.factories import make_alert, make_issue, make_ticket, make_ticket_event
from incidents.testing.incident_factories import make_incident
from reports.choices import DailyMeasure, ReportState
from reports.kinds.raw_datasets import DATASETS
from reports.models import DailyStat, Report
from reports.services.leases import claim_report
from reports.services.report_runs import run_report
from reports.services.reports import delete_report, request_report
from tracker import clock
from tracker.access import Actor
from tracker.choices import Role
from tracker.exceptions import InvalidInput
from tracker.files.keeping import keep_file, list_keys, open_file
from tracker.files.names import storage_shards
from tracker.files.uploads import Upload
from tracker.testing.factories import make_project, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)


def ask(person, **parameters):
    return request_report(actor=Actor.of_user(person), kind="raw_rows", parameters=parameters)


def run(report):
    run_report(claim_report())
    report.refresh_from_db()
    return report


def read(report):
    with open_file(report.file_key) as file:
        return file.read()


def kept_files():
    return [key for shard in storage_shards() for key in list_keys(shard)]


@pytest.fixture
def everything():
    """A row of everything, one of them long ago."""
    project = make_project(key="OPS")
    make_issue(project=project, number=1, title="=1+1", tags=["a", "b"])
    make_issue(created_at=clock.now() - timedelta(days=90))
    make_incident()
    ticket = make_ticket(project=project, attributes={"a": 1})
    make_ticket_event(ticket)
    make_alert(ticket)
    DailyStat.objects.create(
        day=clock.now().date(), project=project, measure=DailyMeasure.ISSUES, refreshed_at=clock.now(),
        figures={"opened": 2, "open": 5, "open_by_status": {"OPEN": 5}},
    )  # fmt: skip


@pytest.mark.parametrize("dataset", DATASETS)
@pytest.mark.usefixtures("everything")
def test_an_admin_takes_every_kind_of_row_out_as_parquet(dataset):
    report = run(ask(make_user(Role.ADMIN), dataset=dataset, format="parquet"))
    assert (report.error, report.state) == ("", ReportState.READY)
    table = parquet.read_table(io.BytesIO(read(report)))
    assert table.num_rows == report.result["rows"] == (table.num_rows or 1)
    assert (report.file_type, report.file_bytes) == ("application/vnd.apache.parquet", report.result["bytes"])
    assert [[field.name] for field in table.schema] == [name[:1] for name in report.result["columns"]]


@pytest.mark.usefixtures("everything")
def test_days_and_project_narrow_the_rows_and_cells_are_harmless():
    person = make_user()
    content = read(run(ask(person, dataset="issues", project="ops"))).decode()
    assert len(content.splitlines()) == 2
    assert '"\'=1+1"' in content
    assert '"a, b"' in content
    assert len(read(run(ask(person, dataset="issues", days=365))).splitlines()) == 3


@pytest.mark.usefixtures("everything")
def test_daily_figures_have_a_column_for_each_count():
    (line,) = read(run(ask(make_user(), dataset="daily_stats", format="jsonl"))).splitlines()
    told = json.loads(line)
    assert (told["project"], told["opened"], told["open"], told["closed"]) == ("OPS", 2, 5, None)
    assert told["open_by_status"] == {"OPEN": 5}


def test_a_reporter_takes_out_their_own_alone_and_learns_of_nobody_elses_work():
    reporter = make_user(Role.REPORTER)
    make_issue(reporter=reporter, title="mine")
    make_issue(title="of others")
    lines = [json.loads(line) for line in read(run(ask(reporter, dataset="issues", format="jsonl"))).splitlines()]
    assert [line["title"] for line in lines] == ["mine"]
    (span,) = [
        json.loads(line) for line in read(run(ask(reporter, dataset="issue_spans", format="jsonl"))).splitlines()
    ]
    assert not {"started_by", "assignee"} & set(span)


@pytest.mark.parametrize(
    ("role", "dataset"),
    [(Role.REPORTER, "tickets"), (Role.REPORTER, "alerts"), (Role.REPORTER, "daily_stats"), (Role.MAINTAINER, "log")],
)
def test_what_one_may_not_export_is_refused_by_name(role, dataset):
    with pytest.raises(InvalidInput) as refusal:
        ask(make_user(role), dataset=dataset)
    assert refusal.value.details[0].field == "parameters.dataset"


def test_whoever_lost_the_right_meanwhile_gets_a_reason_and_no_file():
    person = make_user(Role.ADMIN)
    report = ask(person, dataset="log")
    person.role = Role.MAINTAINER
    person.save()
    assert run(report).state == ReportState.FAILED
    assert report.error
    assert kept_files() == []


def test_the_file_goes_with_its_report_and_a_cancelled_one_leaves_none():
    person = make_user()
    make_issue()
    report = run(ask(person, dataset="issues"))
    assert kept_files() == [report.file_key]
    delete_report(actor=Actor.of_user(person), report=report)
    other = ask(person, dataset="issues")
    claim = claim_report()
    Report.objects.filter(pk=other.pk).update(state=ReportState.CANCELLED, lease=None, finished_at=clock.now())
    assert run_report(claim) is False
    assert [key for key in kept_files() if key != report.file_key] == []


def test_the_sweep_of_orphans_leaves_a_reports_file_alone():
    make_issue()
    report = run(ask(make_user(), dataset="issues"))
    with Upload.of_chunks("orphan", [b"x"]) as upload:
        orphan = keep_file(upload)
    with clock.moved(by=timedelta(days=2)):
        assert sweep_orphan_files() == 1
    assert kept_files() == [report.file_key]
    assert orphan not in find_lost_files()
    with open_file(report.file_key) as file:
        path = file.name
    Path(path).unlink()
    assert find_lost_files() == [report.file_key]


def test_the_same_rows_are_the_same_file_down_to_the_hash():
    person, as_of = make_user(), datetime(2026, 5, 1, tzinfo=UTC)
    make_issue(created_at=as_of - timedelta(days=2))
    hashes = set()
    for _ in range(2):
        report = request_report(
            actor=Actor.of_user(person),
            kind="raw_rows",
            as_of=as_of,
            parameters={"dataset": "issues", "format": "xlsx"},
        )
        hashes.add(run(report).content_hash)
    assert len(hashes) == 1
