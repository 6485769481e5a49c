"""Agreement beyond chance: Cohen's kappa for two raters, Fleiss' kappa and Gwet's AC1 and AC2 for any number."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalkit.core.errors import ShapeError, UndefinedError
from evalkit.ratings.agreement.labels import Labels
from evalkit.ratings.agreement.weights import Weights, weight_matrix
from evalkit.statistics.intervals import Interval, mean_interval

Array = NDArray[np.float64]


def cohen_kappa(labels: Any, *, weights: Weights = "identity", values: Any = None, level: float = 0.95) -> Interval:
    """Agreement of two raters beyond what their own shares of labels would give by chance; 1 is perfect, 0 chance.

    Low where one label is very frequent, even if the two rarely differ. Units that one of them did not label are left out. The
    interval takes units as a sample (Student's t of their influences).

    Args:
        labels: of two raters, see :meth:`Labels.of`.
        weights: see :func:`weight_matrix`.
        values: all labels in order, for ordinal words.
        level: 0 < level < 1.

    Raises:
        ShapeError: there are not two raters.
        UndefinedError: chance alone agrees as well, or fewer than two units have both labels.

    Source: Cohen, Educational and Psychological Measurement 20 (1960); Fleiss, Cohen and Everitt, Psychological Bulletin 72 (1969).

    >>> both = [["yes", "yes"]] * 20 + [["yes", "no"]] * 5 + [["no", "yes"]] * 10 + [["no", "no"]] * 15
    >>> round(cohen_kappa(both).value, 3)
    0.4
    """
    read = Labels.of(labels, values=values)
    if read.raters != 2:
        raise ShapeError(f"Cohen's kappa is of two raters, got {read.raters}: use Fleiss' kappa, AC1 or alpha")
    table = read.table()
    first, second = table[(table >= 0).all(axis=1)].T
    _enough(len(first))
    agreed, v = weight_matrix(read, weights), len(read.values)
    of_first, of_second = (np.bincount(codes, minlength=v) / len(codes) for codes in (first, second))
    chance = float(of_first @ agreed @ of_second)
    by_chance = ((agreed @ of_second)[first] + (of_first @ agreed)[second]) / 2
    return _corrected(agreed[first, second], np.asarray(by_chance), chance, np.ones(len(first), dtype=np.bool_), level)


def fleiss_kappa(labels: Any, *, weights: Weights = "identity", values: Any = None, level: float = 0.95) -> Interval:
    """Agreement of any number of raters beyond what everybody's shares of labels together would give by chance.

    Raters may differ from unit to unit, labels may be missing: units with two labels or more tell of agreement, all of chance. Low
    where one label is very frequent. Args, interval and errors as :func:`cohen_kappa`; counts of labels are read by
    :meth:`Labels.of_counts`.

    Source: Fleiss, Psychological Bulletin 76 (1971); missing labels and variance after Gwet (2014), chapter 5.

    >>> round(fleiss_kappa([["a", "a"], ["b", "b"], ["a", "b"]]).value, 4)
    0.3333
    """
    read = Labels.of(labels, values=values)
    agreed, shares, within = _by_unit(read, weights)
    overall = shares.mean(axis=0)
    towards = shares @ ((agreed + agreed.T) @ overall) / 2
    return _corrected(within, towards, float(overall @ agreed @ overall), ~np.isnan(within), level)


def gwet_ac(labels: Any, *, weights: Weights = "identity", values: Any = None, level: float = 0.95) -> Interval:
    """Gwet's AC1 (AC2 with weights): agreement beyond that of raters who guess only where they are in doubt.

    It stays high where one label is very frequent and raters rarely differ. It depends on how many labels there could be: name them
    all in ``values`` if some never occur. Args, interval and errors as :func:`fleiss_kappa`.

    Source: Gwet, British Journal of Mathematical and Statistical Psychology 61 (2008).

    >>> round(gwet_ac([["a", "a"], ["b", "b"], ["a", "b"]]).value, 4)
    0.3333
    """
    read = Labels.of(labels, values=values)
    v = len(read.values)
    if v < 2:
        raise UndefinedError("all labels are the same: name all that could have been given in values, or agreement is undefined")
    agreed, shares, within = _by_unit(read, weights)
    overall, scale = shares.mean(axis=0), float(agreed.sum()) / (v * (v - 1))
    chance = scale * float((overall * (1 - overall)).sum())
    # The mean of these is the chance itself, so that their influence counts as that of the others.
    return _corrected(within, scale * (shares @ (1 - overall)), chance, ~np.isnan(within), level)


def _by_unit(labels: Labels, weights: Weights) -> tuple[Array, Array, Array]:
    """The weights, and for each labelled unit its shares of labels and the agreement within it (NaN for one label)."""
    agreed, counts = weight_matrix(labels, weights), labels.counts()
    counts = counts[counts.any(axis=1)]
    sizes = counts.sum(axis=1)
    pairs = ((counts @ agreed) * counts).sum(axis=1) - counts @ np.diag(agreed)
    within = np.divide(pairs, sizes * (sizes - 1), out=np.full(len(counts), np.nan), where=sizes > 1)
    return agreed, counts / sizes[:, None], within


def _corrected(within: Array, by_chance: Array, chance: float, paired: NDArray[np.bool_], level: float) -> Interval:
    """Agreement less that of chance over what chance leaves, with the interval of the units' influences."""
    n = len(within)
    _enough(int(paired.sum()))
    if chance >= 1 - 1e-12:
        raise UndefinedError("all labels are the same, so that chance alone would agree as well: agreement is undefined")
    agreement = float(within[paired].mean())
    value = (agreement - chance) / (1 - chance)
    moved = np.where(paired, within - agreement, 0.0) * (n / paired.sum())
    influence = (moved - 2 * (1 - value) * (by_chance - chance)) / (1 - chance)
    found = mean_interval(value + influence - influence.mean(), level=level)
    return Interval(value, min(value, found.low), min(1.0, max(value, found.high)))


def _enough(units: int) -> None:
    if units < 2:
        raise UndefinedError("agreement needs two units or more that have two labels or more: let raters label the same units")
