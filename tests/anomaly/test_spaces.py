import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from evalkit.anomaly.spaces import UNSEEN, Spaces
from evalkit.data.rows import Feature, Rows

NUMBER, SECOND = Feature(column="a", name="a", kind="number"), Feature(column="b", name="b", kind="number")
COLOUR = Feature(column="colour", name="colour", kind="category", levels=("blue", "red"))


def rows(values, *features):
    return Rows(np.asarray(values, dtype=np.float64).reshape(-1, len(features)), features)


@pytest.mark.parametrize("space", ["standard", "robust", "rank"])
@given(values=arrays(np.float64, (12, 2), elements=st.floats(allow_nan=True, allow_infinity=False)))
def test_points_are_finite_whatever_the_values(space, values):
    reference = rows(values, NUMBER, SECOND)
    spaces = Spaces(reference)
    new = rows([[1.7e308, -1.7e308], [np.nan, 0.0]], NUMBER, SECOND)
    with np.errstate(all="raise", under="ignore"):
        assert np.isfinite(spaces.transform(reference, space)).all()
        assert np.isfinite(spaces.transform(new, space)).all()


def test_standard_space_is_in_standard_deviations():
    spaces = Spaces(rows([1.0, 2.0, 3.0, 4.0], NUMBER))
    points = spaces.transform(rows([1.0, 2.0, 3.0, 4.0], NUMBER), "standard")
    np.testing.assert_allclose([points.mean(), points.std()], [0, 1], atol=1e-12)


def test_two_levels_are_at_squared_distance_one_and_an_unseen_one_far():
    spaces = Spaces(rows([0.0, 1.0, 1.0], COLOUR))
    blue, red, unseen, missing = spaces.transform(rows([0.0, 1.0, 2.0, np.nan], COLOUR), "standard")
    assert ((blue - red) ** 2).sum() == pytest.approx(1)
    assert ((blue - missing) ** 2).sum() == pytest.approx(1)
    assert ((blue - unseen) ** 2).sum() == pytest.approx(UNSEEN**2 + 0.5)


def test_missing_counts_as_a_difference_only_where_it_is_known_and_is_far_where_not():
    known = Spaces(rows([1.0, 2.0, 4.0, np.nan], NUMBER))
    assert known.transform(rows([np.nan], NUMBER), "standard").tolist() == [[0.0, 1.0]]
    unknown = Spaces(rows([1.0, 2.0, 4.0], NUMBER))
    assert unknown.transform(rows([np.nan], NUMBER), "standard").tolist() == [[UNSEEN]]


def test_a_change_of_a_constant_is_far():
    assert Spaces(rows([7.0, 7.0], NUMBER)).transform(rows([7.0, 7.1], NUMBER), "robust").tolist() == [[0.0], [UNSEEN]]


def test_rank_space_forgets_the_units():
    values = np.random.default_rng(0).normal(size=200)
    first, second = (Spaces(rows(v, NUMBER)).transform(rows(v, NUMBER), "rank") for v in (values, np.exp(3 * values)))
    np.testing.assert_allclose(first, second)


def test_labels_number_known_ones_then_missing_then_unseen():
    spaces = Spaces(rows([[1.5, 0], [2.5, 1]], NUMBER, COLOUR))
    assert spaces.n_labels(0) == 2
    assert spaces.labels(np.array([1.5, 2.5, np.nan, 9.0]), 0).tolist() == [0, 1, 2, 3]
    assert spaces.labels(np.array([0.0, 1.0, np.nan, 2.0]), 1).tolist() == [0, 1, 2, 3]


def test_terms_add_up_by_column():
    spaces = Spaces(rows([[1, 0], [2, 1], [4, 1]], NUMBER, COLOUR))
    terms = np.arange(5.0)[None]
    assert spaces.by_column(terms).tolist() == [[0.0, 1.0 + 2 + 3 + 4]]
