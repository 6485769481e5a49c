"""Self-BLEU: how far texts can be told in advance from the other texts of their own sample."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from evalkit.core.errors import InputError
from evalkit.core.sample import Texts
from evalkit.core.seeds import generator
from evalkit.data.words import words
from evalkit.metrics.text_ngrams import NgramCounts, ngram_counts, two_texts
from evalkit.statistics.gaps import AbsoluteGap
from evalkit.statistics.influence import Estimate

Array = NDArray[np.float64]

_LONGEST = 4
_EPSILON = 0.1
_FEWEST = 3


def self_bleu(tokens: Sequence[Sequence[str]]) -> Array:
    """BLEU-4 of each text with all the others as its references, 0 to 1.

    Equal weights of 1- to 4-grams, clipped counts, and the brevity penalty of the closest length (of two, the shorter one). Where
    no n-gram is matched, 0.1 stands for the number of matches (the first of Chen and Cherry's ways to smooth); where no single word
    is matched, the figure is 0.

    Args:
        tokens: of each text, 2 texts or more.

    Source: Zhu et al., SIGIR 2018, for self-BLEU; Papineni et al., ACL 2002; Chen and Cherry, WMT 2014.

    >>> self_bleu([["to", "be", "or", "not"], ["to", "be", "or", "not"], ["no"]]).round(4).tolist()
    [1.0, 1.0, 0.0]
    """
    return _matched(tokens).bleu()


class _Losses(NamedTuple):
    """What hypotheses would lose without some of their references.

    Attributes:
        texts: (p, 2 or 3) a hypothesis and references, ascending, without which it would lose matches.
        lost: (p, 4) how many.
    """

    texts: NDArray[np.int64]
    lost: Array


class _Matches(NamedTuple):
    """Of texts as hypotheses, with all others as references.

    Attributes:
        matched: (k, 4) clipped matches of 1- to 4-grams.
        lengths: (k,) words.
        closest: (k,) length of the closest reference.
        by_one: without one reference.
        by_two: without two that can stand in for each other, beyond what goes without either.
    """

    matched: Array
    lengths: Array
    closest: Array
    by_one: _Losses
    by_two: _Losses

    def bleu(self) -> Array:
        """Of each hypothesis."""
        return _bleu(self.matched, self.lengths, self.closest)

    def left_out(self) -> Array:
        """The jackknife's influences: of a text as hypothesis, and as the only reference that holds what others repeat; mean 0."""
        value, reference = self.bleu(), self.by_one.texts[:, 1]
        found = value + np.bincount(reference, weights=self._change(self.by_one), minlength=len(value))
        return np.asarray(found - found.mean(), dtype=np.float64)

    def influences(self) -> Array:
        """The same, as large as the figure's variance needs.

        What two texts repeat of each other goes with either, so that the jackknife counts it twice. The squares of these losses are
        taken off; those of what three texts share, which would be counted three times and then not at all, are added.

        Source: Efron and Stein, Annals of Statistics 9 (1981).
        """
        found, k = self.left_out(), len(self.lengths)
        _, pair = np.unique(np.sort(self.by_one.texts, axis=1) @ [k, 1], return_inverse=True)
        two, three = np.bincount(pair, weights=self._change(self.by_one)), self._change(self.by_two)
        whole = float(found @ found)
        # Twice too much is the most that the jackknife can be where no more than two texts play together.
        share = max(0.5, 1 - float(two @ two - three @ three) / whole) if whole > 0 else 1.0
        return np.asarray(found * np.sqrt(min(share, 1.0)), dtype=np.float64)

    def _change(self, losses: _Losses) -> Array:
        hypothesis = losses.texts[:, 0]
        without = _bleu(self.matched[hypothesis] - losses.lost, self.lengths[hypothesis], self.closest[hypothesis])
        return self.bleu()[hypothesis] - without


def _matched(tokens: Sequence[Sequence[str]]) -> _Matches:
    k = len(tokens)
    lengths = np.array([len(text) for text in tokens], dtype=np.float64)
    entries = [_entries(counts) for counts in ngram_counts(tokens, _LONGEST)]
    matched = np.column_stack([np.bincount(one.text, weights=one.matched, minlength=k) for one in entries]).astype(np.float64)
    by_one = _losses([(np.column_stack([one.text, one.first]), one.by_one) for one in entries], k)
    helpers = [np.sort(np.column_stack([one.first, one.second]), axis=1) for one in entries]
    by_two = _losses([(np.column_stack([one.text, two]), one.by_two) for one, two in zip(entries, helpers, strict=True)], k)
    return _Matches(matched, lengths, _closest(lengths), by_one, by_two)


def _losses(parts: list[tuple[NDArray[np.int64], NDArray[np.int64]]], k: int) -> _Losses:
    """From texts and losses of each n-gram in each text, order by order, to those of the same texts."""
    width = parts[0][0].shape[1]
    order = np.repeat(np.arange(len(parts)), [int((loss > 0).sum()) for _, loss in parts])
    texts, loss = (np.concatenate(each) for each in zip(*[(texts[loss > 0], loss[loss > 0]) for texts, loss in parts], strict=True))
    _, first, place = np.unique(texts @ k ** np.arange(width), return_index=True, return_inverse=True)
    lost = np.zeros((len(first), len(parts)))
    np.add.at(lost, (place, order), loss)
    return _Losses(texts[first], lost)


class _Entries(NamedTuple):
    """Of each n-gram in each text.

    Attributes:
        text: that holds it.
        matched: how many of its occurrences the other texts match.
        first, second: the other texts that match most of them.
        by_one: how many would be matched no more without the first.
        by_two: how many more without the second, too.
    """

    text: NDArray[np.int64]
    matched: NDArray[np.int64]
    first: NDArray[np.int64]
    second: NDArray[np.int64]
    by_one: NDArray[np.int64]
    by_two: NDArray[np.int64]


def _entries(counts: NgramCounts) -> _Entries:
    order = np.lexsort((-counts.occurrences, counts.ngram))
    ngram, text, count = (part[order] for part in counts)
    if not len(ngram):
        return _Entries(*[text] * 6)
    _, start, place, holders = np.unique(ngram, return_index=True, return_inverse=True, return_counts=True)
    rank = np.arange(len(ngram)) - start[place]

    def others(nth: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The other text that holds the n-gram nth most, from 0 on, and how many match; 0 where there is none."""
        wanted = nth + (rank <= nth)
        where = np.minimum(start[place] + wanted, len(ngram) - 1)
        return text[where], np.where(wanted < holders[place], np.minimum(count, count[where]), 0)

    (first, matched), (second, less), (_, least) = map(others, range(3))
    return _Entries(text, matched, first, second, matched - less, less - least)


def _closest(lengths: Array) -> Array:
    """The length of the other text that is closest in length, the shorter of two."""
    order = np.argsort(lengths, kind="stable")
    ordered = lengths[order]
    below, above = np.append(-np.inf, ordered[:-1]), np.append(ordered[1:], np.inf)
    found = np.empty(len(lengths))
    found[order] = np.where(ordered - below <= above - ordered, below, above)
    return found


def _bleu(matched: Array, lengths: Array, closest: Array) -> Array:
    possible = np.maximum(lengths[:, None] - np.arange(_LONGEST), 1.0)
    logs = np.log(np.where(matched > 0, matched, _EPSILON) / possible).mean(axis=1)
    penalty = np.minimum(0.0, 1 - closest / np.maximum(lengths, 1.0))
    return np.where(matched[:, 0] > 0, np.exp(logs + penalty), 0.0)


@dataclass(frozen=True)
class SelfBleu:
    """Mean :func:`self_bleu` of the generated texts, and how far it lies from the reference's.

    ``self_bleu`` has no better end: texts that repeat each other have a high one, words at random a low one. ``self_bleu_gap`` is
    its absolute distance from the reference's: 0 is best, and held-out real texts give about the size of its error.

    The figure rises with the number of texts, since each has more references. So equally many of both sides are used: as many as
    the smaller side has, at most ``most_texts``, drawn by the seed. Texts that are not drawn have no influence. The intervals are
    of the expectation with so many texts, by the jackknife less what it counts twice; penalties for short texts are as they are.

    Attributes:
        most_texts: of a side, >= 3.

    >>> real, dull = Texts.of([f"number {i} is odd" for i in range(9)]), Texts.of(["the same again and again"] * 9)
    >>> {name: round(estimate.value, 2) for name, estimate in SelfBleu().estimates(real, dull, seed=0).items()}
    {'self_bleu': 1.0, 'self_bleu_gap': 0.81}
    """

    most_texts: int = 2000

    def estimates(self, reference: Texts, generated: Texts, *, seed: int) -> Mapping[str, Estimate]:
        """Both figures.

        Raises:
            SchemaError: a Sample is not of texts.
            ShapeError: fewer than 3 texts a side.
            InputError: ``most_texts`` is below 3, or fewer than two texts of a side hold a word.
        """
        if self.most_texts < _FEWEST:
            raise InputError(f"self-BLEU needs {_FEWEST} texts or more, got most_texts = {self.most_texts}: set it higher")
        sides = two_texts(reference, generated, what="self-BLEU", fewest=_FEWEST)
        k = min(*map(len, sides), self.most_texts)
        (real, of_reference), (made, of_generated) = (
            _measured(side, k, generator(seed, "self-BLEU", name))
            for side, name in zip(sides, ("reference", "generated"), strict=True)
        )
        method = f"BLEU-4 of each of {k:,} texts by the {k - 1:,} others, smoothed by 0.1, {real:.4f} in the reference; jackknife"
        gap = AbsoluteGap(np.array([made - real]), -of_reference[None], of_generated[None])
        return {
            "self_bleu": Estimate(made, "neither", method, 0 * of_reference, of_generated, range=(0.0, 1.0)),
            "self_bleu_gap": Estimate.of_gap(gap, method, (0.0, 1.0)),
        }


def _measured(texts: list[str], k: int, draws: np.random.Generator) -> tuple[float, Array]:
    """Of k of the texts: the mean, and the influence of all."""
    # In the order of the texts themselves, so that the rows' order does not change what is drawn.
    order = np.array(sorted(range(len(texts)), key=texts.__getitem__))
    chosen = order if k == len(texts) else order[draws.choice(len(texts), k, replace=False)]
    found = _matched([words(texts[i]) for i in chosen])
    if (found.lengths > 0).sum() < 2:
        raise InputError("self-BLEU needs two texts with words or more on each side, and nearly all are empty: leave those out")
    influences = np.zeros(len(texts))
    influences[chosen] = found.influences() * (len(texts) / k)
    return float(found.bleu().mean()), influences
