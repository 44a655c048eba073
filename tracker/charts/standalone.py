"""A chart as a file of its own: its colours come along, on white, so that it looks the same wherever it is shown."""

from tracker.charts.markup import Markup
from tracker.charts.pictures import BACKGROUND, FONT, measure_chart, plain_styles

CONTENT_TYPE = "image/svg+xml"
# It styles itself, and can do nothing else, should somebody open it as a page.
HEADERS = {
    "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


def draw_alone(chart: Markup) -> str:
    """The chart as an SVG document.

    Raises:
        ValueError: this is no chart.
    """
    width, height = measure_chart(chart)
    head, opened, rest = chart.partition(">")
    styles = plain_styles().replace(FONT, f"{FONT}, sans-serif").replace("<", "")
    paper = f'<rect width="{width}" height="{height}" fill="{BACKGROUND}"/>'
    return f"{head}{opened}<style>{styles.replace('&', '')}</style>{paper}{rest}"
