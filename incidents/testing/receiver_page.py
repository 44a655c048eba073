"""The page on which the stub receiver shows what it received. No script: it reloads itself."""

import json
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

STYLE = """
:root { color-scheme: light dark; font: 15px/1.45 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 60rem; padding: 1rem; }
article { border: 1px solid #8886; border-left: 6px solid var(--mark, #888); border-radius: 6px;
          margin: .8rem 0; padding: .6rem .9rem; overflow-wrap: anywhere; }
h1 { font-size: 1.3rem; } h2 { font-size: 1rem; margin: 0 0 .3rem; }
pre { white-space: pre-wrap; font-size: .8rem; } small { opacity: .75; } p { margin: .25rem 0; }
"""


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
    try:
        payload = json.loads(request["body"])
    except ValueError:
        payload = {}
    payload = payload if isinstance(payload, dict) else {}
    attachments = [part for part in payload.get("attachments", []) if isinstance(part, dict)]
    colour = str(attachments[0].get("color", "")) if attachments else ""
    mark = f' style="--mark: {escape(colour)}"' if colour.startswith("#") and colour[1:].isalnum() else ""
    texts = "".join(f"<p>{escape(text)}</p>" for text in _slack_texts(attachments))
    title = escape(str(payload.get("text") or request["path"]))
    key = escape(request["headers"].get("idempotency-key", "none"))
    answered = request["answered"] or "nothing"
    return (
        f"<article{mark}><h2>{title}</h2>{texts}"
        f"<small>{escape(request['at'])} · {escape(request['path'])} · answered {answered} · key {key}</small>"
        f"<details><summary>Body</summary><pre>{escape(_pretty(request['body']))}</pre></details></article>"
    )


def _slack_texts(attachments: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for attachment in attachments:
        for block in attachment.get("blocks", []):
            parts = [block.get("text"), *block.get("fields", []), *block.get("elements", [])]
            yield from (str(part["text"]) for part in parts if isinstance(part, dict) and part.get("text"))


def _pretty(body: str) -> str:
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except ValueError:
        return body
