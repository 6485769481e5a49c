"""Distinct-n: how many different runs of words texts are made of."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from evalkit.core.errors import InputError
from evalkit.core.sample import Texts
from evalkit.data.words import words
from evalkit.metrics.text_ngrams import NgramCounts, Places, ngram_counts, two_texts
from evalkit.statistics.gaps import AbsoluteGap
from evalkit.statistics.influence import Estimate

Array = NDArray[np.float64]

_LONGEST = 3


def distinct_share(counts: NDArray[np.int64], drawn: int) -> float:
    """Different n-grams among so many that are drawn without replacement, as a share of those drawn; the expectation, exact.

    The share of different n-grams falls with the amount of text, so only shares of equally many n-grams compare. With all drawn it
    is the distinct-n of the literature.

    Args:
        counts: how often each n-gram stands in the texts, (k,), >= 1.
        drawn: how many, 1 … their sum.

    Returns:
        1 / drawn … 1.

    Source: Li et al., NAACL 2016, for distinct-n; Hurlbert, Ecology 52 (1971), for the expectation.

    >>> distinct_share(np.array([2, 1]), 3), distinct_share(np.array([2, 1]), 2)
    (0.6666666666666666, 0.8333333333333333)
    """
    total = int(counts.sum())
    if not 1 <= drawn <= total:
        raise InputError(f"from {total} n-grams between 1 and all of them can be drawn, got {drawn}")
    return float((1 - _chance_missed(counts, np.array(total), drawn)).sum() / drawn)


@dataclass(frozen=True)
class DistinctN:
    """Shares of different single words, pairs and triples among equally many of both samples; see :func:`distinct_share`.

    ``distinct_1`` … ``distinct_3`` are the generated texts' shares. They have no better end: texts that repeat themselves have low
    ones, words at random have high ones. ``distinct_gap`` is how far they lie from the reference's, absolute, mean over the three:
    0 is best, and held-out real texts give about the size of its error. It does not see which words they are.

    So many n-grams are drawn as the largest power of two that both samples hold twice, so that generators of similar amounts of
    text are measured with the same number. An influence is a text's own: the jackknife's, without the text. The intervals are of
    the expected share in so many n-grams.

    >>> real, dull = Texts.of(["to be or not to be", "that is the question"] * 8), Texts.of(["to be to be to be"] * 16)
    >>> found = DistinctN().estimates(real, dull, seed=0)
    >>> {name: round(estimate.value, 2) for name, estimate in found.items()}
    {'distinct_1': 0.06, 'distinct_2': 0.06, 'distinct_3': 0.12, 'distinct_gap': 0.19}
    """

    def estimates(self, reference: Texts, generated: Texts, *, seed: int) -> Mapping[str, Estimate]:
        """The four figures; no draw is made.

        Raises:
            SchemaError: a Sample is not of texts.
            ShapeError: fewer than 2 texts a side.
            InputError: the texts of a side are too short to hold triples of words.
        """
        sides = [
            ngram_counts([words(text) for text in side], _LONGEST)
            for side in two_texts(reference, generated, what="distinct-n", fewest=2)
        ]
        found, gaps = {}, []
        sizes = len(reference), len(generated)
        for n, (ours, theirs) in enumerate(zip(*sides, strict=True), 1):
            drawn = _drawn(n, (ours, theirs), sizes)
            (real, of_reference), (made, of_generated) = (
                _shares(side, size, drawn) for side, size in zip((ours, theirs), sizes, strict=True)
            )
            method = f"different {n}-grams in {drawn:,} of each side, {real:.4f} in the reference; jackknife over texts"
            found[f"distinct_{n}"] = Estimate(made, "neither", method, np.zeros(len(reference)), of_generated, range=(0.0, 1.0))
            gaps.append((made - real, -of_reference, of_generated))
        signed, of_reference, of_generated = (np.array(part) for part in zip(*gaps, strict=True))
        gap = AbsoluteGap(signed, of_reference, of_generated)
        method = "mean over n = 1, 2, 3 of the absolute difference of the shares from the reference's; jackknife over texts"
        found["distinct_gap"] = Estimate.of_gap(gap, method, (0.0, 1.0))
        return found


def _drawn(n: int, sides: tuple[NgramCounts, ...], sizes: tuple[int, ...]) -> int:
    """The largest power of two that is at most half of each side's n-grams and stands without any one text."""
    most = np.inf
    for counts, size in zip(sides, sizes, strict=True):
        lengths = _lengths(counts, size)
        most = min(most, lengths.sum() // 2, lengths.sum() - lengths.max())
    if most < 1:
        raise InputError(
            f"distinct_{n} needs two texts or more of {n} word{'s' * (n > 1)} or more on each side: give longer texts or more"
        )
    return int(2 ** np.floor(np.log2(most)))


def _shares(counts: NgramCounts, n: int, drawn: int) -> tuple[float, Array]:
    """The share, and each text's influence by leaving it out."""
    each = np.bincount(counts.ngram, weights=counts.occurrences).astype(np.int64)
    each = each[each > 0]
    value = distinct_share(each, drawn)
    lengths = _lengths(counts, n)
    rest, place = np.unique(lengths.sum() - lengths, return_inverse=True)
    size, how_many = np.unique(each, return_counts=True)
    without = (_seen(size[None, :], rest[:, None], drawn) @ how_many)[place]
    total = np.bincount(counts.ngram, weights=counts.occurrences).astype(np.int64)[counts.ngram]
    left = (lengths.sum() - lengths)[counts.text]
    change = _seen(total - counts.occurrences, left, drawn) - _seen(total, left, drawn)
    without = (without + np.bincount(counts.text, weights=change, minlength=n)) / drawn
    return value, np.asarray((n - 1) * (without.mean() - without), dtype=np.float64)


def _lengths(counts: NgramCounts, n: int) -> Places:
    return np.bincount(counts.text, weights=counts.occurrences, minlength=n).astype(np.int64)


def _seen(counts: Places, total: Places, drawn: int) -> Array:
    return 1 - _chance_missed(counts, total, drawn)


def _chance_missed(counts: Places, total: Places, drawn: int) -> Array:
    """That none of so many occurrences among the total is drawn; hypergeometric."""
    others = np.maximum(total - counts, drawn)
    logs = gammaln(others + 1) - gammaln(others - drawn + 1) - gammaln(total + 1) + gammaln(total - drawn + 1)
    return np.where(total - counts >= drawn, np.exp(logs), 0.0)
