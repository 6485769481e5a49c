"""The same model fitted to many reweightings of the same votes at once."""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from evalkit.core.errors import InputError
from evalkit.ratings.comparisons import LEFT, RIGHT, TIE
from evalkit.ratings.likelihood import Factor, Likelihood, maximum

Array = NDArray[np.float64]

# Steps shorter than this share of a standard error change no figure that is shown.
_CONVERGED = 3e-3
_STEPS = 12


def refits(likelihood: Likelihood, parameters: Array, counts: Array) -> Array:
    """(p, b) parameters for each of b reweightings; NaN where there is no finite estimate.

    Steps use the information of the original fit, which is near that of any resample: it is factored once. What has not converged
    after a dozen steps is fitted by Newton's method.

    Args:
        likelihood: of the votes as they are.
        parameters: (p,) its maximum.
        counts: (3, c, b) weights of the cells' votes.
    """
    votes = likelihood.cells.counts.sum(axis=0)
    factor = Factor.of(likelihood.information(likelihood.odds(parameters), votes), likelihood.k)
    shortest = _CONVERGED * float(np.sqrt(np.median(np.diag(factor.inverse())[: likelihood.k])))
    # Each step is as long as the reweighted information, which is larger or smaller as a whole, would make it.
    scale = votes.sum() / np.maximum(counts.sum(axis=(0, 1)), 1e-300)
    work = _Gradients(likelihood, counts)
    fitted = parameters[:, None] + np.clip(factor.solve(work.at(parameters[:, None])) * scale, -1, 1)
    for _ in range(_STEPS):
        step = factor.solve(work.at(fitted)) * scale
        fitted += np.clip(step, -1, 1)
        longest = np.abs(step).max(axis=0)
        if (longest <= shortest).all():
            break
    together = _connected(likelihood, work.votes)
    for i in np.flatnonzero(together & ~(longest <= shortest)):
        fitted[:, i] = _alone(likelihood, parameters, counts[:, :, i])
    fitted[:, ~together] = np.nan
    fitted[: likelihood.k] -= fitted[: likelihood.k].mean(axis=0)
    return np.asarray(fitted)


def _connected(likelihood: Likelihood, votes: Array) -> NDArray[np.bool_]:
    """(b,) whether the (c, b) votes left compare all generators, directly or through others."""
    there = votes > 0
    if likelihood.ridge > 0 or _one_part(likelihood, np.asarray(there.all(axis=1))):
        return np.ones(votes.shape[1], dtype=np.bool_)
    return np.array([_one_part(likelihood, column) for column in there.T])


def _one_part(likelihood: Likelihood, there: NDArray[np.bool_]) -> bool:
    left, right = likelihood.cells.left[there], likelihood.cells.right[there]
    graph = sparse.csr_array((np.ones(len(left)), (left, right)), shape=(likelihood.k, likelihood.k))
    return int(connected_components(graph, directed=False)[0]) == 1


def _design(likelihood: Likelihood) -> sparse.csr_array:
    """(c, k + m) what each cell's lead is made of."""
    cells, rows = likelihood.cells, np.arange(len(likelihood.cells.left))
    ends = sparse.csr_array(
        (np.repeat([1.0, -1.0], len(rows)), (np.tile(rows, 2), np.concatenate([cells.left, cells.right]))),
        shape=(len(rows), likelihood.k),
    )
    return sparse.csr_array(sparse.hstack([ends, sparse.csr_array(cells.effects)])) if cells.effects.shape[1] else ends


class _Gradients:
    """The gradient of many reweightings at once; what does not change from step to step is kept."""

    def __init__(self, likelihood: Likelihood, counts: Array) -> None:
        self.likelihood, self.design = likelihood, _design(likelihood)
        self.votes = counts.sum(axis=0)
        self.won = np.asarray(self.design.T @ (counts[LEFT] - counts[RIGHT]))
        self.ties = counts[TIE].sum(axis=0)

    def at(self, parameters: Array) -> Array:
        """(p, b) at (p, b) parameters, or at (p, 1) for all."""
        likelihood, width = self.likelihood, self.design.shape[1]
        ratio = self.design @ parameters[:width]
        half = np.exp(np.abs(ratio) * -0.5)
        expected = half * half
        scale = 1 + expected
        if likelihood.modelled:
            half *= np.exp(parameters[-1])
            scale += half
        np.subtract(1, expected, out=expected)
        expected /= scale
        np.copysign(expected, ratio, out=expected)
        gradient = (self.won - self.design.T @ (self.votes * expected)) / 2
        gradient[: likelihood.k] -= likelihood.ridge * parameters[: likelihood.k]
        if not likelihood.modelled:
            return np.asarray(gradient)
        half /= scale
        half = half * self.votes if half.shape[1] == 1 else np.multiply(half, self.votes, out=half)
        return np.vstack([gradient, self.ties - half.sum(axis=0)])


def _alone(likelihood: Likelihood, start: Array, counts: Array) -> Array:
    try:
        fitted = maximum(likelihood, counts=counts, start=start)
    except InputError:
        return np.full(len(start), np.nan)
    # A maximum at infinity looks like a very long way.
    return fitted if np.abs(fitted - start).max() < 25 else np.full(len(start), np.nan)
