"""Lines over time: in place, with gaps, thinned without losing a peak, told in words."""

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tracker.charts import Band, Line, Words, describe_lines, draw_lines
from tracker.charts.moments import find_moments
from tracker.charts.scales import find_value_ticks
from tracker.charts.thinning import thin
from tracker.tests.charts.test_charts import CSS, EVIL, SVG, WORDS, read

START = datetime(2021, 1, 4, 8, tzinfo=UTC)


def line_of(*values, name="Actual", step=timedelta(hours=1)):
    return Line(name, [(START + step * place, value) for place, value in enumerate(values)])


def dots_of(root, number=1):
    return [(float(one.get("cx")), float(one.get("cy"))) for one in root.iter(f"{SVG}circle")
            if one.get("class") == f"dot-{number}"]  # fmt: skip


def test_a_line_stands_where_its_figures_are():
    root = read(draw_lines(WORDS, [line_of(0, 5, 10)]))
    (ax, ay), (bx, by), (cx, cy) = dots_of(root)
    assert bx - ax == pytest.approx(cx - bx, abs=0.1)
    assert ay - by == pytest.approx(by - cy, abs=0.1)
    assert ay > by > cy


def test_words_at_the_edges_are_not_cut_and_the_unit_stands_clear_of_the_line():
    days = [date(2026, 10, 19) + timedelta(days=7 * place) for place in range(5)]
    root = read(draw_lines(WORDS, [Line("Median", [(day, 100.0) for day in days])], unit="%"))
    texts = {one.text: one for one in root.iter(f"{SVG}text")}
    assert float(texts["16 Nov"].get("x")) + 6 * 6.5 / 2 <= float(root.get("width"))
    assert float(texts["%"].get("y")) + 5 < min(y for _, y in dots_of(root))


def test_a_gap_breaks_the_line_and_a_lonely_point_is_still_seen():
    values = [1.0] * 40 + [None, 3.0, None] + [1.0] * 40
    root = read(draw_lines(WORDS, [line_of(*values)]))
    (path,) = [one.get("d") for one in root.iter(f"{SVG}path") if one.get("class") == "line line-1"]
    assert path.count("M") == 3
    assert len(dots_of(root)) == 1


def test_each_line_has_a_colour_dashes_and_a_name_in_the_legend():
    series = [line_of(n, n + 1, name=f"Series {n}" if n else EVIL) for n in range(8)]
    root = read(draw_lines(WORDS, series, band=Band("as planned", [(START, 1, 2), (START + timedelta(hours=1), 1, 3)])))
    css = CSS.read_text()
    for number in range(1, 9):
        assert re.search(rf"\.line-{number} {{ stroke: var\(--line-{number}\)", css)
        assert len([one for one in root.iter(f"{SVG}path") if one.get("class") == f"line line-{number}"]) == 2
    dashes = [re.search(rf"\.line-{number} {{[^}}]*dasharray: ([^;]+)", css).group(1) for number in range(2, 9)]
    assert len(set(dashes)) == 7
    assert {"Series 1", "Series 7", "as planned"} <= {one.text for one in root.iter(f"{SVG}text")}


def test_more_lines_than_there_are_colours_are_refused():
    with pytest.raises(ValueError, match="Up to 8"):
        draw_lines(WORDS, [line_of(1)] * 9)


@pytest.mark.parametrize(
    "values",
    [(), (None,), (5,), (0, 0), (-3, 4), (1e14, -1e14), (float("nan"), 1.0), (float("inf"), 2.0), (0.0001, 0.0002)],
)
@pytest.mark.parametrize("from_zero", [True, False])
def test_any_figures_fit(values, from_zero):
    root = read(draw_lines(WORDS, [line_of(*values)], from_zero=from_zero, unit="%"))
    for x, y in dots_of(root):
        assert 52 <= x <= 708
        assert 20 <= y <= 240


def test_days_and_numbers_are_scales_as_well():
    days = [(date(2020, 2, 27) + timedelta(days=n), n) for n in range(5)]
    words = {one.text for one in read(draw_lines(WORDS, [Line("Open", days)])).iter(f"{SVG}text")}
    assert {"27 Feb 2020", "29 Feb", "1 Mar"} <= words
    shares = [(n / 10, n / 20) for n in range(11)]
    words = {one.text for one in read(draw_lines(WORDS, [Line("Risk", shares)])).iter(f"{SVG}text")}
    assert {"0", "0.2", "0.8"} <= words


def test_time_is_told_on_the_clocks_of_the_zone_over_a_change_of_clocks():
    zone = ZoneInfo("Europe/Berlin")
    first = datetime(2021, 3, 27, tzinfo=zone)
    marks = find_moments(first.timestamp(), datetime(2021, 3, 29, tzinfo=zone).timestamp(), zone)
    assert [words for _, words in marks][1::2] == ["27 Mar 12:00", "28 Mar 12:00"]
    assert marks[-1][0] - marks[0][0] == 47 * 3600


@pytest.mark.parametrize("seconds", [0, 1, 50, 3_000, 80_000, 9e5, 4e6, 3e7, 4e8, 5e9, 5e10])
def test_no_span_has_more_moments_than_can_be_read(seconds):
    marks = find_moments(START.timestamp(), START.timestamp() + seconds)
    assert len(marks) <= 8
    assert len({words for _, words in marks}) == len(marks)


def test_a_hundred_thousand_points_become_few_and_keep_their_peaks():
    values: list[tuple[float, float | None]] = [(float(n), 5.0 + n % 3) for n in range(100_000)]
    values[40_321], values[70_000], values[80_123] = (40_321.0, 99.0), (70_000.0, -7.0), (80_123.0, None)
    thinned = thin(values, 300)
    assert len(thinned) < 1_600
    assert {(40_321.0, 99.0), (70_000.0, -7.0), (80_123.0, None), values[0], values[-1]} <= set(thinned)
    assert thinned == sorted(thinned, key=lambda spot: spot[0])
    assert len(draw_lines(WORDS, [Line("a", values)])) < 40_000


def test_the_lines_are_told_in_words_where_nobody_wrote_any():
    told = describe_lines([line_of(3, None, 7, 1), Line("Goal", [])], unit="t")
    assert told == (
        "Actual: 3 figures, 1 gap, from 3 t (4 Jan 2021, 08:00) to 1 t (4 Jan 2021, 11:00), lowest 1 t "
        "(4 Jan 2021, 11:00), highest 7 t (4 Jan 2021, 10:00). Goal: no figures."
    )
    assert told in draw_lines(Words("c", "t", ""), [line_of(3, None, 7, 1), Line("Goal", [])], unit="t")


def test_scales_hold_their_figures_in_round_steps():
    assert find_value_ticks(0, 0, is_whole=True) == [0, 1]
    assert find_value_ticks(0, 3, is_whole=True) == [0, 1, 2, 3]
    assert find_value_ticks(0, 1) == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1])
    assert find_value_ticks(-3, 4) == [-4, -2, 0, 2, 4]
