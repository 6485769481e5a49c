import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.kernels.neighbours.records import nearest_record


def apart(one: float, other: float, width: float) -> float:
    """The definition, of two numbers."""
    if np.isnan(one) or np.isnan(other):
        return 0.0 if np.isnan(one) and np.isnan(other) else 1.0
    return min(abs(one - other) / width, 1.0) if width > 0 else float(one != other)


def by_loops(numbers: tuple[np.ndarray, np.ndarray], labels: tuple[np.ndarray, np.ndarray], ranges: np.ndarray) -> list[float]:
    (reference, queries), (ours, theirs) = numbers, labels
    found = []
    for row, label in zip(queries, theirs, strict=True):
        totals = [
            sum(apart(one, other, width) for one, other, width in zip(row, near, ranges, strict=True)) + (label != code).sum()
            for near, code in zip(reference, ours, strict=True)
        ]
        found.append(min(totals) / (len(ranges) + len(label)))
    return found


@settings(max_examples=60)
@given(st.integers(0, 10**6), st.integers(1, 12), st.integers(1, 9), st.integers(0, 4), st.integers(0, 3), st.booleans())
def test_it_is_the_definition_whatever_is_missing_constant_or_out_of_range(
    seed: int, n: int, m: int, p: int, q: int, holes: bool
) -> None:
    draw = np.random.default_rng(seed)
    p = max(p, 1 - q)
    reference, queries = (draw.integers(-3, 4, (rows, p)) * draw.uniform(0.5, 2, p) + 1e6 for rows in (n, m))
    queries = queries * draw.choice([1.0, 1.0, 1.0, 2.0], (m, 1))
    reference[:, : p // 3] = reference[:1, : p // 3]
    if holes:
        reference, queries = (np.where(draw.uniform(size=rows.shape) < 0.2, np.nan, rows) for rows in (reference, queries))
    labels = draw.integers(-1, 3, (n, q)), draw.integers(-1, 3, (m, q))
    ranges = np.array([np.ptp(column[~np.isnan(column)]) if not np.isnan(column).all() else 0.0 for column in reference.T])
    found = nearest_record((reference, queries), labels, ranges)
    assert found == pytest.approx(by_loops((reference, queries), labels, ranges), abs=1e-9)
