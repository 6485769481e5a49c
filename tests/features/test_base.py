"""Features that the user brings."""

import numpy as np
import pytest

from evalkit.core.errors import InputError, ShapeError
from evalkit.features import as_features
from evalkit.features.base import digest_of


def test_arrays_of_one_width_can_be_compared() -> None:
    one, two, other = as_features(np.zeros((3, 2))), as_features(np.ones((5, 2), dtype=np.float32)), as_features(np.zeros((3, 4)))
    assert one.digest == two.digest != other.digest
    assert (two.values.dtype, two.extractor, two.rows.tolist()) == (np.float64, "values", [0, 1, 2, 3, 4])


def test_later_changes_of_the_array_change_nothing() -> None:
    array = np.zeros((3, 2))
    features = as_features(array)
    array[0] = 1.0
    assert features.values.sum() == 0.0


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_the_first_row_that_is_not_finite_is_named(bad: float) -> None:
    array = np.zeros((5, 2))
    array[2:, 1] = bad
    with pytest.raises(InputError, match="row 3"):
        as_features(array)


@pytest.mark.parametrize("bad", [np.zeros(3), np.zeros((3, 0)), np.zeros((2, 2, 2)), 1.0])
def test_other_shapes_are_refused(bad: object) -> None:
    with pytest.raises(ShapeError, match="rows, features"):
        as_features(bad)  # type: ignore[arg-type]


@pytest.mark.parametrize("bad", [[["a", "b"]], [[1.0], [1.0, 2.0]], [[None]], {"a": 1}, np.array([[1 + 2j]])])
def test_what_is_no_number_is_refused(bad: object) -> None:
    with pytest.raises(InputError):
        as_features(bad)  # type: ignore[arg-type]


def test_digests_tell_arrays_apart() -> None:
    arrays = [np.zeros(4), np.zeros((2, 2)), np.zeros(4, dtype=np.float32), np.zeros(5), np.ones(4)]
    assert len({digest_of("a", array) for array in arrays}) == len(arrays)
    assert digest_of("ab", "c") != digest_of("a", "bc")
