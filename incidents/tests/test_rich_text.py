"""Markdown from strangers: readable where it is honest, harmless where it is not, and quick either way."""

import json
import sys
import time
from html.parser import HTMLParser

import pytest

from incidents.rich_text import MAX_CHARACTERS, MAX_DEPTH, find_mentions, render_markdown
from tracker.testing.real_data import DATA, needs

ALLOWED = {
    "a", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre",
    "s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
NASTY = DATA / "nasty"
# Twice what is measured on a quiet machine for the worst of them, so that a noisy one passes and a quadratic one fails.
CPU_SECONDS = 0.5


class Reader(HTMLParser):
    """Notes every tag and attribute of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))


def check_harmless(source: str) -> None:
    reader = Reader()
    reader.feed(render_markdown(source))
    for tag, attributes in reader.seen:
        assert tag in ALLOWED, source
        assert set(attributes) <= {"href", "title", "rel", "start"}, source
        href = attributes.get("href")
        assert href is None or href.lower().startswith(("http://", "https://", "mailto:")) or ":" not in href, source


def test_what_people_write_is_shown_as_they_meant_it():
    html = render_markdown("# Gate\n\n* open **all** night\n\n```\nlog <here>\n```\n\n|a|b|\n|-|-|\n|1|2|")
    for part in ("<h1>Gate</h1>", "<strong>all</strong>", "<code>log &lt;here&gt;\n</code>", "<td>1</td>"):
        assert part in html


def test_links_lead_out_without_telling_from_where():
    assert 'rel="noopener noreferrer nofollow"' in render_markdown("see http://example.com/x")


def test_a_picture_from_elsewhere_is_not_loaded():
    assert "<img" not in render_markdown("![who reads this](https://tracker.example/pixel.png)")


def test_html_is_shown_and_not_obeyed():
    assert render_markdown("<b>x</b>") == "<p>&lt;b&gt;x&lt;/b&gt;</p>\n"


@needs(NASTY / "made_markdown_xss.json")
def test_markdown_made_to_attack_is_harmless():
    for source in json.loads((NASTY / "made_markdown_xss.json").read_text()):
        check_harmless(source)


@needs(NASTY / "dompurify_xss_cases.json")
def test_html_made_to_attack_is_harmless():
    for case in json.loads((NASTY / "dompurify_xss_cases.json").read_text()):
        check_harmless(case["payload"])


@needs(NASTY / "blns.json")
def test_naughty_strings_are_harmless():
    for source in json.loads((NASTY / "blns.json").read_text()):
        check_harmless(source)


BOMBS = {
    "quotes": ">" * MAX_CHARACTERS,
    "spaced quotes": "> " * (MAX_CHARACTERS // 2),
    "brackets": "[a" * (MAX_CHARACTERS // 2),
    "pictures": "![" * (MAX_CHARACTERS // 2),
    "emphasis": "*a_" * (MAX_CHARACTERS // 3),
    "strong": "**a" * (MAX_CHARACTERS // 3),
    "ticks": "".join("`" * n + "a" for n in range(1, 250)),
    "lists": "".join("  " * n + "- a\n" for n in range(180)),
    "flat list": "* " * (MAX_CHARACTERS // 2),
    "divs": "<div>" * (MAX_CHARACTERS // 5),
    "half links": "[a](b" * (MAX_CHARACTERS // 5),
    "nested links": "[[[[a](b)" * (MAX_CHARACTERS // 9),
    "references": "".join(f"[{n}]: x\n" for n in range(MAX_CHARACTERS // 11)),
    "tables": "|" * 900 + "\n" + "|-" * 450 + "\n" + ("|" * 900 + "\n") * 34,
    "comments": "<!--" * (MAX_CHARACTERS // 4),
    "cdata": "<![CDATA[" * (MAX_CHARACTERS // 9),
    "parentheses": ("[a](" + "(" * 30) * 960,
    "addresses": "www.a.b " * (MAX_CHARACTERS // 8),
    "mailboxes": "@a@b.c " * (MAX_CHARACTERS // 7),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_goes_off_quickly(name):
    # A run that measures coverage looks at every line, which takes longer than the lines do.
    tracer = sys.gettrace()
    sys.settrace(None)
    started = time.process_time()
    render_markdown(BOMBS[name][:MAX_CHARACTERS])
    find_mentions(BOMBS[name])
    taken = time.process_time() - started
    sys.settrace(tracer)
    assert taken < CPU_SECONDS


def test_a_text_beyond_the_limit_is_shown_as_it_was_typed():
    assert render_markdown("*a* " * MAX_CHARACTERS).startswith("<pre>*a* *a*")


@pytest.mark.parametrize("mark", ["> ", "- ", "1. "])
def test_a_text_that_nests_too_deep_is_shown_as_it_was_typed(mark):
    deep = mark * (MAX_DEPTH + 1) + "x"
    assert render_markdown(deep).count("<blockquote") + render_markdown(deep).count("<li") <= MAX_DEPTH


def test_a_mention_is_an_address_behind_an_at():
    text = "@Ann.Lee@Example.com, (@bob@example.org) but not carl@example.com nor a/@dora@example.com"
    assert find_mentions(text) == {"ann.lee@example.com", "bob@example.org"}
