"""The colours of the pages for everybody are far enough apart to be read, light and dark (WCAG 2.2, AA)."""

import re

import pytest

from tracker.testing.services import CHECKOUT

STYLES = (CHECKOUT / "tracker" / "static" / "tracker" / "portal.css").read_text()
TEXTS = [
    ("fg", "bg"), ("fg", "soft"), ("quiet", "bg"), ("link", "bg"), ("link", "soft"), ("button-fg", "button"),
    ("button-fg", "button-hover"), ("top-fg", "top"), ("ok-fg", "ok-bg"), ("wrong-fg", "wrong-bg"), ("wrong-fg", "bg"),
    ("info-fg", "info-bg"), ("alert-fg", "alert-bg"), ("quiet", "soft"),
]  # fmt: skip
SHAPES = [("field-line", "bg"), ("focus", "bg")]


def colours(scheme):
    light, dark = re.findall(r":root \{(.*?)\}", STYLES, re.DOTALL)[:2]
    found = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", light))
    return found if scheme == "light" else found | dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", dark))


def luminance(colour):
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("pairs", "least"), [(TEXTS, 4.5), (SHAPES, 3)], ids=["texts", "shapes"])
def test_they_can_be_told_apart(scheme, pairs, least):
    known = colours(scheme)
    for front, back in pairs:
        lighter, darker = sorted((luminance(known[front]), luminance(known[back])), reverse=True)
        assert (lighter + 0.05) / (darker + 0.05) >= least, (front, back)
