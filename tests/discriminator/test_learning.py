"""The variance over training rows, against that of many classifiers; nothing where laws are equal."""

import numpy as np
import pytest

from evalkit.discriminator.c2st import fitted
from evalkit.discriminator.halves import parts
from evalkit.discriminator.learning import learning_variance
from evalkit.statistics import auc


def fit(real, generated, *, seed):
    return fitted("logistic", real, generated, seed=seed)


def measured(shift, seed, n=200, area=0.5):
    draw = np.random.default_rng(seed)
    reference, generated = draw.normal(size=(n, 8)), draw.normal(shift, 1, size=(n, 8))
    return learning_variance(fit, reference, generated, area=area, n_training=n // 2, seed=seed)


def test_it_is_that_of_classifiers_of_fresh_rows():
    """Areas of 60 classifiers on 4,000 fresh rows; the mean of 30 rough estimates, each within a factor 2 or so."""
    draw = np.random.default_rng(0)
    real, drawn = draw.normal(size=(4000, 8)), draw.normal(0.15, 1, size=(4000, 8))
    areas = []
    for seed in range(60):
        classifier = fit(draw.normal(size=(100, 8)), draw.normal(0.15, 1, size=(100, 8)), seed=seed)
        areas.append(auc(classifier.realness(real), classifier.realness(drawn)))
    found = np.mean([measured(0.15, seed, area=float(np.mean(areas))) for seed in range(30)])
    assert 0.5 < found / np.var(areas, ddof=1) < 2


def test_equal_laws_add_next_to_nothing():
    """The held-out rows alone have a variance of 1 / 600 about 0.5."""
    assert np.mean([measured(0.0, seed) for seed in range(30)]) < 0.2 / 600


def test_an_area_near_1_varies_less():
    assert measured(0.3, 0, area=0.99) < measured(0.3, 0, area=0.7)
    assert measured(0.3, 0, area=1.0) == 0


@pytest.mark.parametrize("rows", [10, 13])
def test_parts_are_disjoint_hold_every_row_and_keep_copies_together(rows):
    reference, generated = np.arange(float(rows))[:, None], np.arange(rows, 0.0, -1)[:, None] - 4
    made = parts(reference, generated, 4, seed=1)
    for side in (0, 1):
        assert np.array_equal(np.sort(np.concatenate([part[side] for part in made])), np.arange(rows))
    for part in made:
        elsewhere = np.setdiff1d(np.arange(rows), part.generated)
        assert not np.isin(reference[part.reference], generated[elsewhere]).any()
