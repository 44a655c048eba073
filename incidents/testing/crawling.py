"""Walking through pages as a person would: every link, and every form with something typed into it."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

from django.test import Client
from django.urls import Resolver404, resolve

NOT_TYPED = {"hidden", "submit", "checkbox", "radio", "button", "file", "image", "reset"}
LEAVING = ("/admin/logout/", "/admin/password_change/")
RUNNING = ("javascript:", "data:text", "vbscript:")
FORBIDDEN_TAGS = {"iframe", "object", "embed", "base", "applet", "frame", "math", "foreignobject"}


@dataclass(slots=True)
class Form:
    """A form as it stands on a page."""

    action: str
    method: str
    fields: dict[str, list[str]] = field(default_factory=dict)
    typed: set[str] = field(default_factory=set)

    def filled_with(self, text: str) -> dict[str, list[str]]:
        """What is sent where `text` is typed into every field."""
        return {name: [text] if name in self.typed else values for name, values in self.fields.items()}


class Page(HTMLParser):
    """The links and forms of a page, and what must not stand on one."""

    def __init__(self, url: str, html: str) -> None:
        super().__init__()
        self.url = url
        self.links: list[str] = []
        self.forms: list[Form] = []
        self.dangers: list[str] = []
        self._select = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Notes one element."""
        values = {name: value or "" for name, value in attrs}
        self._look_for_danger(tag, values)
        match tag:
            case "a" if values.get("href"):
                self.links.append(urljoin(self.url, values["href"]))
            case "form":
                action = urljoin(self.url, values.get("action") or self.url)
                self.forms.append(Form(action, values.get("method", "get").lower()))
            case "input" | "textarea" | "select" | "button" if values.get("name") and self.forms:
                self._add_field(tag, values)
            case "option" if self._select and self.forms and values.get("value"):
                chosen = self.forms[-1].fields.setdefault(self._select, [])
                if not chosen or "selected" in values:
                    self.forms[-1].fields[self._select] = [values["value"]]

    def _add_field(self, tag: str, values: dict[str, str]) -> None:
        name, kind = values["name"], values.get("type", "text")
        form = self.forms[-1]
        self._select = name if tag == "select" else ""
        if tag == "select":
            return
        if tag == "textarea" or (tag == "input" and kind not in NOT_TYPED):
            form.typed.add(name)
        if kind in ("checkbox", "radio"):
            if name == "_selected_action" or not form.fields.get(name):
                form.fields.setdefault(name, []).append(values.get("value", "on"))
        elif kind != "file":
            form.fields[name] = [values.get("value", "")]

    def _look_for_danger(self, tag: str, values: dict[str, str]) -> None:
        is_script = tag == "script" and not values.get("src") and values.get("type") != "application/json"
        if tag in FORBIDDEN_TAGS or tag == "style" or is_script:
            self.dangers.append(f"<{tag} {values}>")
        for name, value in values.items():
            is_link = name in ("href", "src", "action", "formaction", "srcdoc", "data", "xlink:href", "poster")
            is_running = is_link and "".join(value.split()).lower().startswith(RUNNING)
            if name.startswith("on") or name in ("style", "srcdoc") or is_running:
                self.dangers.append(f"<{tag} {name}={value[:80]!r}>")


def view_name(url: str) -> str:
    """The view behind an address, and whether it has a query; empty where there is none of ours."""
    parts = urlsplit(url)
    if parts.netloc not in ("", "testserver") or parts.scheme not in ("", "http"):
        return ""
    try:
        match = resolve(parts.path)
    except Resolver404:
        return ""
    return f"{match.view_name or parts.path}{'?' if parts.query else ''}"


class Crawler:
    """Goes through the pages that `client` sees, `most` of each view, and keeps those that were shown; `within` are the
    beginnings of the paths it keeps to."""

    def __init__(self, client: Client, *, most: int = 1, within: tuple[str, ...] = ("/",)) -> None:
        self.client, self.most, self.within = client, most, within
        self.pages: dict[str, Page] = {}
        self.refused: list[tuple[str, int]] = []
        self._seen: dict[str, int] = {}

    def walk(self, *starts: str) -> list[Page]:
        """Every page that links lead to."""
        waiting = [f"http://testserver{start}" for start in starts]
        while waiting:
            url = waiting.pop(0).partition("#")[0]
            name = view_name(url)
            path = urlsplit(url).path
            if not name or url in self.pages or path.startswith(LEAVING) or not path.startswith(self.within):
                continue
            self._seen[name] = self._seen.get(name, 0) + 1
            if self._seen[name] > self.most:
                continue
            page = self._open(url)
            if page is not None:
                self.pages[url] = page
                waiting += [urljoin(url, link) for link in page.links]
        return list(self.pages.values())

    def _open(self, url: str) -> Page | None:
        answer = self.client.get(url.removeprefix("http://testserver"), headers={"Accept": "text/html"}, follow=True)
        if answer.status_code >= 400:
            self.refused.append((url, answer.status_code))
        is_page = answer.get("Content-Type", "").startswith("text/html")
        return Page(url, answer.getvalue().decode()) if is_page else None

    def forms(self) -> list[Form]:
        """The forms of all pages, one of each kind."""
        kinds = {
            (view_name(form.action), frozenset(form.fields)): form
            for page in self.pages.values()
            for form in page.forms
            if not urlsplit(form.action).path.startswith(LEAVING)
        }
        return list(kinds.values())

    def submit(self, form: Form, text: str) -> Any:
        """Sends a form with `text` typed into every field."""
        path = form.action.removeprefix("http://testserver")
        send = self.client.post if form.method == "post" else self.client.get
        return send(path, form.filled_with(text), follow=True)
