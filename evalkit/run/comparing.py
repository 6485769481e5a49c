"""Every pair of generators by every figure that both have: which is better, and how many rows it takes to say so."""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

import numpy as np

from evalkit.compare.evaluation import FEWEST_NEEDED, MOST_NEEDED, Comparison, RowsNeeded, Verdict
from evalkit.statistics import detectable_errors, holm, times_as_many
from evalkit.statistics.influence import Difference, Estimate, difference

_LEVEL = 0.05

Estimates = Mapping[tuple[str, str], Estimate]
"""By generator and figure."""


def compare(rows: Mapping[str, int], groups: Sequence[Estimates]) -> list[list[Comparison]]:
    """Corrected over all pairs, all figures that have a better end, and all groups of columns, since any of them may conclude.

    Args:
        rows: how many of each generator were compared, by its name, in the order of the pairs.
        groups: the figures of each group; of whole rows there is one.

    Returns:
        A list a group.
    """
    tried = [(place, *each) for place, estimates in enumerate(groups) for each in _pairs(list(rows), estimates)]
    found = [difference(groups[place][first, figure], groups[place][second, figure]) for place, figure, first, second in tried]
    corrected = holm(np.array([each.p_value for each in found]))
    # So many are found at the corrected level of the smallest p-value.
    errors = detectable_errors(len(tried))
    comparisons: list[list[Comparison]] = [[] for _ in groups]
    for (place, figure, first, second), each, p_value in zip(tried, found, corrected, strict=True):
        pair = groups[place][first, figure], groups[place][second, figure]
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


def _pairs(names: Sequence[str], estimates: Estimates) -> Iterator[tuple[str, str, str]]:
    """Figure and generators."""
    figures = dict.fromkeys(figure for (_, figure), estimate in estimates.items() if estimate.direction != "neither")
    for figure in figures:
        for first, second in combinations(names, 2):
            if (first, figure) in estimates and (second, figure) in estimates:
                yield figure, first, second


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
