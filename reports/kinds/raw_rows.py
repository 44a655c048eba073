"""Rows as they are, as a file: for whoever reckons elsewhere. Made in the background, however many there are."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from reports.choices import FileFormat
from reports.exports.rows import ROW_FORMATS, write_rows
from reports.kinds.contract import Figure, Heading, KeptFile, Kind, Presentation, Question, Result, Row, Table, WithFile
from reports.kinds.periods import Period, PeriodSerializer, find_project, read_period
from reports.kinds.raw_datasets import DATASETS, Dataset
from tracker import access
from tracker.access import Actor
from tracker.exceptions import TooLarge
from tracker.files.keeping import keep_file
from tracker.files.uploads import Upload

MAX_FILE_BYTES = 1024 * 1024 * 1024
MAX_WORKBOOK_ROWS = 500_000
CHUNK_ROWS = 5_000


class RawRowsSerializer(PeriodSerializer):
    """Which rows, and as what."""

    dataset = serializers.ChoiceField(choices=[(one.key, one.label) for one in DATASETS.values()], label="Rows")
    format = serializers.ChoiceField(
        choices=[(one.value, one.label) for one in ROW_FORMATS], default=FileFormat.CSV.value,
        help_text=f"Excel takes up to {MAX_WORKBOOK_ROWS:,} rows; the others take all.",
    )  # fmt: skip

    def validate_dataset(self, key: str) -> str:
        """What those whom the report is for may export."""
        actor = self.context.get("actor")
        # A token asks in the name of its owner, whose rights bound the report.
        person = Actor.of_user(actor.user) if actor is not None and actor.user is not None else actor
        if person is not None and not access.may(person, DATASETS[key].resource, "export"):
            raise serializers.ValidationError("You may not export these.")
        return key


def _compute(question: Question) -> WithFile:
    dataset = DATASETS[question.parameters["dataset"]]
    # Rights may have gone since it was asked for.
    access.require(question.actor, dataset.resource, "export")
    period, file_format = read_period(question), FileFormat(question.parameters["format"])
    rows = _narrow(dataset, question, period)
    total = rows.count()
    if file_format == FileFormat.XLSX and total > MAX_WORKBOOK_ROWS:
        raise TooLarge(f"{total:,} rows do not go into an Excel file; choose another format, or ask for fewer days.")
    selected, columns = dataset.select(question.actor, rows)
    name = f"{dataset.key}-{period.first}-{period.last}.{file_format}"
    with Upload(name, limit_bytes=MAX_FILE_BYTES) as upload:
        count = write_rows(
            selected.iterator(chunk_size=CHUNK_ROWS),
            columns,
            file_format=file_format,
            upload=upload,
            title=dataset.label.partition(":")[0],
            on_batch=lambda done: question.progress(done, total),
        )
        told = {"rows": count, "bytes": upload.size, "sha256": upload.sha256, "file": name}
        kept = KeptFile(name, file_format.content_type, keep_file(upload), upload.size)
    listed = [[column.name, column.type.value] for column in columns]
    return WithFile({**told, **period.describe(), "dataset": dataset.key, "columns": listed}, kept)


def _narrow(dataset: Dataset, question: Question, period: Period) -> "QuerySet[Any]":
    rows = dataset.rows(question.actor)
    first, last = (period.first, period.last) if dataset.is_by_day else (period.start, period.end)
    ends = "lte" if dataset.is_by_day else "lt"
    rows = rows.filter(**{f"{dataset.moment}__gte": first, f"{dataset.moment}__{ends}": last})
    project = find_project(question)
    # What belongs to no project is nothing of this one.
    if project is not None:
        rows = rows.filter(**{dataset.project: project}) if dataset.project else rows.none()
    return rows


def _present(result: Result, parameters: Mapping[str, Any]) -> Presentation:
    label = DATASETS[result["dataset"]].label
    rows = [Row((name, kind)) for name, kind in result["columns"]]
    return Presentation(
        figures=[
            Figure("Rows", f"{result['rows']:,}"),
            Figure("Size", f"{result['bytes'] / 1024:,.0f} KiB"),
            Figure("From", result["from"]),
            Figure("To", result["to"]),
        ],
        tables=[Table("columns", f"{label}: columns", (Heading("name", "Column"), Heading("type", "Type")), rows)],
        notes=[
            "Rows are as they were when the file was written; moments are in UTC. "
            "Text that a spreadsheet would calculate has a quote in front, but for JSON Lines and Parquet.",
            f"SHA-256 of the file: {result['sha256']}",
        ],
    )


def _taken(parameters: Mapping[str, Any]) -> Sequence[str]:
    dataset = DATASETS.get(str(parameters.get("dataset")))
    return (dataset.resource,) if dataset is not None else ()


RAW_ROWS = Kind(
    key="raw_rows",
    label="Raw rows",
    description="Issues, incidents, tickets, histories, alerts, the log or daily figures as a file: CSV, Parquet, "
    "JSON Lines or Excel.",
    resources=(),
    parameters=RawRowsSerializer,
    compute=_compute,
    present=_present,
    taken=_taken,
)
