"""Letters with reports: owed from the moment that a schedule asked, posted when the report has ended."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from incidents.channels.base import LetterCell, LetterFile, LetterPicture, LetterTable, PersonalLetter
from incidents.services.letter_writers import declare_letter
from incidents.services.mailings import post_letters
from reports.choices import UNFINISHED_STATES, ReportState
from reports.exports.cell_texts import write_cell
from reports.kinds.contract import Table
from reports.models import Report, ReportMailing
from reports.services.exporting import export_report, open_report_file
from reports.services.presenting import label_of, present_report
from reports.services.reports import visible_reports
from tracker import clock
from tracker.access import Actor
from tracker.charts import Markup
from tracker.charts.pictures import describe_chart, draw_png, measure_chart
from tracker.files.keeping import read_chunks
from tracker.models import User

WORD = "report"
BATCH_ROWS = 200
MAX_PICTURES = 6
MAX_TABLES = 6
MAX_TABLE_ROWS = 40
MAX_FILE_BYTES = 5 * 1024 * 1024
# As wide as letters are read; on a small screen they shrink.
PICTURE_WIDTH = 640
TOO_LARGE = "The file is too large for a letter; it can be had where the link leads."


@transaction.atomic
def post_ready_reports() -> int:
    """Puts the letters about reports that have ended into the outbox, each once; answers how many."""
    owed = ReportMailing.objects.filter(posted_at=None).exclude(report__state__in=UNFINISHED_STATES)
    rows = list(owed.select_for_update(skip_locked=True, of=("self",)).order_by("id")[:BATCH_ROWS])
    if not rows:
        return 0
    ReportMailing.objects.filter(pk__in=[row.pk for row in rows]).update(posted_at=clock.now())
    return post_letters(WORD, [{"person": row.person_id, "mailing": row.pk} for row in rows])


def write_report_letter(payload: Mapping[str, Any]) -> PersonalLetter | None:
    """The letter with a report; None where its reader may not see it any more, or somebody gave it up."""
    mailing = ReportMailing.objects.filter(pk=payload["mailing"]).select_related("person").first()
    if mailing is None or not mailing.person.is_active or mailing.person.is_unconfirmed:
        return None
    actor = Actor.of_user(mailing.person)
    report = visible_reports(actor, "read").filter(pk=mailing.report_id).first()
    if report is None or report.state == ReportState.CANCELLED:
        return None
    presentation = present_report(report)
    if presentation is None:
        return _tell_failure(mailing.person, report)
    file = _attach(actor, report, mailing.file_format)
    is_too_large = file is None and bool(mailing.file_format or report.file_key)
    return PersonalLetter(
        to=mailing.person.email,
        headline=_headline(report),
        greeting=_greet(mailing.person),
        paragraphs=(f"{label_of(report)}, as of {_write_moment(mailing.person, report.as_of)}.",),
        figures=tuple((figure.label, figure.value) for figure in presentation.figures),
        pictures=tuple(_draw(chart) for chart in presentation.charts[:MAX_PICTURES]),
        tables=tuple(_shorten(table) for table in presentation.tables[:MAX_TABLES]),
        notes=(*presentation.notes, *((TOO_LARGE,) if is_too_large else ())),
        file=file,
        link=_link(mailing.person, report),
        link_label="The whole report",
    )


def _tell_failure(person: User, report: Report) -> PersonalLetter:
    return PersonalLetter(
        to=person.email,
        headline=f"{_headline(report)}: could not be made",
        greeting=_greet(person),
        paragraphs=(f"{label_of(report)} could not be made this time. {report.error}",),
        link=_link(person, report),
        link_label="What was asked",
    )


def _attach(actor: Actor, report: Report, file_format: str) -> LetterFile | None:
    """The file that belongs to the report, or else its tables in the format that was asked for."""
    if report.file_key:
        pieces = read_chunks(open_report_file(actor=actor, report=report))
        name, content_type = report.file_name, report.file_type
    elif file_format:
        export = export_report(actor=actor, report=report, file_format=file_format)
        pieces, name, content_type = export.pieces, export.name, export.content_type
    else:
        return None
    content = bytearray()
    for piece in pieces:
        content += piece
        if len(content) > MAX_FILE_BYTES:
            return None
    return LetterFile(name, content_type, bytes(content))


def _draw(chart: Markup) -> LetterPicture:
    title, description = describe_chart(chart)
    width, _ = measure_chart(chart)
    return LetterPicture(title, description, min(width, PICTURE_WIDTH), draw_png(chart))


def _shorten(table: Table) -> LetterTable:
    shown = table.rows[:MAX_TABLE_ROWS]
    numeric = [any(isinstance(row.cells[place], int | float) for row in shown) for place in range(len(table.headings))]
    labels = [f"{one.label} ({one.unit})" if one.unit else one.label for one in table.headings]
    header = tuple(map(LetterCell, labels, numeric))
    places = [one.places for one in table.headings]
    rows = tuple(tuple(map(LetterCell, map(write_cell, row.cells, places), numeric)) for row in shown)
    return LetterTable(table.title, header, rows, max(0, len(table.rows) - MAX_TABLE_ROWS))


def _write_moment(person: User, moment: datetime | None) -> str:
    return f"{moment.astimezone(ZoneInfo(person.timezone)):%Y-%m-%d %H:%M} ({person.timezone})" if moment else "now"


def _headline(report: Report) -> str:
    return report.schedule or label_of(report)


def _greet(person: User) -> str:
    return f"Hello {person.full_name}," if person.full_name else "Hello,"


def _link(person: User, report: Report) -> str:
    page = f"/admin/reports/report/{report.pk}/change/" if person.is_staff else f"/v1/reports/{report.pk}"
    return f"{settings.SITE_URL}{page}"


declare_letter(WORD, write_report_letter)
