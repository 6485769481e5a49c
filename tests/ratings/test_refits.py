"""Many reweightings at once: each is what a fit of its own gives."""

import numpy as np
import pytest

from evalkit.core.errors import UndefinedError
from evalkit.ratings.bootstrap import resample
from evalkit.ratings.cells import Cells
from evalkit.ratings.comparisons import Comparisons
from evalkit.ratings.likelihood import Likelihood, maximum
from evalkit.ratings.refits import refits
from tests.ratings.drawn_votes import votes


@pytest.mark.parametrize("ties", ["davidson", "half"])
@pytest.mark.parametrize("position", [True, False])
@pytest.mark.parametrize("ridge", [0.0, 2.0])
def test_each_is_the_fit_of_its_own_weights(ties, position, ridge):
    table = Comparisons.of(votes(0, n=500))
    cells = Cells.of(table, np.ones(500, dtype=bool), table.weight, position=position)
    likelihood = Likelihood(cells, ties, ridge)
    fitted = maximum(likelihood)
    draws = np.random.default_rng(0).poisson(1.0, (500, 6)).astype(float)
    counts = np.stack([cells.recounted(weight) for weight in draws.T], axis=-1)
    found = refits(likelihood, fitted, counts)
    for i in range(6):
        alone = maximum(likelihood, counts=counts[:, :, i])
        np.testing.assert_allclose(found[:, i], alone, atol=2e-4)


def test_weights_without_a_finite_estimate_give_none():
    table = Comparisons.of(votes(0, n=60, k=3))
    cells = Cells.of(table, np.ones(60, dtype=bool), table.weight, position=False)
    likelihood = Likelihood(cells, "half")
    one_sided = np.where(table.left == 0, table.outcome == 0, table.outcome == 1) & ((table.left == 0) | (table.right == 0))
    others = (table.left != 0) & (table.right != 0)
    counts = cells.recounted((one_sided | others).astype(float))[:, :, None]
    assert np.isnan(refits(likelihood, maximum(likelihood), counts)).all()


def test_a_bootstrap_of_too_few_votes_is_refused():
    table = votes(3, n=14, k=3)
    read = Comparisons.of(table)
    likelihood = Likelihood(Cells.of(read, np.ones(14, dtype=bool), read.weight, position=False), "half")
    with pytest.raises(UndefinedError, match="resamples have no finite estimate"):
        resample(likelihood, maximum(likelihood), draws=200)


def test_many_copies_of_votes_are_drawn_by_counting():
    table = Comparisons.of(votes(0, n=20_000, k=3))
    likelihood = Likelihood(Cells.of(table, np.ones(20_000, dtype=bool), table.weight, position=True), "davidson")
    fitted = maximum(likelihood)
    found = resample(likelihood, fitted, draws=300)
    one_by_one = resample(likelihood, fitted, np.arange(20_000), draws=300)
    np.testing.assert_allclose(found.strengths.std(axis=0), one_by_one.strengths.std(axis=0), rtol=0.15)
