"""What a file is called: a name made harmless for whoever downloads it, and a random key under which it is kept."""

import re
import secrets
import unicodedata

LONGEST_NAME = 150
# What file systems take, less than 255 so that a browser can add its " (1)".
LONGEST_NAME_BYTES = 240
LONGEST_EXTENSION = 16
NAMELESS = "file"
_SHARD_LETTERS = 2
# Control and format characters (bidi marks among them), halves of surrogates, private and unassigned ones, line ends.
_DROPPED_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_UNUSABLE = re.compile(r'[<>:"|?*]')
# Some browsers decode these in a suggested name.
_PERCENT_ESCAPE = re.compile(r"%(?=[0-9A-Fa-f]{2})")
_RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])(?=\.|$)", re.IGNORECASE)


def clean_file_name(raw: str) -> str:
    """`raw` without paths, invisible characters and what some system would take for something else.

    Never empty, up to LONGEST_NAME characters with the extension kept, and cleaning twice changes nothing.
    """
    # The end is what counts, and no name needs more; the work below stays bounded.
    last = re.split(r"[/\\]", raw[-10_000:])[-1]
    name = unicodedata.normalize("NFC", last)
    name = "".join(
        " " if letter.isspace() else letter
        for letter in name
        if letter in "\t\n\r" or unicodedata.category(letter) not in _DROPPED_CATEGORIES
    )
    name = _PERCENT_ESCAPE.sub("_", _UNUSABLE.sub("_", " ".join(name.split())))
    name = name.lstrip(" .-").rstrip(" .")
    if _RESERVED.match(name):
        name = f"_{name}"
    return _shorten(name) or NAMELESS


def extension_of(name: str) -> str:
    """The last extension in lower case, without the dot; empty where there is none."""
    stem, dot, extension = name.rpartition(".")
    return extension.lower() if dot and stem else ""


def make_storage_key() -> str:
    """A new key that says nothing about its file, below one of 256 folders."""
    token = secrets.token_hex(20)
    return f"{token[:_SHARD_LETTERS]}/{token}"


def is_storage_key(key: str) -> bool:
    """Whether `make_storage_key` could have made it; anything else in a storage is not ours to touch."""
    return re.fullmatch(r"([0-9a-f]{2})/\1[0-9a-f]{38}", key) is not None


def storage_shards() -> list[str]:
    """The folders that keys lie in."""
    return [f"{number:02x}" for number in range(256)]


def _shorten(name: str) -> str:
    stem, dot, extension = name.rpartition(".")
    if not dot or len(extension) > LONGEST_EXTENSION:
        stem, dot, extension = name, "", ""
    stem = stem[: LONGEST_NAME - len(dot + extension)]
    while len((stem + dot + extension).encode()) > LONGEST_NAME_BYTES:
        stem = stem[:-1]
    return stem.rstrip(" .") + dot + extension if dot else stem.rstrip(" .")
