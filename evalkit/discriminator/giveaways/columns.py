"""Which columns a classifier needs to tell generated rows from real ones."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from evalkit.core.seeds import generator
from evalkit.data.rows import Rows
from evalkit.discriminator.c2st import fitted
from evalkit.discriminator.giveaways.giveaway import Giveaway
from evalkit.discriminator.halves import Half, halves
from evalkit.statistics import auc_estimate
from evalkit.statistics.influence import Estimate, difference

Array = NDArray[np.float64]

_REPEATS = 10
_MOST_ROWS = 5000


def column_giveaways(reference: Rows, generated: Rows, *, seed: int) -> Iterator[Giveaway]:
    """By how much the AUC of boosted trees falls when a column is shuffled among held-out rows of both samples.

    The interval and the p-value (one-sided, DeLong's normal law) hold for the classifier as it was fitted: they say whether it
    uses the column, and count the held-out rows and the shuffles, not another training half. Columns that say the same share the
    fall, so that each alone may seem harmless; where only the dependence of two columns is wrong, both are named.

    Args:
        reference: encoded rows, 10 or more.
        generated: rows of the same features, 10 or more.
        seed: of everything random.

    Source: Breiman, Machine Learning 45 (2001).
    """
    samples = Half(np.arange(len(reference)), np.arange(len(generated))).balanced(seed, "columns")
    samples = Half(*(np.sort(generator(seed, "most").permutation(rows)[:_MOST_ROWS]) for rows in samples))
    real, drawn = reference.values[samples.reference], generated.values[samples.generated]
    training, held_out = (part.balanced(seed, "columns", i) for i, part in enumerate(halves(real, drawn, seed=seed)))
    n = len(held_out.reference)
    if n < 2 or len(training.reference) == 0:
        return
    classifier = fitted("boosted_trees", real[training.reference], drawn[training.generated], seed=seed)
    rows = np.concatenate([real[held_out.reference], drawn[held_out.generated]])
    whole = _area(classifier.realness(rows), n)
    for column in reference.columns:
        places = np.array([feature.column == column for feature in reference.features])
        shuffled = np.tile(rows, (_REPEATS, 1, 1))
        for repeat, changed in enumerate(shuffled):
            order = generator(seed, "shuffled", column, repeat).permutation(len(rows))
            changed[:, places] = rows[order][:, places]
        answers = classifier.realness(shuffled.reshape(-1, rows.shape[1])).reshape(_REPEATS, -1)
        yield _giveaway(column, whole, _mean([_area(one, n) for one in answers]))


def _giveaway(column: str, whole: Estimate, without: Estimate) -> Giveaway:
    fall = difference(whole, without, paired=True)
    p_value = fall.p_value / 2 if fall.value > 0 else 1 - fall.p_value / 2
    sentence = (
        f"{column!r} helps a classifier: shuffled, its AUC falls from {whole.value:.2f} by {fall.value:.2f} "
        f"({fall.low:.2f} – {fall.high:.2f})."
    )
    return Giveaway("column", column, fall.value, fall.low, fall.high, 0.0, p_value, sentence)


def _area(realness: Array, n: int) -> Estimate:
    return auc_estimate(realness[:n], realness[n:])


def _mean(areas: list[Estimate]) -> Estimate:
    values = np.array([area.value for area in areas])
    reference = np.mean([area.reference for area in areas], axis=0)
    generated = np.mean([area.generated for area in areas], axis=0)
    spread = float(values.var(ddof=1) / len(values))
    return Estimate(float(values.mean()), "neither", "mean over shuffles", reference, generated, further_variance=spread)
