"""Charts as pictures: what a letter shows."""

import io

import pytest
from PIL import Image

from tracker.charts import Column, Markup, Words, draw_columns
from tracker.charts.pictures import draw_png, measure_chart

CHART = draw_columns(
    Words("over-time", "Incidents", "Two columns."),
    [Column("Mon", [2, 1], "Mon: 3", "/admin/"), Column("Tue", [1, 4], "Tue: 5")],
    series=["Theft", "Outage"],
)


def test_a_chart_is_drawn_in_the_light_colours_of_the_pages_with_readable_words():
    picture = Image.open(io.BytesIO(draw_png(CHART))).convert("RGB")
    width, height = measure_chart(CHART)
    assert picture.size == (2 * width, 2 * height)
    colours = {colour for _, colour in picture.getcolors(maxcolors=1_000_000)}
    assert {(0xFF, 0xFF, 0xFF), (0x00, 0x72, 0xB2), (0xE6, 0x9F, 0x00), (0x33, 0x33, 0x33)} <= colours
    assert (0, 0, 0) not in colours


@pytest.mark.parametrize("text", ["", "<p>no chart</p>", '<svg class="chart" width="9000" height="10"></svg>'])
def test_what_is_no_chart_or_beyond_all_measure_is_refused(text):
    with pytest.raises(ValueError, match=r"chart|points"):
        draw_png(Markup(text))
