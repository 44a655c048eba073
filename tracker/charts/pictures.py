"""Charts as PNG, for letters: mail programs show no SVG. The same drawing, in the light colours of charts.css.

Fonts come from a package, so that a picture is the same on every machine, also on one without any fonts.
"""

import re
from functools import cache
from html import unescape
from pathlib import Path

import font_roboto
import resvg_py

from tracker.charts.markup import Markup

STYLE_SHEET = Path(__file__).parent.parent / "static" / "tracker" / "charts.css"
BACKGROUND = "#ffffff"
FONT = "Roboto"
# Two dots for each point, so that small letters stay readable on fine screens.
ZOOM = 2
MOST_POINTS = 3_000
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_AT_BLOCK = re.compile(r"@[^{}]+\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}")
_PROPERTY = re.compile(r"(--[\w-]+):\s*([^;]+);?")
_VARIABLE = re.compile(r"var\((--[\w-]+)(?:,\s*([^()]+))?\)")
_WORDS = re.compile(r"<title[^>]*>([^<]*)</title><desc[^>]*>([^<]*)</desc>")
_SIZE = re.compile(r'<svg [^>]*?width="([\d.]+)" height="([\d.]+)"')


def draw_png(chart: Markup) -> bytes:
    """The chart as a picture on white; a very large one in fewer dots.

    Raises:
        ValueError: this is no chart that can be drawn.
    """
    width, height = measure_chart(chart)
    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=str(chart),
            background=BACKGROUND,
            zoom=1 if max(width, height) > MOST_POINTS / 2 else ZOOM,
            style_sheet=plain_styles(),
            skip_system_fonts=True,
            font_files=[str(Path(font_roboto.font_directory) / f"{FONT}-{cut}.ttf") for cut in ("Regular", "Bold")],
            font_family=FONT,
            sans_serif_family=FONT,
        )
    )


def measure_chart(chart: Markup) -> tuple[int, int]:
    """Width and height in points.

    Raises:
        ValueError: this is no chart, or one beyond all measure.
    """
    found = _SIZE.match(chart)
    if found is None:
        raise ValueError("This is no chart.")
    width, height = round(float(found[1])), round(float(found[2]))
    if not (0 < width <= MOST_POINTS and 0 < height <= MOST_POINTS):
        raise ValueError(f"A picture may have up to {MOST_POINTS} points on each side.")
    return width, height


def describe_chart(chart: Markup) -> tuple[str, str]:
    """Its title and its description, for those who do not see it."""
    found = _WORDS.search(chart)
    return (unescape(found[1]), unescape(found[2])) if found is not None else ("", "")


@cache
def plain_styles() -> str:
    """charts.css in the light colours, without what renderers do not know: themes, states of the mouse, variables."""
    text = _AT_BLOCK.sub("", _COMMENT.sub("", STYLE_SHEET.read_text(encoding="utf-8")))
    rules = [
        (selector.strip(), body)
        for selector, body in _RULE.findall(text)
        if "data-theme" not in selector and ":hover" not in selector and ":focus" not in selector
    ]
    values = dict(_PROPERTY.findall(" ".join(body for _, body in rules)))

    def spell(found: re.Match[str]) -> str:
        return str(values.get(found[1], found[2] or "none")).strip()

    plain = ((selector, _VARIABLE.sub(spell, _PROPERTY.sub("", body))) for selector, body in rules)
    return "\n".join(f"{selector} {{{body.replace('inherit', FONT)}}}" for selector, body in plain)
