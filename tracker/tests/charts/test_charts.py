"""Charts: well-formed, named, linked, without inline style or script, whatever the figures and words are."""

import math
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from django.template import Context, Template

from tracker.charts import (
    Bar,
    Cell,
    Column,
    Spot,
    Words,
    draw_areas,
    draw_bars,
    draw_columns,
    draw_heat_map,
    draw_plane,
)
from tracker.charts.heat import SHADES, find_shade
from tracker.charts.scales import find_lines, find_step, find_ticks

SVG = "{http://www.w3.org/2000/svg}"
WORDS = Words("chart", 'Thefts & "more"', "<script>alert(1)</script>")
EVIL = '"><script>alert(1)</script>&'
CSS = Path(__file__).parents[2] / "static" / "tracker" / "charts.css"


def read(markup: str) -> ElementTree.Element:
    """The drawing, parsed; and what every drawing keeps to."""
    root = ElementTree.fromstring(markup)  # noqa: S314 - our own
    assert root.get("role") == "img"
    assert root.findtext(f"{SVG}title") == WORDS.title
    assert root.findtext(f"{SVG}desc") == WORDS.description
    assert root.get("aria-labelledby") == root.find(f"{SVG}title").get("id")
    assert not [one for one in root.iter() if one.tag.endswith("script") or one.get("style") or one.get("onclick")]
    for one in root.iter():
        for value in one.attrib.values():
            assert "nan" not in value
            assert "inf" not in value
    return root


def columns_of(*parts: tuple[int, ...]) -> list[Column]:
    return [Column(f"2017-{n:02d}", part, f"{n}: {sum(part)}", f"/list?n={n}&x=1") for n, part in enumerate(parts, 1)]


def test_columns_stack_to_their_figures_and_lead_somewhere():
    root = read(draw_columns(WORDS, columns_of((30, 10), (0, 0), (20, 0)), series=["Theft", EVIL]))
    bars = [bar for link in root.iter(f"{SVG}a") for bar in link.iter(f"{SVG}rect")]
    heights = [float(bar.get("height")) for bar in bars]
    assert [bar.get("class") for bar in bars] == ["series-1", "series-2", "series-1"]
    assert heights[0] == pytest.approx(3 * heights[1], abs=0.1)
    assert heights[2] == pytest.approx(2 * heights[1], abs=0.1)
    assert [link.get("href") for link in root.iter(f"{SVG}a")] == ["/list?n=1&x=1", "/list?n=3&x=1"]
    assert {link.get("tabindex") for link in root.iter(f"{SVG}a")} == {"-1"}


@pytest.mark.parametrize("count", [0, 1, 7, 120, 400])
def test_any_number_of_columns_fits(count):
    root = read(draw_columns(WORDS, columns_of(*[(n % 7,) for n in range(count)]), series=["Theft"]))
    width = float(root.get("width"))
    for bar in root.iter(f"{SVG}rect"):
        assert 0 <= float(bar.get("x")) <= width - float(bar.get("width")) + 0.01


@pytest.mark.parametrize("form", [draw_columns, draw_areas])
def test_more_series_than_there_are_colours_are_refused(form):
    with pytest.raises(ValueError, match="Up to 8"):
        form(WORDS, [], series=list("abcdefghi"))


def corners_of(area: ElementTree.Element) -> list[tuple[float, ...]]:
    return [tuple(map(float, corner.split())) for corner in area.get("d", "").strip("MZ").split("L")]


def test_areas_stack_without_gaps_and_lead_somewhere():
    root = read(draw_areas(WORDS, columns_of((30, 10, 0), (0, 0, 0), (20, 5, 0)), series=["New", EVIL, "Nothing"]))
    lower, upper = (corners_of(area) for area in root.iter(f"{SVG}path"))
    half = len(lower) // 2
    assert lower[:half] == upper[half:][::-1], "the upper area stands on the lower"
    floor = lower[-1][1]
    assert floor - upper[1][1] == pytest.approx((floor - lower[1][1]) * 4 / 3, abs=0.2)
    assert lower[2][1] == upper[2][1] == floor
    assert [link.get("href") for link in root.iter(f"{SVG}a")] == [f"/list?n={n}&x=1" for n in (1, 2, 3)]


@pytest.mark.parametrize("count", [0, 1, 400])
def test_any_number_of_columns_fits_under_areas(count):
    root = read(draw_areas(WORDS, columns_of(*[(n % 7,) for n in range(1, count + 1)]), series=["Theft"]))
    for area in root.iter(f"{SVG}path"):
        xs = [x for x, _ in corners_of(area)]
        assert (min(xs), max(xs)) == (52, 708)
    assert len(list(root.iter(f"{SVG}a"))) == count


def test_bars_are_as_long_as_their_figures_and_a_missing_one_is_no_zero():
    bars = [Bar("OPS", [4, 8.25], "tip", "/ops", target=6), Bar(EVIL, [None, 0], EVIL, "", figures=("–", "0 days"))]
    root = read(draw_bars(WORDS, bars, series=["Median", EVIL], target="Promised"))
    drawn = [bar for bar in root.iter(f"{SVG}rect") if float(bar.get("y")) < 70]
    assert float(drawn[1].get("width")) == pytest.approx(2.0625 * float(drawn[0].get("width")), rel=0.001)
    assert [one.text for one in root.iter(f"{SVG}text") if one.get("class") == "chart-figure"] == [
        "4",
        "8.25",
        "–",
        "0 days",
    ]
    assert [link.get("href") for link in root.iter(f"{SVG}a")] == ["/ops"]
    marks = [float(line.get("x1")) for line in root.iter(f"{SVG}line") if line.get("class") == "target"]
    assert len(marks) == 2
    assert marks[0] == pytest.approx(float(drawn[0].get("x")) + 1.5 * float(drawn[0].get("width")), abs=0.1)


@pytest.mark.parametrize("count", [0, 1, 100])
@pytest.mark.parametrize("highest", [None, 100])
def test_any_number_of_bars_fits(count, highest):
    bars = [Bar(f"{n} {'long name ' * 5}", [n * 1e7 if n % 3 else None], "tip") for n in range(count)]
    root = read(draw_bars(WORDS, bars, series=["Median"], highest=highest))
    width, height = float(root.get("width")), float(root.get("height"))
    for bar in root.iter(f"{SVG}rect"):
        assert float(bar.get("x")) + float(bar.get("width")) <= width
    assert all(float(one.get("y")) <= height for one in root.iter(f"{SVG}text"))


def test_more_bars_than_anybody_reads_are_refused():
    with pytest.raises(ValueError, match="100 bars"):
        draw_bars(WORDS, [Bar("a", [1], "tip")] * 101, series=["Median"])


def test_a_mark_does_not_cross_the_figure_of_a_bar_that_ends_just_before_it():
    bars = [Bar("Hall 1", [95.8], "tip", target=100, figures=("95.8 %",)), Bar("Hall 2", [40], "tip", target=100)]
    root = read(draw_bars(WORDS, bars, series=["Made"], target="Goal"))
    near, far = [float(one.get("x")) for one in root.iter(f"{SVG}text") if one.get("class") == "chart-figure"]
    mark = next(float(line.get("x1")) for line in root.iter(f"{SVG}line") if line.get("class") == "target")
    assert mark < near < mark + 10
    assert far < mark - 100


def test_a_heat_map_is_darkest_where_the_figure_is_highest():
    cells = [[Cell(0, "none", "/no"), Cell(1, EVIL, "/one"), Cell(120, "many", "/many"), Cell(12_000, "most", "/most")]]
    root = read(draw_heat_map(WORDS, rows=[EVIL], columns=list("abcd"), cells=cells))
    shades = [rect.get("class") for rect in root.iter(f"{SVG}rect")]
    assert shades == ["heat heat-0", "heat heat-1", "heat heat-1", f"heat heat-{SHADES}"]
    assert [link.get("href") for link in root.iter(f"{SVG}a")] == ["/one", "/many", "/most"]


def test_shades_grow_with_the_figure():
    assert [find_shade(value, 60) for value in (0, 1, 10, 11, 59, 60)] == [0, 1, 1, 2, 6, 6]
    assert find_shade(0, 0) == 0


def test_a_plane_is_true_to_scale_in_its_middle():
    metres = 1_000 / 111_320
    across = metres / math.cos(math.radians(43.65))
    corners = [(43.65, -79.38), (43.65 + metres, -79.38), (43.65, -79.38 + across)]
    root = read(draw_plane(WORDS, spots=[Spot(y, x, 1, EVIL, "/x", name=EVIL) for y, x in corners]))
    (ax, ay), (bx, by), (cx, cy) = ((float(one.get("cx")), float(one.get("cy"))) for one in root.iter(f"{SVG}circle"))
    assert math.dist((ax, ay), (bx, by)) == pytest.approx(math.dist((ax, ay), (cx, cy)), rel=0.01)
    assert by < ay
    assert cx > ax


@pytest.mark.parametrize(
    "places",
    [[], [(0, 0)], [(90, 180), (-90, -180)], [(89.9, 5), (89.9, -5)], [(43.6, -79.4)] * 3, [(10, 0), (10, 179)]],
)
def test_a_plane_holds_places_anywhere(places):
    root = read(draw_plane(WORDS, spots=[Spot(y, x, n + 1, "tip") for n, (y, x) in enumerate(places)]))
    width, height = float(root.get("width")), float(root.get("height"))
    for circle in root.iter(f"{SVG}circle"):
        assert 0 <= float(circle.get("cx")) <= width
        assert 0 <= float(circle.get("cy")) <= height


def test_no_name_is_written_over_another():
    spots = [
        Spot(1, 1, 9, "tip", name="Depot"),
        Spot(1.0001, 1, 5, "tip", name="Gate"),
        Spot(2, 1, 5, "tip", name="Hall"),
    ]
    root = read(draw_plane(WORDS, spots=spots))
    assert [one.text for one in root.iter(f"{SVG}text") if one.get("class") == "spot-name"] == ["Depot", "Hall"]


def test_axes_have_round_steps():
    assert find_ticks(0) == [0, 1]
    assert find_ticks(3) == [0, 1, 2, 3]
    assert find_ticks(347) == [0, 100, 200, 300, 400]
    assert find_step(0, 5) == 1
    assert find_lines(43.58, 43.84)[1] == pytest.approx(0.1)


def test_a_template_shows_the_drawing_as_it_is():
    markup = draw_columns(WORDS, columns_of((1,)), series=["Theft"])
    assert Template("{{ chart }}").render(Context({"chart": markup})) == markup


def test_every_class_that_is_drawn_has_a_colour():
    known = set(re.findall(r"\.([a-z][a-z0-9-]*)", CSS.read_text()))
    drawn: str = draw_columns(WORDS, columns_of((1,) * 8), series=list("abcdefgh"))
    drawn += draw_plane(WORDS, spots=[Spot(1, 1, 1, "tip", mark="1", name="here")])
    drawn += draw_heat_map(WORDS, rows=["a"], columns=list("abcdefg"), cells=[[Cell(n, "") for n in range(7)]])
    drawn += draw_bars(WORDS, [Bar("a", [1] * 8, "tip", target=2)], series=list("abcdefgh"), target="t")
    drawn += draw_areas(WORDS, columns_of((1,) * 8), series=list("abcdefgh"))
    used = {name for names in re.findall(r'class="([^"]+)"', drawn) for name in names.split()}
    assert {name for name in used - known if not name.startswith("heat-figure-")} == {"chart-label", "heat"}
