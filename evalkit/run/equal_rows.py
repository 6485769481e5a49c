"""Generators that gave unequally many rows: figures that move with the number of rows, measured again on equally many."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from evalkit.compare.words import count, visible
from evalkit.core.progress import Progress, staged
from evalkit.core.sample import Series
from evalkit.core.seeds import generator
from evalkit.run.measuring import Asked, Given, measure
from evalkit.statistics.influence import Estimate


@dataclass(frozen=True)
class Comparable:
    """The estimates of all generators, so that each pair is compared on equally many rows where that matters.

    Attributes:
        estimates: of all rows, by generator and figure.
        rows: of each generator, by its name.
        of_fewer: of the figures that move with the number of rows: by generator, figure and the smaller number.
        moving: these figures.
        too_long: generators of series, each with a smaller number of rows than any of its whole series has.
    """

    estimates: Mapping[tuple[str, str], Estimate]
    rows: Mapping[str, int]
    of_fewer: Mapping[tuple[str, str, int], Estimate] = field(default_factory=dict)
    moving: Collection[str] = ()
    too_long: Collection[tuple[str, int]] = ()

    def pair(self, figure: str, first: str, second: str) -> tuple[Estimate, Estimate] | None:
        """A figure of two generators; None where one of them does not have it."""
        fewest = min(self.rows[first], self.rows[second])
        found = self._of(figure, first, fewest), self._of(figure, second, fewest)
        return None if found[0] is None or found[1] is None else (found[0], found[1])

    def _of(self, figure: str, name: str, fewest: int) -> Estimate | None:
        if figure in self.moving and self.rows[name] > fewest:
            return self.of_fewer.get((name, figure, fewest))
        return self.estimates.get((name, figure))


def comparable(estimates: Mapping[tuple[str, str], Estimate], asked: Asked, progress: Progress) -> Comparable:
    """What is needed to compare every pair, measured where it is not there yet.

    Args:
        estimates: of all rows, by generator and figure.
        asked: what was measured of them.
        progress: see :mod:`evalkit.core.progress`.
    """
    rows = {name: len(each.features.values) for name, each in asked.theirs.items()}
    moving = [spec for spec in asked.metrics if set(spec.figures) - set(spec.steady)]
    figures = {figure for spec in moving for figure in spec.figures if figure not in spec.steady}
    of_fewer: dict[tuple[str, str, int], Estimate] = {}
    too_long: list[tuple[str, int]] = []
    for size in sorted(set(rows.values()))[:-1]:
        drawn = {name: _drawn(each, size, asked.seed) for name, each in asked.theirs.items() if rows[name] > size}
        fewer = {name: each for name, each in drawn.items() if each is not None}
        too_long += [(name, size) for name in drawn if name not in fewer]
        _, found = measure(replace(asked, metrics=moving, theirs=fewer), staged(progress, f"on {count(size)} rows"))
        of_fewer |= {(name, figure, size): estimate for (name, figure), estimate in found.items()}
    return Comparable(estimates, rows, of_fewer, figures, too_long)


def said_of_unequal(found: Comparable) -> list[str]:
    """What a reader must know where generators gave unequally many rows."""
    if len(set(found.rows.values())) == 1:
        return []
    sizes = ", ".join(count(size) for size in sorted(set(found.rows.values())))
    unequal = f"The generators gave unequally many rows ({sizes})"
    compared = dict.fromkeys(figure for (_, figure), estimate in found.estimates.items() if estimate.direction != "neither")
    by = [figure for figure in compared if figure in found.moving]
    if not by:
        return [f"{unequal}."]
    return [
        f"{unequal}. {', '.join(by)}: such figures move with the number of rows, so that by them a pair is compared on equally "
        "many, as few as the smaller one gave. Each generator's own figures are of all its rows: do not compare those by eye.",
        *_said_of_long(found),
    ]


def _said_of_long(found: Comparable) -> Iterator[str]:
    for name, size in found.too_long:
        others = ", ".join(visible(other, 60) for other, rows in found.rows.items() if rows == size)
        yield (
            f"No whole series of {visible(name, 60)} has as few windows as {others} gave ({count(size)}), so that by these figures "
            "they are not compared. Give shorter series, or more of the others."
        )


def _drawn(theirs: Given, size: int, seed: int) -> Given | None:
    """So many rows; of series whole ones, with as many windows or somewhat fewer, None where each has more."""
    order = generator(seed, "evaluate", "equally many").permutation(len(theirs.sample))
    if not isinstance(theirs.sample, Series):
        return theirs.take(np.sort(order[:size]))
    windows = np.cumsum(np.bincount(theirs.features.rows, minlength=len(theirs.sample))[order])
    fitting = order[windows <= size]
    return theirs.take(np.sort(fitting)) if len(fitting) else None
