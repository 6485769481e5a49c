"""Words and punctuation of any script."""

import pytest

from evalkit.data.words import words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \n\t", []),
        ("To be, or not: to be!", ["To", "be", ",", "or", "not", ":", "to", "be", "!"]),
        ("3.14 naïve_2", ["3", ".", "14", "naïve_2"]),
        ("да нет…", ["да", "нет", "…"]),
        ("🦊🦊", ["🦊", "🦊"]),
        ("東京", ["東京"]),
    ],
)
def test_words(text, expected):
    assert words(text) == expected
