"""Giveaways in single cells: decimals, missing values, values outside the reference's range."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.discriminator.giveaways.giveaway import Giveaway, share
from evalkit.statistics import outside_test, proportion_interval, share_test

Array = NDArray[np.float64]

_MOST_DECIMALS = 9
_ALL_WHOLE = 2.0**53


def decimals(values: Array) -> NDArray[np.int64]:
    """The fewest decimals that write each value, 0 … 9; 10: more.

    A value of single precision counts as the short decimal that it stands for.

    Args:
        values: (n,) finite.

    >>> decimals(np.array([3.0, 0.25, 1 / 3, float(np.float32(0.1))])).tolist()
    [0, 2, 10, 1]
    """
    fewest = np.full(len(values), _MOST_DECIMALS + 1)
    whole = ~(np.abs(values) < _ALL_WHOLE)
    small = np.where(whole, 0.0, values)
    single = small.astype(np.float32)
    for places in range(_MOST_DECIMALS, -1, -1):
        rounded = np.round(small, places)
        fewest[(rounded == small) | ((single == small) & (rounded.astype(np.float32) == single))] = places
    fewest[whole] = 0
    return fewest


def decimals_giveaway(column: str, reference: Array, generated: Array) -> Giveaway | None:
    """Are values written with as many decimals as the reference's? None where all are written with the same number.

    The figure is the share with at most so many decimals, for the number at which the samples differ most; the p-value is
    Fisher's there, times the numbers that there were to choose from. Where values have another size, as many digits are other
    decimals, and this speaks up too.
    """
    reference, generated = _finite(reference), _finite(generated)
    if len(reference) == 0 or len(generated) == 0:
        return None
    real, drawn = decimals(reference), decimals(generated)
    places = np.unique(np.concatenate([real, drawn]))[:-1]
    if len(places) == 0:
        return None
    of_real, of_drawn = ((values[:, None] <= places).sum(axis=0) for values in (real, drawn))
    p_values = [share_test(int(a), len(drawn), int(b), len(real)) for a, b in zip(of_drawn, of_real, strict=True)]
    best = int(np.argmin(p_values))
    found, usual = proportion_interval(int(of_drawn[best]), len(drawn)), float(of_real[best] / len(real))
    more = "more" if found.value < usual else "fewer"
    sentence = (
        f"{column!r} is written with {more} decimals than the reference: at most {places[best]} in {share(found.value)} of the "
        f"generated values, in {share(usual)} of the reference's."
    )
    return Giveaway("decimals", column, *found, usual, min(1.0, len(places) * p_values[best]), sentence)


def missing_giveaway(column: str, reference: pd.Series, generated: pd.Series) -> Giveaway | None:
    """Are as many values missing? None where none is, or all are. Fisher's exact test."""
    real, drawn = int(reference.isna().sum()), int(generated.isna().sum())
    if real + drawn in (0, len(reference) + len(generated)):
        return None
    found, usual = proportion_interval(drawn, len(generated)), real / len(reference)
    sentence = f"{column!r} is missing in {share(found.value)} of the generated rows, in {share(usual)} of the reference's."
    return Giveaway("missing values", column, *found, usual, share_test(drawn, len(generated), real, len(reference)), sentence)


def range_giveaway(column: str, reference: Array, generated: Array) -> Giveaway | None:
    """Do values leave the reference's range more often than new real values would? None for fewer than two real values."""
    reference, generated = _finite(reference), _finite(generated)
    if len(reference) < 2 or len(generated) == 0:
        return None
    outside = int(((generated < reference.min()) | (generated > reference.max())).sum())
    found = proportion_interval(outside, len(generated))
    sentence = f"{column!r} lies outside the range of the reference in {share(found.value)} of the generated values."
    return Giveaway("range", column, *found, 0.0, outside_test(outside, len(reference), len(generated)), sentence)


def _finite(values: Array) -> Array:
    return values[np.isfinite(values)]
