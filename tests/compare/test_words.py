import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.compare import words

TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"


@given(st.text(), st.integers(2, 300))
def test_foreign_text_is_one_line_without_hidden_characters(text, at_most):
    shown = words.visible(text, at_most)
    assert len(shown) <= at_most
    assert not any(unicodedata.category(character) == "Cc" or character in TURNING for character in shown)


@given(st.text(alphabet=st.characters(categories=["L", "N", "P"]), max_size=50))
def test_plain_text_stays_as_it_is(text):
    assert words.visible(text) == text


def test_marks_of_other_languages_are_left_to_them():
    assert words.visible("<b>*x*</b>\n&amp;") == "<b>*x*</b>⏎&amp;"


@given(st.floats(0, 1))
def test_a_share_is_never_shown_as_none_or_all_when_it_is_not(share):
    assert (words.percent(share) == "0 %") == (share == 0)
    assert words.percent(share) != "100 %" or share >= 0.99995


@pytest.mark.parametrize(
    ("expected", "n", "said"), [(0.74, 7, "fewer than one"), (0.8, 8, "about 1 false alarm "), (5.4, 54, "about 5 false alarms")]
)
def test_expected_false_alarms_in_words(expected, n, said):
    assert said in words.expectation(expected, n, 0.1)
