"""Distinct-n: how many different runs of words texts are made of."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import comb, digamma, gammaln

from evalkit.core.errors import InputError
from evalkit.core.sample import Texts
from evalkit.data.words import words
from evalkit.metrics.text_ngrams import NgramCounts, Places, ngram_counts, two_texts
from evalkit.statistics.gaps import AbsoluteGap
from evalkit.statistics.influence import Estimate

Array = NDArray[np.float64]

_LONGEST = 3
# Of the shorter texts' n-grams at most so many are drawn: with all of them drawn, no other draw could have been.
_MOST = 0.75
# What more texts hold than that is drawn for sure, or so little of it is that no two of them play together.
_HOLDERS = 64
# What three texts do together is counted three times.
_LEAST = 1 / 3
# Of so few texts a pair's own part cannot be told.
_FEWEST = 3


def distinct_share(counts: NDArray[np.int64], drawn: float) -> float:
    """Different n-grams among so many that are drawn without replacement, as a share of those drawn; the expectation, exact.

    The share of different n-grams falls with the amount of text, so only shares of equally many n-grams compare. With all drawn it
    is the distinct-n of the literature.

    Args:
        counts: how often each n-gram stands in the texts, (k,), >= 1.
        drawn: how many, 1 … their sum; between whole numbers the share is interpolated smoothly.

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

    So many n-grams are drawn as stand in k reference texts on average, where k is the largest power of two that both samples hold
    twice. So generators of similar numbers of texts are measured with the same number; only where it is more than three quarters
    of a generator's n-grams, as many are drawn. An influence is the jackknife's, without the text, less what that counts more than
    once; and with its length a text moves how many are drawn. The intervals are of the expected share in so many n-grams of texts
    of the mean length; where hardly any n-gram stands twice they rest on a few texts.

    >>> real, dull = Texts.of(["to be or not to be", "that is the question"] * 8), Texts.of(["to be to be to be"] * 16)
    >>> found = DistinctN().estimates(real, dull, seed=0)
    >>> {name: round(estimate.value, 2) for name, estimate in found.items()}
    {'distinct_1': 0.05, 'distinct_2': 0.06, 'distinct_3': 0.08, 'distinct_gap': 0.16}
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
            real, made = (_share(side, size, drawn.number) for side, size in zip((ours, theirs), sizes, strict=True))
            method = (
                f"different {n}-grams in {drawn.number:,.0f} of each side, {real.value:.4f} in the reference; jackknife over texts"
            )
            by_length = made.slope * drawn.reference, made.influences + made.slope * drawn.generated
            found[f"distinct_{n}"] = Estimate(
                made.value, "neither", method, *by_length, made.further_variance, (0.0, 1.0), short_of=1.0
            )
            slope = made.slope - real.slope
            of_reference, of_generated = slope * drawn.reference - real.influences, made.influences + slope * drawn.generated
            gaps.append((made.value - real.value, of_reference, of_generated))
        signed, of_reference, of_generated = (np.array(part) for part in zip(*gaps, strict=True))
        gap = AbsoluteGap(signed, of_reference, of_generated)
        method = "mean over n = 1, 2, 3 of the absolute difference of the shares from the reference's; jackknife over texts"
        found["distinct_gap"] = Estimate.of_gap(gap, method, (0.0, 1.0))
        return found


class _Drawn(NamedTuple):
    """How many n-grams are drawn, >= 1, and the influence on it of each text of either side."""

    number: float
    reference: Array
    generated: Array


def _drawn(n: int, sides: tuple[NgramCounts, NgramCounts], sizes: tuple[int, int]) -> _Drawn:
    ours, theirs = (_lengths(counts, size) for counts, size in zip(sides, sizes, strict=True))
    most = min(int(lengths.sum() - lengths.max()) for lengths in (ours, theirs))
    if most < 1:
        raise InputError(
            f"distinct_{n} needs two texts or more of {n} word{'s' * (n > 1)} or more on each side: give longer texts or more"
        )
    texts, share = 2 ** int(np.log2(min(sizes) // 2)), _MOST * len(theirs)
    wanted, held = texts * ours.mean(), share * theirs.mean()
    moved = texts * (ours - ours.mean()) * (wanted <= held), share * (theirs - theirs.mean()) * (wanted > held)
    # As many as stand without any one text: fewer only where one text holds a quarter of all. That number is taken as given.
    number = float(np.clip(min(wanted, held), 1, most))
    return _Drawn(number, *moved) if number == min(wanted, held) else _Drawn(number, 0 * moved[0], 0 * moved[1])


class _Share(NamedTuple):
    """The share, its slope in the number drawn, each text's influence, and what these leave unexplained."""

    value: float
    slope: float
    influences: Array
    further_variance: float


def _share(counts: NgramCounts, n: int, drawn: float) -> _Share:
    each = np.bincount(counts.ngram, weights=counts.occurrences).astype(np.int64)
    lengths = _lengths(counts, n)
    total = lengths.sum()
    size, how_many = np.unique(each[each > 0], return_counts=True)
    value = distinct_share(each[each > 0], drawn)
    # The logarithm of the chance to miss an n-gram falls by this with each one more that is drawn.
    falls = digamma(total - drawn + 1) - digamma(np.maximum(total - size - drawn, 0) + 1)
    slope = float((_chance_missed(size, total, drawn) * falls) @ how_many / drawn - value / drawn)
    rest, place = np.unique(total - lengths, return_inverse=True)
    without = (_seen(size[None, :], rest[:, None], drawn) @ how_many)[place]
    of_each, left = each[counts.ngram], rest[place][counts.text]
    change = _seen(of_each - counts.occurrences, left, drawn) - _seen(of_each, left, drawn)
    without = (without + np.bincount(counts.text, weights=change, minlength=n)) / drawn
    # Where no n-gram stands twice no text has an influence, and yet one might: the variance is then what one that did would show.
    further = 2 * float(_seen(np.array(2), total, drawn) / drawn - 2 / total) ** 2 if each.max() == 1 else 0.0
    left_out = np.asarray(without.mean() - without, dtype=np.float64)
    alone, pairs = float(left_out @ left_out), _by_pairs(counts, n, drawn)
    once = max(1 - pairs / alone, _LEAST) if alone > 0 else 1.0
    return _Share(value, slope, (n - 1) * np.sqrt(once) * left_out, further)


def _by_pairs(counts: NgramCounts, n: int, drawn: float) -> float:
    """By how much the sum of squares over texts left out is too large, for what several texts repeat of each other.

    That goes with each of them, so that what two do is counted twice. The share lacks it without both, beyond what it lacks without
    either: the squares of that, summed over all pairs, are taken off. What three do is counted three times in either sum and would
    be lost, what four do is counted otherwise again, and so on. The sum over triples is taken to be as large beside that over pairs
    as if texts repeated one n-gram only, and those beyond to fall as where n-grams stand by chance.

    Source: Efron and Stein, Annals of Statistics 9 (1981).
    """
    each, holders = (np.bincount(counts.ngram, weights=weights) for weights in (counts.occurrences, None))
    total, shared = float(counts.occurrences.sum()), (holders > 1) & (holders <= _HOLDERS)
    kept = shared[counts.ngram]
    if n <= _FEWEST or not kept.any():
        return 0.0
    # The other n-grams stay as many as they are: what fewer texts change for all is of no pair.
    none, one, two, three = (_seen(np.maximum(each.astype(np.int64) - less, 0), total, drawn) / drawn for less in range(4))
    by_two, by_three = 2 * one - none - two, none - 3 * one + 3 * two - three
    held = sparse.csr_array((counts.occurrences[kept] * 1.0, (counts.text[kept], counts.ngram[kept])), shape=(n, len(each)))
    both = sparse.coo_array(held * np.where(shared, by_two, 0.0) @ held.T)
    both.data[both.row == both.col] = 0.0
    of_text = np.asarray(both.sum(axis=1))
    # A text's own part of all its pairs is first-order: what is left is of the pairs.
    part = (of_text - of_text.sum() / (2 * (n - 1))) / (n - 2)
    pairs = max(float(both.data @ both.data) - 2 * float(part @ of_text), 0.0) / 2 * (n - 1) / (n - 3)
    if pairs == 0:
        return 0.0
    further = (comb(each, 3) * by_three**2)[shared].sum() / (comb(each, 2) * by_two**2)[shared].sum()
    return float(pairs / (1 + further))


def _lengths(counts: NgramCounts, n: int) -> Places:
    return np.bincount(counts.text, weights=counts.occurrences, minlength=n).astype(np.int64)


def _seen(counts: Places, total: Places | float, drawn: float) -> Array:
    return 1 - _chance_missed(counts, total, drawn)


def _chance_missed(counts: Places, total: Places | float, drawn: float) -> Array:
    """That none of so many occurrences among the total is drawn; hypergeometric."""
    others = np.maximum(total - counts, drawn)
    logs = gammaln(others + 1) - gammaln(others - drawn + 1) - gammaln(total + 1) + gammaln(total - drawn + 1)
    return np.where(total - counts >= drawn, np.exp(logs), 0.0)
