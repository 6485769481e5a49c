"""The gallery: every row is judged by a classifier that has not seen it."""

import numpy as np
import pytest

from evalkit.core.errors import InputError, ShapeError
from evalkit.discriminator.gallery import gallery
from evalkit.statistics import auc


@pytest.mark.parametrize("m", [300, 120, 800])
def test_planted_rows_come_last_and_every_row_has_a_figure(m):
    draw = np.random.default_rng(m)
    reference, generated = draw.normal(size=(300, 3)), draw.normal(size=(m, 3))
    generated[5:65] += 5
    seen = gallery(reference, generated, seed=0)
    assert (seen.generated.shape, seen.reference.shape) == ((m,), (300,))
    assert ((seen.generated > 0) & (seen.generated < 1)).all()
    assert np.isin(seen.least_convincing(40), np.arange(5, 65)).mean() > 0.7
    assert seen.generated[5:65].max() < np.median(seen.generated[65:])
    assert not np.isin(seen.most_convincing(20), np.arange(5, 65)).any()


def test_no_row_is_known_by_heart():
    """In-sample, trees tell equal samples apart; here they cannot."""
    areas = []
    for seed in range(12):
        draw = np.random.default_rng(seed)
        seen = gallery(draw.normal(size=(100, 5)), draw.normal(size=(100, 5)), seed=seed)
        areas.append(auc(seen.reference, seen.generated))
    assert abs(np.mean(areas) - 0.5) < 4 * np.std(areas) / np.sqrt(12)


def test_refusals_and_edges():
    draw = np.random.default_rng(0)
    seen = gallery(draw.normal(size=(12, 1)), draw.normal(size=(10, 1)), seed=0, family="logistic")
    assert len(seen.least_convincing(99)) == 10
    assert len(seen.most_convincing(0)) == 0
    with pytest.raises(ShapeError):
        gallery(np.zeros((9, 1)), np.zeros((20, 1)), seed=0)
    with pytest.raises(InputError, match="choose one of"):
        gallery(np.zeros((20, 1)), np.zeros((20, 1)), seed=0, family="none")
