"""Pictures that may be shown: drawn anew from their pixels, in a process that may die without anybody noticing."""

import logging
import subprocess
import sys
import threading
from pathlib import Path

from tracker.exceptions import FieldError, TooLarge
from tracker.files.uploads import Upload

CONTENT_TYPE = "image/webp"
TIMEOUT_SECONDS = 5
LARGEST_PREVIEW_BYTES = 8 * 1024 * 1024
# Above this a header lies: no camera makes such pictures, and whoever opens the download would suffer.
MOST_PIXELS_EVER = 500_000_000
_CHILD = Path(__file__).with_name("preview_child.py")
_TOO_MANY_PIXELS = 4
# Each child may take half a gigabyte for a moment.
_places = threading.BoundedSemaphore(2)
logger = logging.getLogger(__name__)


def make_preview(upload: Upload) -> bytes | None:
    """A WebP of the picture, up to 1600 pixels wide and high, without what the camera noted; None if there can be none.

    Raises:
        TooLarge: the header claims more pixels than any real picture has.
    """
    with _places:
        code, output, error = _run_child(upload)
    if code == _TOO_MANY_PIXELS and error.isdigit() and int(error) > MOST_PIXELS_EVER:
        message = f"A picture may have up to {MOST_PIXELS_EVER // 10**6} megapixels."
        raise TooLarge(f"{upload.field}: {message}", details=[FieldError(upload.field, message)])
    if code != 0 or not 0 < len(output) <= LARGEST_PREVIEW_BYTES:
        logger.info("A picture has no preview.", extra={"reason": error[-200:] or f"exit code {code}"})
        return None
    return output


def _run_child(upload: Upload) -> tuple[int, bytes, str]:
    with upload.path.open("rb") as picture:
        process = subprocess.Popen(
            [sys.executable, "-I", str(_CHILD)],
            stdin=picture,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            # No secret of ours in the process that reads what strangers made.
            env={},
            start_new_session=True,
        )
    try:
        output, error = process.communicate(timeout=TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return -1, b"", "it took too long"
    return process.returncode, output, error.decode("utf-8", "replace").strip()
