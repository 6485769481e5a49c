"""Privacy: do generated rows lie closer to the rows a generator was fitted to than new real rows do, and do they betray them?"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from evalkit.core.errors import ShapeError
from evalkit.core.sample import Table
from evalkit.core.seeds import generator
from evalkit.kernels.neighbours import faster, nearest
from evalkit.metrics.copies import distance_to_closest_record
from evalkit.metrics.pairs import checked_pair
from evalkit.statistics.influence import Estimate
from evalkit.statistics.splitting import share_variance_floor
from evalkit.statistics.two_samples import auc_estimate

Array = NDArray[np.float64]

_FEWEST = 10
# In squared distances: far below any that two different rows of sensible features have.
_COPY = 1e-200


def closest_record_control(fitted: Table, held_out: Table, generated: Table) -> Estimate:
    """How often a generated row lies closer to the rows a generator was fitted to than a new real row does; ties one half.

    0.5 where generated rows keep the distance of new real ones, 1 where each is closer. Distances are those of
    :func:`~evalkit.metrics.copies.distance_to_closest_record`. Rows that are unlike real ones lie far from all of them: a poor
    generator has less than 0.5, even where some of its rows are copies. Passing it is no proof of privacy: see
    :func:`membership_attack`.

    Args:
        fitted: rows that the generator was fitted to; taken as given.
        held_out: real rows that it was not fitted to.
        generated: its rows.

    Returns:
        The share of pairs, with the influences of held-out and of generated rows.

    Raises:
        InputError: no column can be compared.
        SchemaError: a column is missing.
        ShapeError: fewer than 10 rows of a kind.

    >>> import pandas as pd
    >>> from evalkit.core.schema import Column, Schema
    >>> schema = Schema(modality="table", columns=(Column(name="x", kind="number"), Column(name="y", kind="number")))
    >>> draw = np.random.default_rng(0)
    >>> rows = [Table("demo", schema, pd.DataFrame(draw.normal(size=(50, 2)), columns=["x", "y"])) for _ in range(2)]
    >>> closest_record_control(*rows, rows[0]).value
    1.0
    """
    _enough(fitted=len(fitted), held_out=len(held_out), generated=len(generated))
    ours, theirs = (-distance_to_closest_record(fitted, rows) for rows in (held_out, generated))
    area = auc_estimate(theirs, ours)
    method = f"share of pairs, variance of DeLong; {len(fitted)} fitted rows taken as given"
    # A good generator that keeps to dense places has more than 0.5, a poor one less: neither end is better.
    return replace(_attack(area.value, area.generated, area.reference, method), direction="neither")


def exposure(rows: Array, generated: Array, population: Array, *, neighbours: int = 3) -> Array:
    """How much denser generated rows lie around each row than other real rows do: the logarithm of the ratio, up to a constant.

    High where a generator gives a row away: it makes more rows there than real life does. Each density is known by the mean
    logarithm of the distances to the nearest few; without the real rows, rows in dense places would seem exposed.

    Args:
        rows: (k, d) features of the rows that are asked about.
        generated: (m, d), m >= ``neighbours``.
        population: (n, d) real rows that are none of ``rows`` and that the generator was not fitted to, n >= ``neighbours``.
        neighbours: how many, >= 1.

    Returns:
        (k,) finite.

    Raises:
        ShapeError: other features, or fewer rows than ``neighbours``.

    Source: van Breugel et al., "Membership inference attacks against synthetic data through overfitting detection" (DOMIAS),
    AISTATS 2023, with densities by nearest neighbours.

    >>> population = np.arange(10.0)[:, None]
    >>> exposure(np.array([[2.5], [6.5]]), np.full((5, 1), 2.4), population).argmax()
    np.int64(0)
    """
    logs = []
    for others in (population, generated):
        found = nearest(others, rows, neighbours, impl=faster(np.shape(rows)[1]))
        logs.append(np.log(np.maximum(found.distances, _COPY)).mean(axis=1) / 2)
    return np.asarray(logs[0] - logs[1], dtype=np.float64)


def membership_attack(
    fitted: Array, held_out: Array, generated: Array, *, seed: int, population: Array | None = None, neighbours: int = 3
) -> Estimate:
    """How well generated rows tell whether a real row was among those that the generator was fitted to: an AUC.

    The attacker asks of every row how :func:`exposure` ranks it. 0.5: cannot tell; 1: always right. The area is that of this
    attack: a stronger one may see more, so 0.5 is no proof of privacy. It is a mean over rows: a few that are given away move it
    little, and :func:`exposure` names them. Fitted and held-out rows must come from one law, split by lot.

    Args:
        fitted: (n, d) features of rows that the generator was fitted to.
        held_out: (m, d) features of real rows that it was not.
        generated: (k, d).
        seed: of the lot.
        population: (p, d) features of yet other real rows, by which the attacker knows what is common; None: half of
            ``held_out``, by lot, which then is not asked about.
        neighbours: see :func:`exposure`.

    Returns:
        The area. Its reference influences are those of the fitted and then of the held-out rows; rows that are not asked about
        have 0. The interval holds for these generated rows.

    Raises:
        InputError: a feature is missing, infinite or huge.
        ShapeError: other features, or fewer than 10 rows of a kind, held-out rows on each side of the lot among them.

    >>> draw = np.random.default_rng(0)
    >>> fitted, held_out = draw.normal(size=(2, 100, 3))
    >>> membership_attack(fitted, held_out, fitted + 0.01, seed=0).value > 0.9
    True
    """
    asked = np.arange(len(held_out))
    if population is None:
        order = generator(seed, "membership attack").permutation(len(held_out))
        known, asked = np.sort(order[: len(order) // 2]), np.sort(order[len(order) // 2 :])
        population = np.asarray(held_out)[known]
    _enough(fitted=len(fitted), held_out=len(asked), generated=len(generated), population=len(population))
    for others in (held_out, generated, population):
        checked_pair(fitted, others, what="a membership attack", fewest=_FEWEST)
    inside, outside = (exposure(rows, generated, population, neighbours=neighbours) for rows in (fitted, held_out[asked]))
    area = auc_estimate(inside, outside)
    n, m = len(fitted), len(held_out)
    influences = np.zeros(n + m)
    influences[:n] = area.reference * (n + m) / n
    influences[n + asked] = area.generated * (n + m) / len(asked)
    method = f"AUC of {n} fitted and {len(asked)} held-out rows, variance of DeLong; {len(generated)} generated rows taken as given"
    return _attack(area.value, influences, np.zeros(len(generated)), method, fewest=min(n, len(asked)))


def _attack(value: float, reference: Array, generated: Array, method: str, *, fewest: int | None = None) -> Estimate:
    """With a width where all pairs say the same, too: that of a share of so many rows."""
    shown = sum(float(rows.var(ddof=1)) / len(rows) for rows in (reference, generated))
    further = 0.0 if shown else share_variance_floor(value, min(len(reference), len(generated)) if fewest is None else fewest)
    return Estimate(value, "lower", method, reference, generated, further, (0.0, 1.0))


def _enough(**rows: int) -> None:
    if min(rows.values()) < _FEWEST:
        counts = ", ".join(f"{n} {name.replace('_', ' ')}" for name, n in rows.items())
        raise ShapeError(f"a privacy figure needs {_FEWEST} rows of every kind, got {counts}: give more")
