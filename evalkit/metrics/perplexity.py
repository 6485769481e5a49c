"""Perplexity: how well a model of real texts foretells generated ones."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from evalkit.backbones.language.ngram import ORDER, NGram
from evalkit.core.sample import Texts
from evalkit.core.seeds import generator
from evalkit.data.text_encoding import TextEncoder
from evalkit.data.tokens import Tokens
from evalkit.metrics.text_ngrams import two_texts
from evalkit.statistics.gaps import AbsoluteGap
from evalkit.statistics.influence import Estimate

Array = NDArray[np.float64]
Rows = NDArray[np.intp]

_FEWEST = 4
_MOST_FITTED, _MOST_ASKED, _GROUPS = 250_000, 100_000, 8
_AT_ONCE = 1_000_000


class Ratio(NamedTuple):
    """A sum over another.

    Attributes:
        value: of all rows.
        influences: (n,) of each row, mean 0, to first order.
    """

    value: float
    influences: Array


def ratio(sums: Array, sizes: Array) -> Ratio:
    """The sum of ``sums`` over that of ``sizes``, (n,) each; sizes > 0.

    Source: Cochran, Sampling Techniques, 3rd edition (1977), chapter 6.

    >>> ratio(np.array([1.0, 3.0]), np.array([1.0, 1.0]))
    Ratio(value=2.0, influences=array([-1.,  1.]))
    """
    value = float(sums.sum() / sizes.sum())
    return Ratio(value, (sums - value * sizes) / sizes.mean())


@dataclass(frozen=True)
class Perplexity:
    """How well texts are foretold, byte by byte, by a 5-gram model of real ones, beside real texts that it was not fitted to.

    The model counts runs of bytes (modified Kneser-Ney, the baseline of the language models). It is fitted to one half of the
    reference, 250,000 bytes of it at most, and asked about the other half and all generated texts; then the same with the halves
    exchanged. A text's end counts as a byte.

    ``perplexity``: e to the mean nats a byte of the generated texts: between how many bytes the model wavers. It has no better
    end. ``perplexity_excess``: the generated texts' nats a byte less the held-out real ones'. Above 0 they hold what real texts do
    not; below 0 they are duller than real ones, as texts that repeat the most frequent phrases are, or they repeat what the model
    was fitted to. ``perplexity_gap``: the excess without its sign; 0 is best. Texts that mix half of each kind have no excess, and
    nothing beyond five bytes is seen: neither sense nor grammar.

    The intervals are of the expectation with so many real texts. A generated text's influence is its own; a real one's is its own
    as a held-out text and, found for an eighth of each half at a time by leaving it out, that on the model.

    >>> real, odd = Texts.of([f"the {i}. of May" for i in range(40)]), Texts.of([f"{i} xyz" for i in range(40)])
    >>> found = Perplexity().estimates(real, odd, seed=0)
    >>> found["perplexity_excess"].interval().low > 0
    True
    """

    def estimates(self, reference: Texts, generated: Texts, *, seed: int) -> Mapping[str, Estimate]:
        """The three figures.

        Raises:
            SchemaError: a Sample is not of texts.
            ShapeError: fewer than 4 texts a side.
        """
        written, _ = two_texts(reference, generated, what="perplexity", fewest=_FEWEST)
        encoder = TextEncoder().fit(reference)
        ours, theirs = encoder.transform(reference), encoder.transform(generated)
        halves = _halves(written, seed)
        some = _beginning(theirs, generator(seed, "perplexity", "generated").permutation(len(theirs)), _MOST_ASKED)
        held_out, foretold, fitting = np.zeros(len(ours)), np.zeros(len(theirs)), np.zeros((2, len(ours)))
        for half, other in (halves, halves[::-1]):
            known = _beginning(ours, half, _MOST_FITTED)
            model = NGram().fit(ours.take(known))
            held_out[other] = _nats(model, ours.take(other))
            foretold += _nats(model, theirs) / 2
            asked = ours.take(_beginning(ours, other, _MOST_ASKED)), theirs.take(some)
            fitting[:, known] = _of_fitting(ours, known, asked)
        real, made = ratio(held_out, ours.lengths.astype(np.float64)), ratio(foretold, theirs.lengths.astype(np.float64))
        return _figures(real._replace(influences=real.influences + fitting[0]), made, fitting[1])


def _figures(real: Ratio, made: Ratio, fitting: Array) -> dict[str, Estimate]:
    """From nats a byte of held-out and of generated texts, and the influence of real texts, by the model, on the latter."""
    perplexity, excess = float(np.exp(made.value)), made.value - real.value
    method = (
        f"byte {ORDER}-grams of half the reference, both halves in turn; {np.exp(real.value):.4f} for held-out real texts; ratio "
        "of sums over texts, and jackknife of the model over groups of its texts"
    )
    of_real, own = fitting - real.influences, (1.0, np.inf)
    gap = AbsoluteGap(np.array([excess]), of_real[None], made.influences[None])
    return {
        "perplexity": Estimate(perplexity, "neither", method, perplexity * fitting, perplexity * made.influences, range=own),
        "perplexity_excess": Estimate(excess, "neither", method, of_real, made.influences),
        "perplexity_gap": Estimate.of_gap(gap, method, (0.0, np.inf)),
    }


def _of_fitting(tokens: Tokens, known: Rows, asked: tuple[Tokens, Tokens]) -> Array:
    """How far each text moves, as one that the model was fitted to, the nats a byte of two lots of texts, (2, known).

    By the jackknife over groups. A group's influence stands at each of its texts, larger by the root of their number, so that the
    influences have the variance that they would have text by text. The other half's model has as much to say, hence one half.
    What a group moves by the chance of the texts that are asked is in these texts' own influences; its variance is taken off.
    """
    groups = np.array_split(np.arange(len(known)), min(_GROUPS, len(known)))
    models = [NGram().fit(tokens.take(np.delete(known, group))) for group in groups]
    found = np.zeros((2, len(known)))
    for row, texts in zip(found, asked, strict=True):
        without = np.array([_nats(model, texts) / 2 for model in models])
        away = [ratio(change, texts.lengths.astype(np.float64)) for change in without.mean(axis=0) - without]
        moved = np.array([one.value for one in away])
        by_chance = sum(float(one.influences.var(ddof=1)) / len(one.influences) for one in away)
        moved *= np.sqrt(max(0.0, 1 - by_chance / float(moved @ moved))) if moved.any() else 1.0
        for group, each in zip(groups, moved, strict=True):
            row[group] = each * np.sqrt((len(groups) - 1) / len(groups) / len(group)) * len(tokens)
    return found


def _halves(texts: list[str], seed: int) -> tuple[Rows, Rows]:
    # By lot among the texts in their own order, so that the rows' order does not count.
    order = np.array(sorted(range(len(texts)), key=texts.__getitem__))
    order = order[generator(seed, "perplexity", "halves").permutation(len(texts))]
    return order[: len(texts) // 2], order[len(texts) // 2 :]


def _beginning(tokens: Tokens, rows: Rows, most: int) -> Rows:
    """The first of the rows, as many as hold at most so many bytes, but two at least."""
    return rows[: max(2, int((np.cumsum(tokens.lengths[rows]) <= most).sum()))]


def _nats(model: NGram, tokens: Tokens) -> Array:
    """Of each text; in portions of bounded memory, a longer text alone."""
    portion = np.cumsum(tokens.lengths) // _AT_ONCE
    parts = (tokens.take(portion == one) for one in np.unique(portion))
    return np.concatenate([np.add.reduceat(model.surprisal(part), part.starts[:-1]) for part in parts])
