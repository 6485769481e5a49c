"""Giveaways in texts: runs of characters and of words, lengths, repeated lines, characters that are new or never used."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from evalkit.core.sample import Texts
from evalkit.core.seeds import generator
from evalkit.data.words import words
from evalkit.discriminator.giveaways.giveaway import Giveaway, What, share
from evalkit.statistics import proportion_interval, share_test

_MOST_ROWS, _MOST_CHARACTERS = 2000, 2000
_LONGEST_CHARACTERS, _LONGEST_WORDS = 3, 2
_CHOSEN, _CANDIDATES = 10, 60
_SAME = 0.8
_SHOWN = 5

Run = tuple[str, ...]


class _Text(NamedTuple):
    """One text as it is looked at.

    Attributes:
        length: characters, of the whole text.
        start: its first characters.
        words: of these.
    """

    length: int
    start: str
    words: tuple[str, ...]


class _Sides(NamedTuple):
    """Texts of both samples."""

    reference: list[_Text]
    generated: list[_Text]


class _Trait(NamedTuple):
    """What some texts have.

    Attributes:
        what: see :class:`Giveaway`.
        holds: whether a text has it.
        words: what is said of the texts that have it, behind their column's name.
    """

    what: What
    holds: Callable[[_Text], bool]
    words: str


def text_giveaways(reference: Texts, generated: Texts, *, seed: int) -> Iterator[Giveaway]:
    """Shares of texts that have a trait, in both samples.

    Traits are chosen on one half of the texts: those runs of one to three characters and of one or two words whose shares differ
    most, ten of either, each in other texts than those before; the length that sets the samples apart most; the characters that
    one sample has and the other has not. Figures and p-values (Fisher's) come from the other half: the choice does not bend them.
    Of each sample 2,000 texts are looked at, of each text the first 2,000 characters, of its length all.

    Args:
        reference: real texts, 10 or more.
        generated: 10 or more.
        seed: of the halves.

    >>> real, made = Texts.of([f"Row {i}, as ever." for i in range(80)]), Texts.of([f"Row {i}, as ever!" for i in range(80)])
    >>> first = next(one for one in text_giveaways(real, made, seed=0) if one.what == "character n-gram")
    >>> first.figure + first.reference, first.p_value < 1e-9
    (1.0, True)
    """
    column = reference.schema.columns[0].name
    sides = [_halves(sample, seed, name) for sample, name in ((reference, "reference"), (generated, "generated"))]
    learning, held_out = (_Sides(*half) for half in zip(*sides, strict=True))
    for trait in _traits(learning):
        yield _tested(column, trait, held_out)


def _halves(sample: Texts, seed: int, name: str) -> tuple[list[_Text], list[_Text]]:
    rows = generator(seed, "text giveaways", name).permutation(len(sample))[:_MOST_ROWS]
    texts = [_looked_at(text) for text in sample.take(rows).texts.to_pylist()]
    return texts[: len(texts) // 2], texts[len(texts) // 2 :]


def _looked_at(text: str) -> _Text:
    start = text[:_MOST_CHARACTERS]
    return _Text(len(text), start, tuple(words(start)))


def _tested(column: str, trait: _Trait, texts: _Sides) -> Giveaway:
    real, drawn = (sum(map(trait.holds, side)) for side in texts)
    found, usual = proportion_interval(drawn, len(texts.generated)), real / len(texts.reference)
    of_some = f"{share(found.value)} ({share(found.low)} – {share(found.high)}) of {len(texts.generated):,} generated texts"
    sentence = f"{column!r} {trait.words} in {of_some}, in {share(usual)} of the reference's."
    p_value = share_test(drawn, len(texts.generated), real, len(texts.reference))
    return Giveaway(trait.what, column, *found, usual, p_value, sentence)


def _traits(texts: _Sides) -> Iterator[_Trait]:
    yield from _runs(texts, _characters, _with_characters)
    yield from _runs(texts, _word_runs, _with_words)
    yield from _length(texts)
    if any(_repeats(text) for side in texts for text in side):
        yield _Trait("repeated lines", _repeats, "has a line twice in one text")
    yield from _unshared("new characters", texts.generated, texts.reference, "has characters that the reference does not use")
    yield from _unshared("lost characters", texts.reference, texts.generated, "has characters that the generator does not use")


def _runs(texts: _Sides, runs: Callable[[_Text], set[Run]], trait: Callable[[Run], _Trait]) -> Iterator[_Trait]:
    """Those whose shares differ most, each in other texts than those before."""
    counts = [Counter(run for text in side for run in runs(text)) for side in texts]
    n, m = map(len, texts)
    found = list(counts[0] | counts[1])
    real, drawn = (np.array([count[run] for run in found], dtype=np.float64) for count in counts)
    pooled = (real + drawn) / (n + m)
    spread = np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    distance = np.divide(np.abs(real / n - drawn / m), spread, out=np.zeros(len(found)), where=spread > 0)
    # Of runs that stand in the same texts the longest says most.
    order = sorted(np.flatnonzero(distance).tolist(), key=lambda i: (-distance[i], -sum(map(len, found[i])), found[i]))
    yield from islice(_different([trait(found[i]) for i in order[:_CANDIDATES]], texts), _CHOSEN)


def _different(traits: Sequence[_Trait], texts: _Sides) -> Iterator[_Trait]:
    before: list[NDArray[np.bool_]] = []
    for trait in traits:
        where = np.array([trait.holds(text) for side in texts for text in side])
        if all((where & other).sum() < _SAME * (where | other).sum() for other in before):
            before.append(where)
            yield trait


def _characters(text: _Text) -> set[Run]:
    start = text.start
    return {(start[i : i + n],) for n in range(1, _LONGEST_CHARACTERS + 1) for i in range(len(start) - n + 1)}


def _word_runs(text: _Text) -> set[Run]:
    return {run for n in range(1, _LONGEST_WORDS + 1) for run in zip(*(text.words[i:] for i in range(n)), strict=False)}


def _with_characters(run: Run) -> _Trait:
    (characters,) = run
    named = "character" if len(characters) == 1 else "characters"
    return _Trait("character n-gram", lambda text: characters in text.start, f"holds the {named} {characters!r}")


def _with_words(run: Run) -> _Trait:
    named = "word" if len(run) == 1 else "words"
    shown = " ".join(run)
    return _Trait("word n-gram", lambda text: run in _word_runs(text), f"holds the {named} {shown!r}")


def _length(texts: _Sides) -> Iterator[_Trait]:
    """Up to the length that sets the samples apart most."""
    real, drawn = (np.sort([text.length for text in side]) for side in texts)
    cuts = np.unique(np.concatenate([real, drawn]))[:-1]
    if len(cuts) == 0:
        return
    apart = np.searchsorted(real, cuts, "right") / len(real) - np.searchsorted(drawn, cuts, "right") / len(drawn)
    cut = int(cuts[np.abs(apart).argmax()])
    yield _Trait("length", lambda text: text.length <= cut, f"has at most {cut:,} characters")


def _repeats(text: _Text) -> bool:
    lines = [line for line in text.start.splitlines() if line.strip()]
    return len(set(lines)) < len(lines)


def _unshared(what: What, having: list[_Text], lacking: list[_Text], said: str) -> Iterator[_Trait]:
    known = set().union(*(text.start for text in lacking))
    counts = Counter(character for text in having for character in set(text.start) - known)
    if not counts:
        return
    unshared = frozenset(counts)
    shown = ", ".join(repr(one) for one, _ in sorted(counts.items(), key=lambda each: (-each[1], each[0]))[:_SHOWN])
    more = ", …" if len(counts) > _SHOWN else ""
    yield _Trait(what, lambda text: not unshared.isdisjoint(text.start), f"{said} ({shown}{more})")
