import numpy as np
import pytest

from evalkit.core.errors import InputError, ShapeError
from evalkit.metrics.pairs import checked_pair


def test_both_come_back_in_float64() -> None:
    for rows in checked_pair(np.ones((2, 3), dtype=np.float32), [[1, 2, 3]] * 2, what="it", fewest=2):
        assert rows.dtype == np.float64
        assert rows.shape == (2, 3)


@pytest.mark.parametrize(("first", "second"), [((3, 2), (3, 3)), ((3,), (3,)), ((3, 0), (3, 0)), ((3, 2), (3, 2, 1))])
def test_arrays_that_do_not_fit_are_refused(first: tuple[int, ...], second: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError, match="it needs two arrays"):
        checked_pair(np.ones(first), np.ones(second), what="it", fewest=2)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e200])
def test_values_that_cannot_be_used_are_refused_unseen(bad: float) -> None:
    with pytest.raises(InputError, match="generated rows") as caught:
        checked_pair([[1.0], [2.0]], [[1.0], [bad]], what="it", fewest=2)
    assert str(bad) not in str(caught.value)


def test_differences_whose_squares_are_lost_are_refused_where_they_count() -> None:
    rows = np.array([[1e-200, 0.0], [3e-200, 0.0]])
    with pytest.raises(InputError, match="multiply all by one factor"):
        checked_pair(rows, rows, what="it", fewest=2)
    checked_pair(rows, rows, what="it", fewest=2, by_distance=False)
    checked_pair([[1e-200, 1.0], [3e-200, 1.0]], [[0.0, 2.0]] * 2, what="it", fewest=2)
    checked_pair(np.zeros((2, 2)), np.zeros((2, 2)), what="it", fewest=2)
