"""Tables for spreadsheet programs: nothing that somebody typed is calculated."""

import csv
import io
from decimal import Decimal

import pytest

from tracker.spreadsheets import neutralise, neutralise_lines, restore

LIVE = [
    "=1+1", "+1+cmd", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\uff1d1+1", "\uff0b1+1", "\uff0d1-1",
    "\uff20SUM(A1)", "\u22121+1", "\ufe661", " =1+1", "\u00a0=1+1", "\ufeff=1", "\u200b=1", '=HYPERLINK("http://evil.example","x")',
    "-", "=", "--5", "\t", "-5\n=1", "+49 30 123", "'=1", "''=1",
]  # fmt: skip
HARMLESS = ["", "Lamp", "a=b", "'", "'tis", "1-2", "(=1)", "-5", "-5.25", "+5", "5", "Ünal", "→ next", "#1", "\uff41"]


@pytest.mark.parametrize("text", LIVE)
def test_a_text_that_would_be_calculated_gets_a_quote(text):
    assert neutralise(text) == "'" + text


@pytest.mark.parametrize("text", HARMLESS)
def test_a_text_that_is_only_read_stays_as_it_is(text):
    assert neutralise(text) == text


@pytest.mark.parametrize("text", [*LIVE, *HARMLESS])
def test_what_was_made_harmless_comes_back_as_it_was_typed(text):
    assert restore(neutralise(text)) == text


@pytest.mark.parametrize("number", [-5, -5.5, Decimal("-5"), 0, True, None])
def test_what_is_no_text_stays_what_it_is(number):
    assert neutralise(number) is number


@pytest.mark.parametrize("text", [*LIVE, *HARMLESS, '"=1', ',"=1', 'a,"=1"', ",=1", '",\n"=1'])
def test_lines_that_the_database_wrote_are_made_harmless_cell_by_cell(text):
    quoted = '"' + text.replace('"', '""') + '"'
    (line,) = neutralise_lines([f'"OPS-1",{quoted},,"{5}",{quoted}\n'.encode()])
    (row,) = csv.reader(io.StringIO(line.decode(), newline=""))
    assert row == ["OPS-1", neutralise(text), "", "5", neutralise(text)]
