"""Rows that generators were fitted to, beside a reference that they never saw."""

import numpy as np
from numpy.typing import NDArray

from evalkit.compare.words import count
from evalkit.core.errors import InputError
from evalkit.core.sample import Sample, Series
from evalkit.data import array_hashes, content_hash, row_hashes
from evalkit.features.base import FittedExtractor
from evalkit.features.windows import FittedWindows
from evalkit.statistics import binomial_test

_SURPRISING = 0.01


def overlap(fitted: Sample, reference: Sample, extractor: FittedExtractor) -> list[str]:
    """What to say of rows that are in both: copies of these cannot be told from new real rows.

    Rows are equal where their whole content is; of series, where a window's is. Where a table has few possible rows, new ones equal
    old ones by chance: how often is told by how many rows of the reference occur once, and no more than that is no overlap.

    Args:
        fitted: rows that the generators were fitted to.
        reference: all real rows that were given.
        extractor: says how series are cut into windows.

    Returns:
        A sentence, or nothing where no more rows are in both than chance explains.

    Raises:
        InputError: every fitted row is in the reference, and not by chance.

    Source: Good, Biometrika 40 (1953), for the chance that a new row was seen before.

    >>> from evalkit.core.sample import Texts
    >>> overlap(Texts.of(["to be", "or not"]), Texts.of(["to be", "that is"]), extractor=None)
    ['1 of the 2 fitted rows is in the reference as well: it is no control, and copies of it are not seen.']
    """
    ours, theirs = _hashes(fitted, extractor), _hashes(reference, extractor)
    distinct, times = np.unique(theirs, return_counts=True)
    both, every = int(np.isin(ours, distinct).sum()), len(ours)
    seen_before = 1 - float((times == 1).sum()) / len(theirs)
    by_chance = binomial_test(both, every, share=seen_before, alternative="greater") > _SURPRISING
    if content_hash(fitted) == content_hash(reference) or (both == every and not by_chance):
        raise InputError("every fitted row is in the reference: the reference must be rows that the generators never saw")
    if by_chance:
        return []
    are, they, them = ("is", "it is", "it") if both == 1 else ("are", "they are", "them")
    return [
        f"{count(both)} of the {count(every)} fitted rows {are} in the reference as well: "
        f"{they} no control, and copies of {them} are not seen."
    ]


def _hashes(sample: Sample, extractor: FittedExtractor) -> NDArray[np.uint64]:
    # A recording may be in both in part.
    if isinstance(sample, Series) and isinstance(extractor, FittedWindows):
        return array_hashes(extractor.encoder.transform(sample).values)
    return row_hashes(sample)
