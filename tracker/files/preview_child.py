"""The process that opens a stranger's picture: reads stdin, writes a WebP to stdout, has no more than it needs.

Run by tracker.files.previews as a script of its own; it imports nothing of Tracker's.
"""

import resource
import sys
from typing import Any

from PIL import Image, ImageOps

FORMATS = ("PNG", "JPEG", "GIF", "WEBP")
MAX_PIXELS = 40_000_000
MAX_SIDE = 1600
MEMORY_BYTES = 768 * 1024 * 1024
SECONDS = 5
REFUSED, TOO_MANY_PIXELS = 3, 4
LIMITS = {
    resource.RLIMIT_AS: MEMORY_BYTES,
    resource.RLIMIT_CPU: SECONDS,
    resource.RLIMIT_CORE: 0,
    resource.RLIMIT_FSIZE: 0,
    resource.RLIMIT_NOFILE: 64,
}


def main() -> int:
    """Draws the picture; answers the exit code."""
    for limit, value in LIMITS.items():
        resource.setrlimit(limit, (value, value))
    # Ours is checked before a pixel is decoded; Pillow's own would only repeat it.
    Image.MAX_IMAGE_PIXELS = None
    try:
        with Image.open(sys.stdin.buffer, formats=FORMATS) as picture:
            pixels = picture.width * picture.height
            if pixels > MAX_PIXELS:
                sys.stderr.write(str(pixels))
                return TOO_MANY_PIXELS
            _draw(picture)
    except Exception as error:
        sys.stderr.write(f"{type(error).__name__}: {error}"[:200])
        return REFUSED
    return 0


def _draw(picture: Any) -> None:
    # A JPEG is decoded at a fraction of its size straight away.
    picture.draft("RGB", (MAX_SIDE, MAX_SIDE))
    picture.load()
    has_alpha = picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info
    mode = "RGBA" if has_alpha else "RGB"
    drawn = picture if picture.mode == mode else picture.convert(mode)
    drawn.thumbnail((MAX_SIDE, MAX_SIDE))
    # The camera's note of which side is up; the notes themselves are left out below.
    ImageOps.exif_transpose(drawn, in_place=True)
    clean = Image.new(mode, drawn.size)
    clean.paste(drawn)
    clean.save(sys.stdout.buffer, "WEBP", quality=85, method=2)


if __name__ == "__main__":
    sys.exit(main())
