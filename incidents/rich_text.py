"""Markdown made safe: rendered once, when it is written, by a renderer without HTML and then a sanitiser.

Both are given little to chew on: a text beyond MAX_CHARACTERS, or that nests deeper than MAX_DEPTH, is shown as it was
typed. Sanitisers need minutes for deep nests of a size that is harmless otherwise.
"""

import html
import re
from functools import cache

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

# Half of what may be written: the costliest texts take four times as long at twice the length.
MAX_CHARACTERS = 32_768
MAX_DEPTH = 20
# Runs that make an inline parser look ahead again and again; no text that people write has them.
MAX_RUN = 1_000
TAGS = {
    "a", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre",
    "s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
SCHEMES = {"http", "https", "mailto"}
MENTION = re.compile(r"(?<![\w@./-])@([A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,190}\.[A-Za-z]{2,24})\b")
_LONG_RUN = re.compile(rf"([^\w\s])\1{{{MAX_RUN},}}")


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("js-default", {"html": False, "linkify": True, "breaks": True, "maxNesting": MAX_DEPTH})
    # A picture from elsewhere tells its owner who reads what; files of ours are shown beside the text.
    return parser.disable("image")


def render_markdown(text: str) -> str:
    """Safe HTML of a text in Markdown; of one that is too long, or nests too deep, the text itself."""
    if not text.strip():
        return ""
    if len(text) > MAX_CHARACTERS or _LONG_RUN.search(text):
        return render_plain(text)
    tokens = _parser().parse(text)
    if _depth(tokens) > MAX_DEPTH:
        return render_plain(text)
    rendered = _parser().renderer.render(tokens, _parser().options, {})
    return nh3.clean(
        rendered, tags=TAGS, attributes=ATTRIBUTES, url_schemes=SCHEMES, link_rel="noopener noreferrer nofollow"
    )


def render_plain(text: str) -> str:
    """A text as it was typed."""
    return f"<pre>{html.escape(text)}</pre>"


def strip_markdown(text: str) -> str:
    """What a text says, without its marks."""
    return html.unescape(nh3.clean(render_markdown(text), tags=set())).strip()


def find_mentions(text: str) -> set[str]:
    """The e-mail addresses that a text mentions as `@name@example.com`, in lower case; at most 50."""
    found: set[str] = set()
    for match in MENTION.finditer(text):
        found.add(match.group(1).lower())
        if len(found) == 50:
            break
    return found


def _depth(tokens: list[Token]) -> int:
    deepest = depth = 0
    for token in tokens:
        depth += token.nesting
        inner = _depth(token.children) if token.children else 0
        deepest = max(deepest, depth + inner)
    return deepest
