import numpy as np
import pytest

from evalkit.core.errors import ShapeError
from evalkit.metrics.copied_pairs import copied_pairs


def rows(seed, n=60, d=3):
    return np.random.default_rng(seed).normal(size=(n, d))


def test_planted_copies_come_first_and_are_counted():
    real, drawn = rows(0), rows(1)
    drawn[[5, 17]] = real[[40, 2]]
    drawn[30] = real[11] + 1e-3
    found = copied_pairs(real, drawn, most=3)
    assert set(zip(found.generated[:2].tolist(), found.reference[:2].tolist(), strict=True)) == {(5, 40), (17, 2)}
    assert (found.generated[2], found.reference[2]) == (30, 11)
    assert found.n_equal == 2
    assert found.distances[2] == pytest.approx(1e-3 * np.sqrt(3))


def test_the_definition_by_double_loops():
    real, drawn = rows(2, 25), rows(3, 25)
    expected = {}
    for i, row in enumerate(drawn):
        apart = [np.linalg.norm(row - other) for other in real]
        near = int(np.argmin(apart))
        usual = min(np.linalg.norm(real[near] - real[j]) for j in range(25) if j != near)
        if apart[near] < usual:
            expected[i] = (near, apart[near], usual)
    found = copied_pairs(real, drawn, most=25)
    assert set(found.generated.tolist()) == set(expected)
    ratios = found.distances / found.usual
    assert (np.diff(ratios) >= 0).all()
    for i, near, distance, usual in zip(found.generated, found.reference, found.distances, found.usual, strict=True):
        assert (near, distance, usual) == (expected[i][0], pytest.approx(expected[i][1]), pytest.approx(expected[i][2]))


def test_copies_of_rows_that_have_a_twin_in_the_reference_are_the_least_telling():
    real = np.array([[0.0], [0.0], [5.0], [9.0]])
    found = copied_pairs(real, np.array([[0.0], [5.0]]), most=2)
    assert found.generated.tolist() == [1, 0]
    assert found.usual.tolist() == [4.0, 0.0]
    assert found.n_twins == 2


def test_rows_far_from_all_real_ones_make_no_pair():
    assert len(copied_pairs(rows(4), rows(5) + 100, most=5).generated) == 0


def test_one_reference_row_is_refused():
    with pytest.raises(ShapeError, match="two reference rows"):
        copied_pairs(rows(0, 1), rows(1), most=1)
