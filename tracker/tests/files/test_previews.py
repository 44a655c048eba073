"""Pictures are redrawn by a process that may die: what comes back is small, clean and in time, or nothing."""

import io
import resource
import struct
import time
import zlib

import pytest
from PIL import Image

from tracker.exceptions import TooLarge
from tracker.files import previews
from tracker.files.previews import make_preview
from tracker.files.uploads import Upload
from tracker.testing.hostile_files import MISSING, draw_picture, hostile_uploads

HARMLESS = {"made_png_with_html_tail.png", "made_real_png_named.txt"}


def preview_of(content):
    with Upload.of_chunks("a", [content]) as upload:
        drawn = make_preview(upload)
    return Image.open(io.BytesIO(drawn)) if drawn else None


def seconds_of_children():
    """What they worked; how long that took also depends on who else works here."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_a_picture_is_redrawn_at_a_bearable_size(kind):
    picture = preview_of(draw_picture(kind, size=(3200, 1000)))
    assert (picture.format, picture.size) == ("WEBP", (1600, 500))


def test_what_the_camera_noted_is_left_out_but_up_stays_up():
    notes = Image.Exif()
    notes[0x0112] = 6
    notes[0x010F] = "Secret Camera"
    content = draw_picture("JPEG", size=(40, 20), exif=notes)
    picture = preview_of(content + b"<script>alert(1)</script>")
    assert picture.size == (20, 40)
    assert not picture.getexif()
    assert set(picture.info) <= {"loop", "background", "timestamp", "duration"}


def test_transparency_stays():
    content = io.BytesIO()
    Image.new("RGBA", (4, 4), (0, 0, 0, 0)).save(content, "PNG")
    assert preview_of(content.getvalue()).mode == "RGBA"


@pytest.mark.skipif(not hostile_uploads(), reason=MISSING)
@pytest.mark.parametrize("file", hostile_uploads(), ids=lambda file: file.name)
def test_a_hostile_file_ends_within_a_second(file):
    before = seconds_of_children()
    try:
        picture = preview_of(file.read_bytes())
    except TooLarge:
        picture = None
    assert seconds_of_children() - before <= 1
    if picture is not None:
        assert max(picture.size) <= 1600
        assert b"script" not in picture.tobytes()
        assert file.name in HARMLESS or file.name.startswith("pillow_")


def claim(width, height):
    """A PNG whose header says so, and no pixels."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


def test_a_header_of_fifty_thousand_squared_is_refused_before_a_pixel_is_decoded():
    before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    with pytest.raises(TooLarge, match="500 megapixels"):
        preview_of(claim(50_000, 50_000))
    assert time.monotonic() - started <= 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before <= 64 * 1024


def test_a_camera_s_largest_picture_only_has_no_preview():
    assert preview_of(claim(8_000, 6_000)) is None


def test_a_child_that_takes_too_long_is_ended(monkeypatch, tmp_path):
    child = tmp_path / "child.py"
    child.write_text("import time; time.sleep(60)")
    monkeypatch.setattr(previews, "_CHILD", child)
    monkeypatch.setattr(previews, "TIMEOUT_SECONDS", 0.3)
    started = time.monotonic()
    assert preview_of(draw_picture()) is None
    assert time.monotonic() - started < 3


@pytest.mark.parametrize(
    "code", ["import os; os.abort()", "import os; os.kill(os.getpid(), 9)", "raise SystemExit(4)", "pass"]
)
def test_a_child_that_dies_takes_nobody_along(monkeypatch, tmp_path, code):
    child = tmp_path / "child.py"
    child.write_text(code)
    monkeypatch.setattr(previews, "_CHILD", child)
    assert preview_of(draw_picture()) is None


def test_a_child_sees_no_secret(monkeypatch, tmp_path):
    child = tmp_path / "child.py"
    child.write_text("import os, sys; sys.stdout.write(repr(dict(os.environ)))")
    monkeypatch.setattr(previews, "_CHILD", child)
    monkeypatch.setenv("SECRET_KEY", "hush")
    with Upload.of_chunks("a", [b"x"]) as upload:
        assert b"hush" not in (make_preview(upload) or b"")
