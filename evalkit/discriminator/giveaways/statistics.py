"""Giveaways in one number a row: does it stand higher or lower in generated rows?"""

import numpy as np
from numpy.typing import NDArray

from evalkit.core.seeds import derive_seed
from evalkit.discriminator.giveaways.giveaway import Giveaway, What
from evalkit.statistics import auc, mean_interval, rank_sum_test

Array = NDArray[np.float64]

_FEWEST = 2
_CELLS = 4_000_000
_PERMUTATIONS = 1999, 19_999


def statistic_giveaway(what: What, column: str, reference: Array, generated: Array, sentence: str, *, seed: int) -> Giveaway | None:
    """One statistic of each independent row in both samples, by a rank-sum test with permuted rows.

    The figures are means, the test is of ranks: it is exact, whatever the law, and one wild row does not decide. None where no
    value differs from another, or a sample has fewer than two.

    Args:
        what: the kind of giveaway.
        column: what it is about.
        reference: (n,) one value a row; those that are not finite are left aside.
        generated: (m,) likewise.
        sentence: with ``{found}`` and ``{usual}`` for the means.
        seed: of the permutations.

    >>> found = statistic_giveaway("brightness", "pixels", np.arange(30.0), np.arange(30.0) + 20, "{found} for {usual}", seed=0)
    >>> found.sentence, found.p_value < 0.001, round(found.size, 2)
    ('34.5 for 14.5', True, 0.89)
    """
    reference, generated = (values[np.isfinite(values)] for values in (reference, generated))
    together = np.concatenate([reference, generated])
    if min(len(reference), len(generated)) < _FEWEST or together.min() == together.max():
        return None
    found, usual = mean_interval(generated), float(reference.mean())
    draws = int(np.clip(_CELLS // len(together), *_PERMUTATIONS))
    key = derive_seed(seed, "giveaway", what, column, sentence)
    p_value = rank_sum_test(generated, reference, seed=key, alternative="two-sided", permutations=draws)
    said = sentence.format(found=f"{found.value:.3g}", usual=f"{usual:.3g}")
    return Giveaway(what, column, *found, usual, p_value, said, abs(2 * auc(generated, reference) - 1))
