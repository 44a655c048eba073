"""What goes through COPY comes out as it went in."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from incidents.intake.copy_format import encode_csv

pytestmark = pytest.mark.django_db

TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=30)
AWKWARD = st.sampled_from(
    [
        "",
        "null",
        "NULL",
        "\\N",
        "\\.",
        "\n\\.\n",
        'say "so"',
        "a,b",
        "],[",
        "]\n[",
        "\\n",
        "\\\\n",
        "\r\n",
        "\t",
        "\x7f",
    ]
)
ROWS = st.lists(
    st.tuples(
        st.integers(-(2**62), 2**62),
        st.none() | TEXT | AWKWARD,
        st.booleans(),
        st.none() | st.floats(allow_nan=False, allow_infinity=False),
        st.dictionaries(TEXT, TEXT | AWKWARD, max_size=3),
    ),
    min_size=1,
    max_size=5,
)


def copy_and_read(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS copied")
        cursor.execute(
            "CREATE TEMP TABLE copied (n serial, whole bigint, word text, flag boolean, number float8, document jsonb)"
        )
        with cursor.copy(
            "COPY copied (whole, word, flag, number, document) FROM STDIN WITH (FORMAT csv, NULL 'null', ESCAPE '\\')"
        ) as copy:
            copy.write(encode_csv(rows))
        cursor.execute("SELECT whole, word, flag, number, document FROM copied ORDER BY n")
        return [(*row[:4], json.loads(row[4])) for row in cursor.fetchall()]


@given(ROWS)
def test_any_text_number_and_null_survives(rows: list[tuple[Any, ...]]) -> None:
    sent = [(*row[:4], json.dumps(row[4])) for row in rows]

    assert copy_and_read(sent) == rows


def test_every_control_character_but_nul_survives() -> None:
    words = "".join(map(chr, range(1, 32)))

    assert copy_and_read([(1, words, True, None, json.dumps({"all": words}))]) == [
        (1, words, True, None, {"all": words})
    ]


def test_moments_are_told_to_the_microsecond() -> None:
    moment = datetime(2026, 3, 29, 1, 59, 59, 999_999, tzinfo=UTC)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE moments (at timestamptz, later timestamptz)")
        with cursor.copy("COPY moments FROM STDIN WITH (FORMAT csv, NULL 'null', ESCAPE '\\')") as copy:
            copy.write(encode_csv([(moment, None)]))
        cursor.execute("SELECT * FROM moments")

        assert cursor.fetchall() == [(moment, None)]
