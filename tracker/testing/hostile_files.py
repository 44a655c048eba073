"""Files, good ones and such that mean harm, and their names. The samples lie in the folder that TRACKER_DATA names."""

import io
import json
import os
from pathlib import Path
from typing import Any

from PIL import Image

from tracker.testing.services import CHECKOUT

DATA = Path(os.environ.get("TRACKER_DATA") or CHECKOUT.parent / "shared" / "data")
UPLOADS = DATA / "uploads"
_NAMES = DATA / "nasty" / "made_upload_file_names.json"
MISSING = f"{DATA} is missing; name its folder by TRACKER_DATA"


def hostile_uploads(pattern: str = "*") -> list[Path]:
    """The sample files; none where their folder is missing."""
    return sorted(UPLOADS.glob(pattern)) if UPLOADS.is_dir() else []


def hostile_names() -> list[str]:
    """The sample names; none where their file is missing."""
    names: list[str] = json.loads(_NAMES.read_text(encoding="utf-8")) if _NAMES.is_file() else []
    return names


def draw_picture(kind: str = "PNG", *, size: tuple[int, int] = (3, 2), **options: Any) -> bytes:
    """A small picture that is what it says."""
    content = io.BytesIO()
    Image.new("RGB", size, "teal").save(content, kind, **options)
    return content.getvalue()


def encode_form(
    *files: tuple[str, str, bytes], boundary: str = "b0undary", **fields: str | list[str]
) -> tuple[bytes, str]:
    """A form's body and content type; the files' names are written as they are, harm included."""
    parts = [
        f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}'.encode()
        for name, values in fields.items()
        for value in (values if isinstance(values, list) else [values])
    ]
    for field, name, content in files:
        quoted = name.replace("\\", "\\\\").replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
        head = f'Content-Disposition: form-data; name="{field}"; filename="{quoted}"\r\nContent-Type: x/y\r\n\r\n'
        parts.append(head.encode() + content)
    body = b"".join(b"--" + boundary.encode() + b"\r\n" + part + b"\r\n" for part in parts)
    return body + b"--" + boundary.encode() + b"--\r\n", f"multipart/form-data; boundary={boundary}"
