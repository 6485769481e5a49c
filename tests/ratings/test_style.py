"""Length and Markdown as covariates: counted as they are read, and taken out of a ranking."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.core.errors import ShapeError
from evalkit.ratings import rank, style_counts, style_covariates, style_differences


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("", (0, 0, 0, 0)),
        ("# Title\n\ntext", (13, 1, 0, 0)),
        ("####### seven is none\n#none", (27, 0, 0, 0)),
        ("- one\n* two\n+ three\n  4. four\n5) five", (37, 0, 5, 0)),
        ("-none\n---\n1.5 is a number", (25, 0, 0, 0)),
        ("**bold** and __bold__, not **\n**", (32, 0, 0, 2)),
        ("```\n# code\n- code\n```\n- entry", (29, 0, 1, 0)),
        ("```\n# never closed", (18, 0, 0, 0)),
    ],
)
def test_marks_are_counted_outside_of_code(text, counts):
    assert tuple(style_counts([text])[0]) == counts


@given(st.lists(st.text(max_size=30), min_size=1, max_size=8), st.data())
def test_changing_sides_changes_the_sign(left, data):
    right = data.draw(st.lists(st.text(max_size=30), min_size=len(left), max_size=len(left)))
    pd.testing.assert_frame_equal(style_covariates(left, right), -style_covariates(right, left))


def test_what_does_not_differ_is_left_out():
    assert style_covariates(["abc", "# a"], ["xyz", "# b"]).shape == (2, 0)
    assert style_covariates([], []).shape == (0, 0)
    with pytest.raises(ShapeError, match="equally many"):
        style_covariates(["a"], [])


def test_length_is_taken_out_of_strength():
    """Equal generators, of which one writes more: raters who like length call it better, and the covariate takes that out."""
    draw = np.random.default_rng(0)
    n = 4000
    long_left = draw.random(n) < 0.5
    letters = np.where(np.column_stack([long_left, ~long_left]), draw.integers(100, 400, (n, 2)), draw.integers(50, 300, (n, 2)))
    counts = [np.column_stack([side, np.zeros((n, 3))]).astype(float) for side in letters.T]
    differences = style_differences(*counts)
    assert list(differences.columns) == ["length"]
    left_wins = draw.random(n) < 1 / (1 + np.exp(-0.8 * differences["length"]))
    votes = differences.assign(
        left=np.where(long_left, "long", "short"),
        right=np.where(long_left, "short", "long"),
        outcome=np.where(left_wins, "left", "right"),
    )
    plain, equal = rank(votes), rank(votes, covariates=["length"])
    assert plain.win_probability("long", "short").low > 0.55
    assert equal.win_probability("long", "short").low < 0.5 < equal.win_probability("long", "short").high
    effect = next(effect for effect in equal.effects if effect.name == "length")
    assert effect.low < 0.8 < effect.high
