"""Every pair of generators by every figure that both have: which is better, and how many rows it takes to say so."""

import math
from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from evalkit.compare.evaluation import FEWEST_NEEDED, MOST_NEEDED, Comparison, RowsNeeded, Verdict
from evalkit.run.equal_rows import Comparable
from evalkit.statistics import detectable_errors, holm, times_as_many
from evalkit.statistics.influence import Difference, Estimate, difference

_LEVEL = 0.05


def compare(groups: Sequence[Comparable]) -> list[list[Comparison]]:
    """Corrected over all pairs, all figures that have a better end, and all groups of columns, since any of them may conclude.

    Args:
        groups: the figures of each group; of whole rows there is one.

    Returns:
        A list a group.
    """
    tried = [(place, *each) for place, group in enumerate(groups) for each in _pairs(group)]
    found = [difference(*pair) for *_, pair in tried]
    corrected = holm(np.array([each.p_value for each in found]))
    # So many are found at the corrected level of the smallest p-value.
    errors = detectable_errors(len(tried))
    comparisons: list[list[Comparison]] = [[] for _ in groups]
    for (place, figure, first, second, pair), each, p_value in zip(tried, found, corrected, strict=True):
        rows = groups[place].rows
        comparisons[place].append(
            Comparison(
                figure=figure,
                first=first,
                second=second,
                difference=each.value,
                low=each.low,
                high=each.high,
                p_value=float(p_value),
                detectable=errors * each.standard_error,
                rows_needed=_rows_needed(pair, each, len(tried), min(rows[first], rows[second])),
                better=_verdict(pair[0], each, float(p_value)),
            )
        )
    return comparisons


def _pairs(group: Comparable) -> Iterator[tuple[str, str, str, tuple[Estimate, Estimate]]]:
    """Figure, generators and their estimates."""
    figures = dict.fromkeys(figure for (_, figure), estimate in group.estimates.items() if estimate.direction != "neither")
    for figure in figures:
        for first, second in combinations(group.rows, 2):
            if (pair := group.pair(figure, first, second)) is not None:
                yield figure, first, second, pair


def _verdict(first: Estimate, found: Difference, p_value: float) -> Verdict:
    if p_value > _LEVEL:
        return "not separable"
    return "first" if (found.value < 0) == (first.direction == "lower") else "second"


def _rows_needed(pair: Sequence[Estimate], found: Difference, chances: int, rows: int) -> RowsNeeded | None:
    first, second = pair
    times = times_as_many(first, second, found, chances=chances)
    if times is None:
        return None
    about, at_most = (None if each is None else _whole(each * rows) for each in (times.about, times.at_most))
    return RowsNeeded(at_least=_whole(times.at_least * rows), about=about, at_most=at_most)


def _whole(rows: float) -> int:
    return math.ceil(min(max(rows, FEWEST_NEEDED), MOST_NEEDED))
