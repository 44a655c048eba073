"""SVG elements as text, everything in them escaped."""

import re
from dataclasses import dataclass
from html import escape

Value = str | int | float
# What XML cannot hold at all, escaped or not: one such letter in a name, and nothing of the picture shows.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
REPLACEMENT = "\ufffd"


class Markup(str):
    """Text that is markup already; templates leave it as it is."""

    __slots__ = ()

    def __html__(self) -> "Markup":
        return self


@dataclass(frozen=True, slots=True)
class Words:
    """What a chart says to those who do not see it; `key` is its id on the page."""

    key: str
    title: str
    description: str


def draw(name: str, *children: str, **attributes: Value) -> Markup:
    """One element; children that are no markup are escaped. `class_` is class, and `a_b` is a-b."""
    spelled = "".join(
        f' {_spell_name(key)}="{_escape(_spell(value))}"' for key, value in attributes.items() if value != ""
    )
    inner = "".join(child if isinstance(child, Markup) else _escape(child) for child in children)
    return Markup(f"<{name}{spelled}>{inner}</{name}>" if inner else f"<{name}{spelled}/>")


def draw_chart(words: Words, width: float, height: float, *children: str) -> Markup:
    """A whole chart, named and described; wider than its box, it scrolls there."""
    title, text = f"{words.key}-title", f"{words.key}-text"
    return draw(
        "svg",
        draw("title", words.title, id=title),
        draw("desc", words.description, id=text),
        *children,
        xmlns="http://www.w3.org/2000/svg",
        class_="chart",
        id=words.key,
        viewBox=f"0 0 {_spell(width)} {_spell(height)}",
        width=width,
        height=height,
        role="img",
        aria_labelledby=title,
        aria_describedby=text,
    )


def draw_link(href: str, tip: str, *children: str) -> Markup:
    """What stands under the mouse: a link where there is one, and its words."""
    told = draw("title", tip)
    return draw("a", told, *children, href=href, tabindex=-1) if href else draw("g", told, *children)


def draw_text(words: str, x: float, y: float, *, anchor: str = "start", kind: str = "chart-label") -> Markup:
    """A few words at a place."""
    return draw("text", words, x=x, y=y, text_anchor=anchor, class_=kind)


def _escape(text: str) -> str:
    return escape(_UNWRITABLE.sub(REPLACEMENT, text))


def _spell_name(key: str) -> str:
    return key.rstrip("_") if key.endswith("_") else key.replace("_", "-")


def _spell(value: Value) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
