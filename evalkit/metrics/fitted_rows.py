"""Metrics of copying: the reference are real rows that the generator never saw, those that it was fitted to come as ``fitted``."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalkit.core.sample import Table
from evalkit.core.seeds import generator
from evalkit.data import array_hashes
from evalkit.metrics.copies import nearest_share
from evalkit.metrics.pairs import checked_pair
from evalkit.metrics.privacy import closest_record_control, membership_attack
from evalkit.statistics.influence import Estimate

Array = NDArray[np.float64]
Rows = NDArray[np.intp]

_FEWEST = 10


@dataclass(frozen=True)
class NearestShare:
    """Share of generated rows that lie closer to fitted than to held-out rows; see :func:`~evalkit.metrics.copies.nearest_share`.

    Of the fitted and of the reference rows as many are compared as there are of the fewer, by lot.

    >>> draw = np.random.default_rng(0)
    >>> fitted, new = draw.normal(size=(100, 3)), draw.normal(size=(60, 3))
    >>> NearestShare().estimates(new, fitted + 0.01, fitted=fitted, seed=0)["nearest_share"].value > 0.7
    True
    """

    def estimates(self, reference: Array, generated: Array, *, fitted: Array, seed: int) -> Mapping[str, Estimate]:
        """``nearest_share``, with the influences of the fitted and then of the reference rows; rows left out by lot have 0.

        Raises:
            ShapeError: fewer than 10 rows of a kind, or other features.
            InputError: a feature is missing, infinite or huge.
        """
        sides = _checked(fitted, reference, generated, what="a share of nearest rows")
        n, m, size = len(sides[0]), len(sides[1]), min(len(sides[0]), len(sides[1]))
        inside, outside = (_lot(rows, size, seed, side) for rows, side in zip(sides, ("fitted", "held out"), strict=False))
        found = nearest_share(sides[0][inside], sides[1][outside], sides[2])
        influences = np.zeros(n + m)
        influences[np.concatenate([inside, n + outside])] = found.reference * (n + m) / (2 * size)
        return {"nearest_share": replace(found, reference=influences)}


@dataclass(frozen=True)
class ClosestRecordControl:
    """How often generated rows of a table lie closer to fitted ones than new real rows do.

    See :func:`~evalkit.metrics.privacy.closest_record_control`. A poor generator has
    less than 0.5 and one that keeps to dense places more: it does not see copying alone, as ``nearest_share`` does.
    """

    def estimates(self, reference: Table, generated: Table, *, fitted: Table, seed: int) -> Mapping[str, Estimate]:
        """``closest_record_control``, with the influences of the reference rows; the fitted ones are taken as given.

        Raises:
            InputError: no column can be compared.
            SchemaError: a column is missing.
            ShapeError: fewer than 10 rows of a kind.
        """
        return {"closest_record_control": closest_record_control(fitted, reference, generated)}


@dataclass(frozen=True)
class MembershipAttack:
    """How well generated rows betray the fitted ones; see :func:`~evalkit.metrics.privacy.membership_attack`.

    Half of the reference rows, by lot, tell the attacker what is common; the others are asked about.

    Attributes:
        neighbours: see :func:`~evalkit.metrics.privacy.exposure`.
    """

    neighbours: int = 3

    def estimates(self, reference: Array, generated: Array, *, fitted: Array, seed: int) -> Mapping[str, Estimate]:
        """``membership_attack``, with the influences of the fitted and then of the reference rows.

        Raises:
            ShapeError: fewer than 10 rows of a kind, 20 of the reference, or other features.
            InputError: a feature is missing, infinite or huge.
        """
        inside, outside, drawn = _checked(fitted, reference, generated, what="a membership attack")
        order = _by_content(outside)
        found = membership_attack(inside, outside[order], drawn, seed=seed, neighbours=self.neighbours)
        influences = found.reference.copy()
        influences[len(inside) + order] = found.reference[len(inside) :]
        return {"membership_attack": replace(found, reference=influences)}


def _checked(fitted: Any, reference: Any, generated: Any, *, what: str) -> tuple[Array, Array, Array]:
    reference, generated = checked_pair(reference, generated, what=what, fewest=_FEWEST)
    return checked_pair(fitted, generated, what=what, fewest=_FEWEST)[0], reference, generated


def _by_content(rows: Array) -> Rows:
    """An order in which each row's place is decided by the rows alone, whatever order they came in."""
    return np.argsort(array_hashes(rows), kind="stable")


def _lot(rows: Array, size: int, seed: int, side: str) -> Rows:
    drawn = generator(seed, "nearest share", side).permutation(len(rows))[:size]
    return np.sort(_by_content(rows)[drawn])
