"""A browser without a screen, for tests of the portal's pages: it fills in forms with what they carry hidden."""

import re
from html import unescape
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tracker.models import User

NEW, REPORTS = "/incidents/new", "/incidents"
HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')


class Visitor(Client):
    """Somebody's browser, logged in where a person is given. It sends every token that a page asks for."""

    def __init__(self, person: User | None = None, **options: Any) -> None:
        super().__init__(enforce_csrf_checks=True, **options)
        if person is not None:
            self.force_login(person, backend="tracker.backends.CountedPasswordBackend")

    def hidden(self, path: str) -> dict[str, str]:
        """What the forms of a page carry without showing it."""
        page = self.get(path).content.decode()
        main = page[page.index("<main") :]
        return {name: unescape(value) for name, value in HIDDEN.findall(main)}

    def report(self, *photos: tuple[str, bytes], hidden: dict[str, str] | None = None, **fields: Any) -> Any:
        """Fills in the report form, and sends it."""
        filled = {"category": "theft", "description": "My bicycle is gone.", **fields}
        return self.send(REPORTS, hidden or self.hidden(NEW), *photos, **filled)

    def send(self, path: str, hidden: dict[str, str], *photos: tuple[str, bytes], **fields: Any) -> Any:
        """Sends a form."""
        files = [SimpleUploadedFile(name, content, "image/png") for name, content in photos]
        return self.post(path, {**hidden, **fields, **({"photos": files} if files else {})})
