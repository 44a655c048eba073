"""A type is known where content and extension agree; everything else is bytes."""

import io
import zipfile

import pytest

from tracker.files.names import clean_file_name
from tracker.files.types import detect_type
from tracker.files.uploads import Upload
from tracker.testing.hostile_files import MISSING, draw_picture, hostile_uploads


def type_of(name, content):
    with Upload.of_chunks(name, [content]) as upload:
        known = detect_type(upload, clean_file_name(name))
    return known.content_type if known else None


def archive(*names, content=b"x"):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name in names:
            file.writestr(name, content)
    return buffer.getvalue()


OOXML = "application/vnd.openxmlformats-officedocument."
MAIL = b"From: a@example.com\r\nTo: b@example.com\r\nDate: now\r\nSubject: x\r\n\r\nHello <b>\r\n"
GOOD = {
    "a.png": (draw_picture(), "image/png"),
    "a.JPG": (draw_picture("JPEG"), "image/jpeg"),
    "b.png": (draw_picture("JPEG"), "image/jpeg"),
    "a.gif": (draw_picture("GIF"), "image/gif"),
    "a.webp": (draw_picture("WEBP"), "image/webp"),
    "a.pdf": (b"%PDF-1.7\n%\xe2\xe3", "application/pdf"),
    "a.txt": ("Grüße\t\x1b[1m".encode(), "text/plain"),
    "long.txt": (("ü" * 70_001).encode(), "text/plain"),
    "shifted.txt": (b"x" + ("ü漢" * 70_001).encode(), "text/plain"),
    "a.log": (b"2026-11-21 ERROR a < b\n" * 10_000, "text/plain"),
    "a.csv": (b"a,b\n1,2\n", "text/csv"),
    "a.json": (b'{"a": 1}', "application/json"),
    "a.md": (b"# Title\n", "text/markdown"),
    "a.eml": (MAIL, "message/rfc822"),
    "a.mp4": (b"\0\0\0\x18ftypmp42\0\0\0\0", "video/mp4"),
    "a.zip": (archive("x"), "application/zip"),
    "a.docx": (archive("[Content_Types].xml", "word/document.xml"), f"{OOXML}wordprocessingml.document"),
    "late.xlsx": (archive("docProps/app.xml", "xl/a.xml", "[Content_Types].xml"), f"{OOXML}spreadsheetml.sheet"),
    "a.odt": (
        archive("mimetype", content=b"application/vnd.oasis.opendocument.text"),
        "application/vnd.oasis.opendocument.text",
    ),
}
BYTES = {
    "a.html": b"<html>",
    "a.svg": b"<svg/>",
    "a.xml": b"<?xml version='1.0'?>",
    "a.js": b"alert(1)",
    "page.txt": b" \n<!DOCTYPE html><script>",
    "later.log": b"hello <script>alert(1)</script>",
    "page.png": b"<html>",
    "picture.txt": draw_picture(),
    "picture.pdf": draw_picture(),
    "report.pdf.html": b"%PDF-1.7",
    "utf16.txt": "hello".encode("utf-16"),
    "latin.txt": "Grüße".encode("latin-1"),
    "nul.txt": b"a\0b",
    "late-nul.txt": b"a" * 100_000 + b"\0",
    "script.txt": b"%!PS-Adobe-3.0",
    "a.docx": archive("x"),
    "a.odt": archive("mimetype", content=b"text/html"),
    "noheader.eml": b"hello\n",
    "noextension": b"hello",
    "a.exe": b"MZ",
    "a.png": b"\x89PNG",
}


@pytest.mark.parametrize("name", GOOD)
def test_a_known_type(name):
    content, content_type = GOOD[name]
    assert type_of(name, content) == content_type


@pytest.mark.parametrize("name", BYTES)
def test_bytes(name):
    assert type_of(name, BYTES[name]) is None


@pytest.mark.skipif(not hostile_uploads(), reason=MISSING)
@pytest.mark.parametrize("file", hostile_uploads(), ids=lambda file: file.name)
def test_a_hostile_file_is_never_markup(file):
    content_type = type_of(file.name, file.read_bytes())
    assert content_type in {None, "image/png", "image/jpeg", "image/gif", "application/zip"}
    if file.name.startswith(("made_svg", "made_html", "made_double", "made_real_png_named")):
        assert content_type is None
