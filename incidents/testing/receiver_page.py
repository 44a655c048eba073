"""The page on which the stub receiver shows what it received. No script: it reloads itself."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

STYLE = """
:root { color-scheme: light dark; font: 15px/1.45 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 60rem; padding: 1rem; }
article { border: 1px solid #8886; border-left: 6px solid var(--mark, #888); border-radius: 6px;
          margin: .8rem 0; padding: .6rem .9rem; overflow-wrap: anywhere; }
h1 { font-size: 1.3rem; } h2 { font-size: 1rem; margin: 0 0 .3rem; }
ul { display: grid; grid-template-columns: repeat(auto-fill, minmax(11rem, 1fr)); gap: .5rem; list-style: none;
     margin: .5rem 0; padding: 0; }
pre { white-space: pre-wrap; font-size: .8rem; } small { opacity: .75; } p { margin: .25rem 0; }
"""

# What escaping has made of "<https://…|label>", "*bold*" and of the entities that Slack asks for.
LINK = re.compile(r"&lt;(https?://(?:(?!&[lg]t;|\|).)+)\|((?:(?!&[lg]t;).)*)&gt;")
BOLD = re.compile(r"\*([^*\n]+)\*")
ENTITY = re.compile(r"&amp;(amp|lt|gt);")


def render_page(requests: Sequence[Mapping[str, Any]]) -> str:
    """The whole page, newest request first."""
    shown = "".join(_article(request) for request in requests) or "<p>Nothing has arrived yet.</p>"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="3">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><title>Stub receiver</title>'
        f"<style>{STYLE}</style></head><body><h1>What the stub receiver got</h1>"
        "<p>It stands in for Slack and for webhooks. Newest first; the page reloads every 3 seconds.</p>"
        f"{shown}</body></html>"
    )


def _article(request: Mapping[str, Any]) -> str:
    payload = _read(request["body"])
    attachments = [part for part in payload.get("attachments", []) if isinstance(part, dict)]
    colour = str(attachments[0].get("color", "")) if attachments else ""
    mark = f' style="--mark: {escape(colour)}"' if colour.startswith("#") and colour[1:].isalnum() else ""
    content = "".join([*_slack_blocks(attachments), *_webhook_lines(payload)])
    title = show_mrkdwn(str(payload.get("text") or request["path"]))
    key = escape(request["headers"].get("idempotency-key", "none"))
    answered = request["answered"] or "nothing"
    return (
        f"<article{mark}><h2>{title}</h2>{content}"
        f"<small>{escape(request['at'])} · {escape(request['path'])} · answered {answered} · key {key}</small>"
        f"<details><summary>Body</summary><pre>{escape(_pretty(request['body']))}</pre></details></article>"
    )


def show_mrkdwn(text: str) -> str:
    """Slack's markup as HTML: links, bold, line ends and its three entities; everything else is text."""
    shown = escape(text)
    shown = LINK.sub(r'<a href="\1" rel="noreferrer">\2</a>', shown)
    shown = BOLD.sub(r"<b>\1</b>", shown)
    return ENTITY.sub(r"&\1;", shown).replace("\n", "<br>")


def _slack_blocks(attachments: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for attachment in attachments:
        for block in attachment.get("blocks", []):
            for part in (block.get("text"), *block.get("elements", [])):
                if isinstance(part, dict):
                    yield f"<p>{show_mrkdwn(str(part.get('text', '')))}</p>"
            fields = [show_mrkdwn(str(field.get("text", ""))) for field in block.get("fields", [])]
            if fields:
                yield "<ul>" + "".join(f"<li>{field}</li>" for field in fields) + "</ul>"


def _webhook_lines(payload: Mapping[str, Any]) -> Iterator[str]:
    notices = payload.get("notices", [])
    for notice in notices if isinstance(notices, list) else []:
        if isinstance(notice, dict):
            words = (notice.get(name, "") for name in ("notice", "ticket_id", "sla_type", "state", "title"))
            yield f"<p>{escape(' · '.join(str(word) for word in words if word))}</p>"


def _read(body: str) -> Mapping[str, Any]:
    try:
        payload = json.loads(body)
    except ValueError:
        return {}
    return payload if isinstance(payload, dict) else {}


def _pretty(body: str) -> str:
    payload = _read(body)
    return json.dumps(payload, indent=2, ensure_ascii=False) if payload else body
