"""How odd generated rows look to an anomaly detector that was fitted on real rows, beside real rows that it has not seen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from evalkit.anomaly.detector import AnomalyDetector
from evalkit.anomaly.evidence import ODDEST
from evalkit.core.errors import InputError, ShapeError
from evalkit.core.progress import Progress, silent
from evalkit.core.sample import Table
from evalkit.core.seeds import derive_seed, generator
from evalkit.metrics.mmd import GaussianKernelDistance
from evalkit.metrics.pairs import checked_pair
from evalkit.statistics import auc_estimate
from evalkit.statistics.influence import Estimate
from evalkit.statistics.splitting import share_variance_floor

Array = NDArray[np.float64]
Places = NDArray[np.intp]

MEMBERS = ("nearest", "nearest_manhattan")
"""Those that take a part of the time of all other figures together; in a table of two thousand rows half a second a generator."""
FEWEST_ROWS = 20
"""In each half of the real rows: with fewer no p-value is as small as 5 %."""
SHARE, RANK, GAP = "oddest_share", "oddness", "oddness_gap"


@dataclass(frozen=True, eq=False)
class Judge:
    """A detector that has seen one half of the real rows, and what it says of the other half.

    Attributes:
        detector: fitted on tables as they are, or on features.
        n: real rows in both halves.
        held_out: places of the real rows that it has not seen, (h,).
        control: their p-values, (h,).
    """

    detector: AnomalyDetector
    n: int
    held_out: Places
    control: Array

    @classmethod
    def fit(
        cls, reference: Table | Array, *, seed: int, groups: NDArray[np.int64] | None = None, progress: Progress = silent
    ) -> Self:
        """Fit on one half.

        Args:
            reference: real rows: a table, or features (n, d).
            seed: of the halves and of the detector.
            groups: (n,) rows that belong together, such as the windows of a stretch of a series, and stay in one half.
            progress: see :mod:`evalkit.core.progress`.

        Raises:
            ShapeError: fewer than 20 rows in a half, or nothing tells rows apart.
        """
        seen, held_out = _halves(np.arange(len(reference)) if groups is None else groups, seed)
        if min(len(seen), len(held_out)) < FEWEST_ROWS:
            raise ShapeError(
                f"a detector needs {FEWEST_ROWS} real rows to learn from and {FEWEST_ROWS} others to be held against, "
                f"got {len(seen)} and {len(held_out)}: give more"
            )
        detector = AnomalyDetector(effort="fast", members=MEMBERS, random_state=derive_seed(seed, "oddness", "detector") % 2**31)
        detector.fit(_part(reference, seen), progress=progress)
        return cls(detector, len(reference), held_out, detector.p_values(_part(reference, held_out)))

    def p_values(self, rows: Table | Array) -> Array:
        """How often a real row is as odd, (m,), 0 … 1, small where a row is odd."""
        return self.detector.p_values(rows)

    def estimates(self, p_values: Array, *, seed: int) -> dict[str, Estimate]:
        """The figures of some generated rows; see :class:`DetectorTest`.

        Args:
            p_values: (m,) of the rows.
            seed: of the kernel's width.

        Raises:
            ShapeError: fewer than two rows.
            InputError: all real rows are equally odd.
        """
        if len(p_values) < 2:
            raise ShapeError(f"a detector's figures need two generated rows, got {len(p_values)}: draw more")
        rank, gap = self._of_all(self._rank(p_values)), self._of_all(self._gap(p_values, seed))
        return {SHARE: self.share(p_values), RANK: rank, GAP: gap}

    def share(self, p_values: Array) -> Estimate:
        """``oddest_share`` of generated rows, or of real ones; the detector is taken as given."""
        odd = (p_values <= ODDEST).astype(np.float64)
        value, method = float(odd.mean()), f"share of rows with p <= {ODDEST:g}, exact (Clopper-Pearson) interval"
        given = np.zeros(self.n)
        return Estimate(value, "neither", method, given, odd - value, range=(0.0, 1.0), share_of=len(odd))

    def _of_all(self, estimate: Estimate) -> Estimate:
        """With an influence for each real row: those that the detector has seen have none."""
        influences = np.zeros(self.n)
        influences[self.held_out] = estimate.reference * (self.n / len(self.held_out))
        return replace(estimate, reference=influences)

    def _rank(self, p_values: Array) -> Estimate:
        found = auc_estimate(self.control, p_values)
        # At 0 and 1 no pair speaks for a variance.
        floor = share_variance_floor(found.value, min(len(self.control), len(p_values)))
        return replace(found, further_variance=max(floor - found.variance, 0.0))

    def _gap(self, p_values: Array, seed: int) -> Estimate:
        """In nats, so that tails weigh."""
        if np.ptp(self.control) == 0:
            raise InputError("a detector's figures need real rows that are not all equally odd: give others")
        ours, theirs = (-np.log(each)[:, None] for each in (self.control, p_values))
        (found,) = GaussianKernelDistance().estimates(ours, theirs, seed=seed).values()
        return found


@dataclass(frozen=True)
class DetectorTest:
    """How odd generated rows look beside real ones; see :class:`Judge`.

    A detector that looks at distances to real rows is fitted on one half of them, drawn at random, and gives a p-value to the
    other half and to the generated rows. ``oddest_share`` is how many generated rows have p <= 0.05: of new real rows 5 % do.
    ``oddness`` is how often a generated row is odder than a real one. Both are right in the middle: above, a generator draws rows
    that do not belong; below, its rows are too central, and the tails of the data are missing. ``oddness_gap`` takes both together,
    and other ways of being unlike, and is what generators are compared by.

    It says nothing about which kinds of rows there are: a generator that draws one ordinary row over and over has none that is
    odd, and only the gap shows it. Copies of real rows are too central as well. All intervals take the detector as given.
    """

    def estimates(self, reference: Table | Array, generated: Table | Array, *, seed: int) -> Mapping[str, Estimate]:
        """All three.

        Raises:
            ShapeError: fewer than 40 real or 2 generated rows, or other features than the reference's.
            InputError: a feature is missing, infinite or huge, or all rows are equally odd.

        >>> draw = np.random.default_rng(0)
        >>> real, tame = draw.normal(size=(400, 3)), 0.5 * draw.normal(size=(200, 3))
        >>> found = DetectorTest().estimates(real, tame, seed=0)
        >>> found["oddest_share"].interval().high < 0.05, found["oddness"].interval().high < 0.5
        (True, True)
        """
        if isinstance(reference, Table) != isinstance(generated, Table):
            raise InputError("a detector needs two tables or two arrays of features, got one of each: give both in one form")
        if not isinstance(reference, Table) and not isinstance(generated, Table):
            reference, generated = checked_pair(reference, generated, what="a detector", fewest=2)
        judge = Judge.fit(reference, seed=seed)
        return judge.estimates(judge.p_values(generated), seed=seed)


def oddest(p_values: Array, count: int) -> list[int]:
    """Places of the rows with the smallest p-values, the smallest first; of equal ones the earlier."""
    return [int(place) for place in np.argsort(p_values, kind="stable")[: max(count, 0)]]


def _halves(groups: NDArray[np.int64], seed: int) -> tuple[Places, Places]:
    """Places of the rows of either half of the groups, in their order."""
    names = generator(seed, "oddness", "halves").permutation(np.unique(groups))
    first = np.isin(groups, names[: (len(names) + 1) // 2])
    return np.flatnonzero(first), np.flatnonzero(~first)


def _part(rows: Table | Array, places: Places | Sequence[int]) -> Table | Array:
    return rows.take(np.asarray(places, dtype=np.intp)) if isinstance(rows, Table) else rows[places]
