"""A person's words are found however they are spelled, and words that only look like them stay."""

import pytest

from tracker.personal_words import PersonalWords

WORDS = PersonalWords.of_person(
    addresses=["o.quast@example.com"], names=["Ottilie Quast", "Rose"], extra=["Otti"], address="A", name="N"
)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Write to O.Quast@Example.com.", "Write to A."),
        ("<o.quast@example.com>, OTTILIE\n QUAST", "<A>, N"),
        ("?q=o.quast%40example.com&x", "?q=A&x"),
        ("Ottilie Quast.pdf, o.quast@example.com.txt", "N.pdf, A.txt"),
        ("Otti's, otti", "N's, N"),
        ({"a": ["Ottilie Quast", 1, None], "o.quast@example.com": True}, {"a": ["N", 1, None], "A": True}),
    ],
)
def test_whatever_names_the_person_is_taken_out(text, left):
    assert WORDS.replace(text) == left


@pytest.mark.parametrize(
    "text",
    ["xo.quast@example.com", "an.o.quast@example.com", "o.quast@example.com.au", "Ottilie Quastermann", "Ottilie",
     "Quast", "Rose", "Ottilienheim", 7, None],
)  # fmt: skip
def test_what_only_looks_like_the_person_stays(text):
    assert WORDS.replace(text) == text


def test_patterns_mean_their_letters():
    words = PersonalWords.of_person(addresses=["a_b%c@example.com"], names=[], extra=[], address="A", name="N")
    assert "%a\\_b\\%c@example.com%" in words.patterns
