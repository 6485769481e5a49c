"""What a look at a game measures."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalkit.backbones.gan.stop_rule.probe import probe_accuracy
from evalkit.kernels.neighbours import nearest
from evalkit.statistics import auc

FEWEST = 10
"""Held-out rows without which nothing is judged."""

DISCRIMINATOR = "discriminator's accuracy"
BY_HEART = "discriminator's accuracy on training rows"
ALIVE = "discriminator's accuracy after a lesson"
PROBE = "probe's accuracy"
SPREAD = "spread of drawn rows"
COVERAGE = "coverage of held-out rows"
NEARNESS = "distance to training rows"

_NEIGHBOURS = 5


@dataclass(frozen=True, eq=False)
class Group:
    """Rows of one kind at one look.

    Attributes:
        places: (n, d) where they lie in the space in which rows are compared.
        verdicts: (n,) how real they look to the discriminator.
    """

    places: NDArray[np.float64]
    verdicts: NDArray[np.float64]


def signs(training: Group, held_out: Group, drawn: Group, alive: float, seed: int) -> dict[str, float]:
    """The figures of a look, by name.

    - discriminator's accuracy: the share of pairs in which it finds a held-out row more real than a drawn one. 0.5 at a perfect
      generator, and just as well at a discriminator that sees nothing.
    - its accuracy on training rows: the same for rows that it was trained on; where it is far higher, it knows them by heart.
    - its accuracy after a lesson: ``alive``; about 0.5 if it is dead.
    - probe's accuracy: see :func:`probe_accuracy`.
    - spread of drawn rows: mean distance to the nearest other drawn row, over that among as many training rows. Below 1 the drawn
      rows crowd together.
    - coverage of held-out rows: the share with a drawn row nearer than their fifth nearest training row; about 0.97 at a perfect
      generator.
    - distance to training rows: drawn rows' mean distance to the nearest training row, over that of held-out rows. Near 0 the
      drawn rows are copies; above 1 they lie beside the real ones.

    Args:
        training: at least two rows that the game was played with.
        held_out: at least two that it never saw.
        drawn: at least as many as there are training rows.
        alive: see :func:`~evalkit.backbones.gan.stop_rule.lesson.accuracy_after_lesson`.
        seed: of the probe.
    """
    some = drawn.places[: len(training.places)]
    half = len(drawn.places) // 2
    return {
        DISCRIMINATOR: auc(held_out.verdicts, drawn.verdicts),
        BY_HEART: auc(training.verdicts, drawn.verdicts),
        ALIVE: alive,
        PROBE: probe_accuracy((training.places, held_out.places), (drawn.places[:half], drawn.places[half:]), seed),
        SPREAD: _ratio(_apart(some), _apart(training.places)),
        COVERAGE: float(np.mean(_away(held_out.places, some, 1) <= _away(held_out.places, training.places, _NEIGHBOURS))),
        NEARNESS: _ratio(_away(some, training.places, 1).mean(), _away(held_out.places, training.places, 1).mean()),
    }


def energy_distance(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """How far two sets of rows are apart as distributions: 0 where they are the same; its square root is a metric.

    Between samples of one distribution it is above 0, the more the fewer rows there are: compare figures of equally many rows.

    Args:
        first: (m, d), m >= 1.
        second: (n, d), n >= 1.

    Source: Székely and Rizzo, Journal of Statistical Planning and Inference 143 (2013).

    >>> energy_distance(np.array([[0.0]]), np.array([[2.0]]))
    4.0
    """
    return float(2 * _all(first, second).mean() - _all(first, first).mean() - _all(second, second).mean())


def _all(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.sqrt(nearest(first, second, len(first)).distances)


def _apart(places: NDArray[np.float64]) -> float:
    return float(np.sqrt(nearest(places, places, 1, leave_one_out=True).distances).mean())


def _away(queries: NDArray[np.float64], reference: NDArray[np.float64], k: int) -> NDArray[np.float64]:
    """Distance to the k-th nearest reference row, or to the last."""
    return np.sqrt(nearest(reference, queries, min(k, len(reference))).distances[:, -1])


def _ratio(figure: float, of: float) -> float:
    """1 where there is nothing to compare with: all rows are copies of others already."""
    return float(figure / of) if of > 0 else 1.0
