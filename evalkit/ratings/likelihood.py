"""The Bradley–Terry likelihood of counted votes, with ties, effects of side and covariates, and its maximum by Newton's method."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse

from evalkit.core.errors import InputError
from evalkit.ratings.cells import Cells
from evalkit.ratings.comparisons import LEFT, RIGHT, TIE

Array = NDArray[np.float64]
Ties = Literal["davidson", "half"]

CONFOUNDED = (
    "these votes cannot tell strength from the effect of the left side or of a covariate: "
    "show pairs in both orders, leave position or that covariate out, or set ridge"
)
UNBOUNDED = (
    "the left side or a covariate decides every vote between some generators, so that there is no finite estimate: "
    "leave position or that covariate out, collect more votes, or set ridge"
)

_STEPS = 60
# The error that is left is about half the square of the last step.
_CONVERGED = 3e-6
# So small a share of what a parameter would tell alone is none.
_ROUNDING = 1e-12
# On the logit scale a step this long is not believed.
_LONGEST = 5.0


class Odds(NamedTuple):
    """What the model expects of one vote in each cell.

    Attributes:
        log_ratio: (c,) logarithm of the odds of left against right.
        lead: (c,) chance of left less chance of right.
        tie: (c,) chance of a tie; 0 where ties are half wins.
        spread: (c,) variance of left = 1, tie = 0, right = -1.
        log_scale: (c,) logarithm of the sum that the chances are over.
    """

    log_ratio: Array
    lead: Array
    tie: Array
    spread: Array
    log_scale: Array


@dataclass(frozen=True, eq=False)
class Likelihood:
    """Votes' log-likelihood as a function of (k strengths, m effects, the logarithm of nu where ties are modelled).

    Left wins, right wins and ties have chances in the ratio exp(d/2) : exp(-d/2) : nu, where d is the strength of the left less
    that of the right plus the effects (Davidson). With ``"half"`` a tie is half a win for each and there is no nu.

    Attributes:
        cells: the votes.
        ties: how ties count.
        ridge: half of it times the sum of squared strengths is taken off.
    """

    cells: Cells
    ties: Ties
    ridge: float = 0.0

    @property
    def k(self) -> int:
        """Number of strengths."""
        return self.cells.n_generators

    @cached_property
    def modelled(self) -> bool:
        """Whether nu is there to be estimated: ties are modelled and there are some."""
        return self.ties == "davidson" and bool(self.cells.counts[TIE].any())

    @property
    def size(self) -> int:
        """Number of parameters."""
        return self.k + len(self.cells.names) + self.modelled

    def start(self) -> Array:
        """All generators alike, and nu as the share of ties says."""
        parameters = np.zeros(self.size)
        if self.modelled:
            ties, all_votes = self.cells.counts[TIE].sum(), self.cells.counts.sum()
            parameters[-1] = np.log(2 * ties / max(all_votes - ties, 1e-3 * all_votes))
        return parameters

    def leads(self, parameters: Array) -> Array:
        """(c,) strength of the left less that of the right, plus effects."""
        strengths, m = parameters[: self.k], len(self.cells.names)
        lead = strengths[self.cells.left]
        lead -= strengths[self.cells.right]
        if m:
            lead += self.cells.effects @ parameters[self.k : self.k + m]
        return lead

    def odds(self, parameters: Array) -> Odds:
        """What is expected at these parameters."""
        ratio = self.leads(parameters)
        far = np.abs(ratio) / 2
        half = np.exp(-far)
        other = half * half
        tie = np.exp(parameters[-1]) * half if self.modelled else np.zeros(len(ratio))
        scale = 1 + other + tie
        tie /= scale
        lead = (1 - other) / scale
        spread = 1 - tie - lead * lead
        return Odds(ratio, np.copysign(lead, ratio), tie, spread, np.log(scale) + far)

    def value(self, parameters: Array, odds: Odds, counts: Array) -> float:
        """The log-likelihood, less the ridge."""
        total = float((counts[LEFT] - counts[RIGHT]) @ odds.log_ratio) / 2 - float(counts.sum(axis=0) @ odds.log_scale)
        total += float(parameters[-1] * counts[TIE].sum()) if self.modelled else 0.0
        return total - self.ridge / 2 * float(parameters[: self.k] @ parameters[: self.k])

    def gradient(self, parameters: Array, odds: Odds, counts: Array) -> Array:
        """(p,) its derivative."""
        votes = counts.sum(axis=0)
        moved = (counts[LEFT] - counts[RIGHT] - votes * odds.lead) / 2
        parts = [self._ends(moved) - self.ridge * parameters[: self.k], self.cells.effects.T @ moved]
        if self.modelled:
            parts.append(np.array([counts[TIE].sum() - float(votes @ odds.tie)]))
        return np.concatenate(parts)

    def information(self, odds: Odds, votes: Array) -> Array:
        """(p, p) minus its second derivative. Shifting all strengths alike moves nothing: one eigenvalue is 0 without a ridge."""
        k, m, cells = self.k, len(self.cells.names), self.cells
        weight = votes * odds.spread / 4
        matrix = np.zeros((self.size, self.size))
        pairs = np.bincount(cells.left * k + cells.right, weights=weight, minlength=k * k).reshape(k, k)
        pairs += pairs.T
        matrix[:k, :k] = -pairs
        matrix[np.arange(k), np.arange(k)] = pairs.sum(axis=1) + self.ridge
        for j in range(m):
            matrix[k + j, :k] = matrix[:k, k + j] = self._ends(weight * cells.effects[:, j])
        matrix[k : k + m, k : k + m] = cells.effects.T @ (weight[:, None] * cells.effects)
        if self.modelled:
            across = -votes * odds.lead * odds.tie / 2
            matrix[-1, :k] = matrix[:k, -1] = self._ends(across)
            matrix[-1, k : k + m] = matrix[k : k + m, -1] = cells.effects.T @ across
            matrix[-1, -1] = float(votes @ (odds.tie * (1 - odds.tie)))
        return matrix

    def scores(self, parameters: Array) -> sparse.csr_array:
        """(n, p) the derivative of each vote's log-likelihood."""
        odds, cells, n = self.odds(parameters), self.cells, len(self.cells.cell)
        won = np.array([1.0, -1.0, 0.0])[cells.outcome]
        won -= odds.lead[cells.cell]
        won *= cells.weight / 2
        m = len(cells.names)
        columns = np.empty((n, 2 + m + self.modelled), dtype=np.int32)
        columns[:, 0], columns[:, 1] = cells.left[cells.cell], cells.right[cells.cell]
        columns[:, 2:] = np.arange(self.k, self.size)
        values = np.empty(columns.shape)
        values[:, 0], values[:, 1] = won, -won
        values[:, 2 : 2 + m] = cells.effects[cells.cell]
        values[:, 2 : 2 + m] *= won[:, None]
        if self.modelled:
            values[:, -1] = ((cells.outcome == TIE) - odds.tie[cells.cell]) * cells.weight
        starts = np.arange(0, columns.size + 1, columns.shape[1])
        return sparse.csr_array((values.ravel(), columns.ravel(), starts), shape=(n, self.size))

    def _ends(self, values: Array) -> Array:
        """(k,) sums over the cells in which a generator stood left, less those in which it stood right."""
        left, right = (np.bincount(side, weights=values, minlength=self.k) for side in (self.cells.left, self.cells.right))
        return np.asarray(left - right)


def maximum(likelihood: Likelihood, *, counts: Array | None = None, start: Array | None = None) -> Array:
    """(p,) the parameters with the highest likelihood; strengths add up to 0.

    The likelihood is concave; Newton's method takes some five steps.

    Args:
        likelihood: of the votes.
        counts: (3, c) other weights of the cells' votes than their own.
        start: (p,) where to begin.

    Raises:
        InputError: it has no maximum: something is estimated as infinite.
    """
    counts = likelihood.cells.counts if counts is None else counts
    parameters = likelihood.start() if start is None else start.copy()
    odds = likelihood.odds(parameters)
    value, votes, refusal = likelihood.value(parameters, odds, counts), counts.sum(axis=0), CONFOUNDED
    for _ in range(_STEPS):
        factor = Factor.of(likelihood.information(odds, votes), likelihood.k, refusal)
        step = factor.solve(likelihood.gradient(parameters, odds, counts))
        longest, refusal = float(np.abs(step).max()), UNBOUNDED
        step *= min(1.0, _LONGEST / longest) if longest > 0 else 1.0
        for _ in range(30):
            odds = likelihood.odds(parameters + step)
            after = likelihood.value(parameters + step, odds, counts)
            if after >= value - 1e-9 * abs(value):
                break
            step /= 2
        parameters, value = parameters + step, after
        if longest < _CONVERGED:
            parameters[: likelihood.k] -= parameters[: likelihood.k].mean()
            return parameters
    raise InputError(UNBOUNDED)


@dataclass(frozen=True, eq=False)
class Factor:
    """An information matrix, factored; among strengths that differ by a constant the one with mean 0 is meant.

    Attributes:
        cholesky: of the matrix plus a constant on the strengths' block, as scipy has it.
        constant: that constant.
        k: number of strengths.
    """

    cholesky: Array
    constant: float
    k: int

    @classmethod
    def of(cls, information: Array, k: int, refusal: str = UNBOUNDED) -> "Factor":
        """Factor an information matrix.

        Raises:
            InputError: it is singular; the message is ``refusal``.
        """
        constant = max(float(np.trace(information[:k, :k])) / k**2, 1e-300)
        filled = information.copy()
        filled[:k, :k] += constant
        try:
            lower = linalg.cholesky(filled, lower=True, check_finite=False)
        except linalg.LinAlgError:
            raise InputError(refusal) from None
        # Towards infinity information dies away to what rounding makes of it, with either sign.
        if (lower.diagonal() ** 2 <= _ROUNDING * filled.diagonal()).any():
            raise InputError(refusal)
        return cls(lower, constant, k)

    def solve(self, gradient: Array) -> Array:
        """The step of Newton's method."""
        return np.asarray(linalg.cho_solve((self.cholesky, True), gradient, check_finite=False))

    def inverse(self) -> Array:
        """(p, p) pseudo-inverse: the covariance where the model holds."""
        lower, _ = linalg.lapack.dpotri(self.cholesky, lower=1)
        inverse = np.tril(lower) + np.tril(lower, -1).T
        inverse[: self.k, : self.k] -= 1 / (self.constant * self.k**2)
        return np.asarray(inverse)
