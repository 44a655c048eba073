"""Whatever a file is called, its name is harmless to whoever downloads it, and says nothing about where it is kept."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.files.names import (
    LONGEST_NAME,
    LONGEST_NAME_BYTES,
    clean_file_name,
    extension_of,
    is_storage_key,
    make_storage_key,
    storage_shards,
)
from tracker.testing.hostile_files import MISSING, hostile_names

RESERVED = {"CON", "PRN", "AUX", "NUL", "COM1", "COM0", "LPT9", "COM¹", "CONIN$"}


def check(name):
    assert 0 < len(name) <= LONGEST_NAME
    assert len(name.encode()) <= LONGEST_NAME_BYTES
    assert not set(name) & set('/\\<>:"|?*\0\r\n\t')
    assert not {unicodedata.category(letter) for letter in name} & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert name[0] not in " .-"
    assert name[-1] not in " ."
    assert name.partition(".")[0].upper() not in RESERVED
    assert clean_file_name(name) == name


@settings(max_examples=50)
@given(st.text(max_size=200) | st.text(st.sampled_from('./\\ -:con%2e"\u202eü\n¹'), max_size=40))
def test_any_name_becomes_a_harmless_one(raw):
    check(clean_file_name(raw))


@pytest.mark.skipif(not hostile_names(), reason=MISSING)
@pytest.mark.parametrize("raw", hostile_names())
def test_a_hostile_name_becomes_a_harmless_one(raw):
    check(clean_file_name(raw))


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("report.pdf", "report.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\boot.ini", "boot.ini"),
        ("con.txt", "_con.txt"),
        ("con", "_con"),
        ("contract.txt", "contract.txt"),
        ("Com7.tar.gz", "_Com7.tar.gz"),
        ("name\u202egnp.exe", "namegnp.exe"),
        ("nul\0byte.png", "nulbyte.png"),
        ("header\r\nX-Injected: 1.pdf", "header X-Injected_ 1.pdf"),
        (".htaccess", "htaccess"),
        ("-rf.txt", "rf.txt"),
        ("report.pdf. ", "report.pdf"),
        ("100%.txt", "100%.txt"),
        ("%2e%2e%2fescaped.txt", "_2e_2e_2fescaped.txt"),
        ("e\u0301.txt", "\u00e9.txt"),
        ("", "file"),
        (" .. ", "file"),
        ("a/", "file"),
        ("x" * 300 + ".gz", "x" * 147 + ".gz"),
        ("x" * 300 + "." + "y" * 300, "x" * 150),
        ("🔥" * 300 + ".txt", "🔥" * 59 + ".txt"),
    ],
)
def test_what_a_name_becomes(raw, name):
    assert clean_file_name(raw) == name


@pytest.mark.parametrize(
    ("name", "extension"), [("a.PnG", "png"), ("a.tar.gz", "gz"), ("a", ""), ("a.", ""), ("report.pdf.html", "html")]
)
def test_the_last_extension_counts(name, extension):
    assert extension_of(name) == extension


def test_a_key_is_random_and_known_again():
    keys = {make_storage_key() for _ in range(1000)}
    assert len(keys) == 1000
    assert all(is_storage_key(key) and key[:2] in storage_shards() for key in keys)
    for other in ("ab/README", "../ab/" + "a" * 40, "cd/ab" + "0" * 38, "AB/AB" + "0" * 38):
        assert not is_storage_key(other)
