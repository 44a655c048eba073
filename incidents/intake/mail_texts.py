"""Texts of a mail: decoded whatever their charset claims, HTML turned into Markdown, the quoted history taken off.

What strangers send is given little to chew on: parsers that need minutes for a hostile text of a harmless size get a
short and shallow one, and what is neither is read in a plainer way.
"""

import codecs
import html
import re
from email.errors import HeaderParseError
from email.header import decode_header

import nh3
from mailparser_reply import EmailReplyParser
from markdownify import markdownify

from incidents.rich_text import SCHEMES, TAGS

MAX_HTML_CHARACTERS = 256 * 1024
# Sanitisers and converters go down by tag; newsletters have a few thousand tags, forty deep.
MAX_TAGS = 20_000
MAX_DEPTH = 80
# A reply stands above what it answers. The library's patterns are quadratic in the length of a line.
MAX_REPLY_CHARACTERS = 16_384
MAX_REPLY_LINE = 300
LANGUAGES = ["en", "de", "fr", "es", "it", "nl", "pl", "pt", "da", "sv", "cs"]
# What Python knows under "encoding" and no mail is written in; one of them is quadratic.
STRANGE_CODECS = frozenset({"idna", "punycode", "undefined", "unicode_escape"})
_TAG_START = re.compile(r"</?[A-Za-z]")
_EMBEDDED = re.compile(r"data:[^\"'\s<>]{200,}")
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]{0,20})[^<>]*>")
_VOID = frozenset({"br", "hr", "img", "meta", "link", "input", "col", "area", "base", "wbr", "source"})
_UNSHOWN = frozenset({"script", "style", "head", "title"})
_BLOCKS = frozenset({"p", "div", "br", "tr", "li", "h1", "h2", "h3", "h4", "h5", "h6", "table", "blockquote", "hr"})
_BLANK_LINES = re.compile(r"\n{3,}")
_QUOTE = re.compile(r"\s*>")


def decode_text(raw: bytes, charset: str) -> str:
    """The text of these bytes; where the charset is none or wrong, UTF-8, and then Windows-1252."""
    for name in (_find_codec(charset), "utf-8", "windows-1252"):
        try:
            return raw.decode(name or "ascii")
        except (UnicodeError, LookupError):
            continue
    return raw.decode("latin-1")


def decode_words(raw: str) -> str:
    """A header's value with its encoded words (RFC 2047) read, in one line of what can be shown."""
    try:
        parts = decode_header(raw)
    except (HeaderParseError, ValueError):
        return one_line(raw)
    # What stands unencoded between encoded words comes back in a spelling of Python's own.
    texts = (part if isinstance(part, str) else decode_text(part, name or "raw_unicode_escape") for part, name in parts)
    return one_line("".join(texts))


def one_line(text: str) -> str:
    """Without line breaks and what cannot be seen or kept."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def clean_text(text: str) -> str:
    """With one kind of line end, and without control characters and halves of letters."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = "".join(letter for letter in text if letter >= " " or letter in "\n\t")
    text = text.replace("\x7f", "").encode("utf-8", "replace").decode("utf-8")
    return "\n".join(line.rstrip() for line in text.split("\n")).strip("\n")


def html_to_markdown(source: str) -> str:
    """A page as Markdown, without scripts, styles and pictures. One that is too much to be understood: its words."""
    source = _EMBEDDED.sub("", source)[:MAX_HTML_CHARACTERS]
    if len(_TAG_START.findall(source)) > MAX_TAGS:
        return strip_tags(source)
    safe = nh3.clean(
        source, tags=TAGS | {"div"}, attributes={"a": {"href"}}, url_schemes=SCHEMES, clean_content_tags=set(_UNSHOWN)
    )
    if _depth(safe) > MAX_DEPTH:
        return strip_tags(safe)
    text = markdownify(safe, heading_style="ATX", bullets="-", escape_underscores=False)
    return _BLANK_LINES.sub("\n\n", clean_text(text)).strip()


def strip_tags(source: str) -> str:
    """The words between the tags, in one pass."""
    words, position, hidden = [], 0, ""
    for match in _TAG.finditer(source):
        closing, name = match.group(1), match.group(2).lower()
        if not hidden:
            words.append(source[position : match.start()])
            words.append("\n" if name in _BLOCKS else "")
        position = match.end()
        if name in _UNSHOWN and (not hidden or hidden == name):
            hidden = "" if closing else name
    if not hidden:
        words.append(source[position:])
    lines = (" ".join(line.split()) for line in clean_text(html.unescape("".join(words))).split("\n"))
    return _BLANK_LINES.sub("\n\n", "\n".join(lines)).strip()


def cut_history(text: str) -> str:
    """What somebody wrote, without the letter that it answers. Where no history is found, all of it."""
    beginning = _BLANK_LINES.sub("\n\n", text[:MAX_REPLY_CHARACTERS])
    lines = [line[:MAX_REPLY_LINE] for line in beginning.split("\n")]
    replies = EmailReplyParser(languages=LANGUAGES).read("\n".join(lines)).replies
    if len(replies) < 2:
        return _drop_quotes(text)
    # The library strips each line; code and lists need what stood in front.
    first = replies[0].content
    count = first.count("\n") + 1
    start = next((number for number, line in enumerate(lines) if line.strip()), 0)
    kept = beginning.split("\n")[start : start + count]
    is_same = [line[:MAX_REPLY_LINE].strip() for line in kept] == first.split("\n")
    return _drop_quotes("\n".join(kept) if is_same else first) or text


def _drop_quotes(text: str) -> str:
    """Without quoted lines at the end."""
    lines = text.split("\n")
    while lines and (not lines[-1].strip() or _QUOTE.match(lines[-1])):
        lines.pop()
    return "\n".join(lines).strip("\n") or text


def _find_codec(charset: str) -> str:
    """Python's name of a charset; none where it is no charset at all."""
    try:
        name = codecs.lookup(charset.strip()[:40]).name
    except (LookupError, ValueError, UnicodeError):
        return ""
    return "" if name.replace("-", "_") in STRANGE_CODECS else name


def _depth(safe: str) -> int:
    deepest = depth = 0
    for closing, name in _TAG.findall(safe):
        depth += 0 if name.lower() in _VOID else -1 if closing else 1
        deepest = max(deepest, depth)
    return deepest
