"""What a small language model sees in texts."""

import numpy as np
import pytest
import torch

from evalkit.core.errors import InputError
from evalkit.core.sample import Texts
from evalkit.core.seeds import generator
from evalkit.data.tokens import END_OF_TEXT
from evalkit.features import EXTRACTORS, FittedExtractor
from evalkit.features.language_states import LanguageStates, _read
from evalkit.metrics import METRICS
from evalkit.statistics.influence import Estimate

SOUNDS = [f"{first}{vowel}{last}" for first in "bdgklmnprst" for vowel in "aeiou" for last in ("", "n", "s")]


def chains(n: int, seed: int) -> list[list[str]]:
    """Lists of words of which each may be followed by four others."""
    follows = generator(0, "follows").integers(0, len(SOUNDS), (len(SOUNDS), 4))
    draw = generator(seed, "chains")
    written = []
    for _ in range(n):
        words = [int(draw.integers(0, len(SOUNDS)))]
        while len(words) < 12:
            words.append(int(follows[words[-1], draw.integers(0, 4)]))
        written.append([SOUNDS[word] for word in words])
    return written


def written(n: int, seed: int, *, shuffled: bool = False) -> Texts:
    draw = generator(seed, "shuffled")
    return Texts.of([" ".join(draw.permutation(words) if shuffled else words) for words in chains(n, seed)])


def kid(fitted: FittedExtractor, first: Texts, second: Texts) -> Estimate:
    estimates = METRICS["kid"].load()().estimates(fitted.extract(first).values, fitted.extract(second).values, seed=0)
    return estimates["kid"]


def errors(estimate: Estimate) -> float:
    """How many standard errors the figure is from 0."""
    value, low, high = estimate.interval()
    return 2 * 1.96 * value / (high - low)


def test_the_order_of_words_is_seen_and_better_than_by_pieces_of_letters() -> None:
    found = {}
    for name in ("language_states", "hashed_ngrams"):
        fitted = EXTRACTORS[name].load()().fit(written(600, 1), seed=0)
        real, other = written(400, 2), written(400, 3)
        found[name] = errors(kid(fitted, real, written(400, 3, shuffled=True)))
        assert abs(errors(kid(fitted, real, other))) < 3
    assert found["language_states"] > 8
    assert found["language_states"] > 2 * found["hashed_ngrams"]


def test_the_three_blocks_have_about_the_same_weight() -> None:
    values = LanguageStates(steps=100).fit(written(300, 0), seed=0).extract(written(300, 1)).values
    assert values.shape == (300, 130)
    for block in (values[:, :64], values[:, 64:128], values[:, 128:]):
        assert 0.5 < block.var(axis=0).sum() < 2


def test_states_and_surprise_are_those_of_the_network_read_token_by_token() -> None:
    fitted = LanguageStates(width=8, steps=20).fit(written(40, 0), seed=0)
    network, tokens = fitted.network, fitted.encoder.transform(written(3, 1))
    found = _read(network, tokens)
    for i in range(3):
        row = tokens.row(i).astype(np.int64)
        memory, states, nats = network.new_memory(1), [], []
        for before, token in zip([END_OF_TEXT, *row[:-1]], row, strict=True):
            with torch.no_grad():
                hidden = network.read(network.embed(torch.tensor([[before]])), memory)[0, 0]
                nats.append(-float(torch.log_softmax(network.predict(hidden), dim=0)[token]))
            states.append(hidden.numpy())
        np.testing.assert_allclose(found[i], [*np.mean(states, axis=0), *states[-1], np.mean(nats), nats[-1]], atol=1e-12)


def test_of_a_long_text_evenly_spaced_pieces_are_read_the_last_among_them() -> None:
    fitted = LanguageStates(width=8, steps=5).fit(written(40, 0), seed=0)
    long = "x" * 128 * 40
    one, same, end, many = fitted.extract(Texts.of([long, long + "x", long + "y", "x" * 128 * 400])).values
    assert np.abs(one[:8] - same[:8]).max() < 0.01
    assert np.abs(same - end).max() > 1e-3
    assert np.abs(one[:8] - many[:8]).max() < 0.01


def test_a_large_reference_is_learned_from_some_of_its_rows() -> None:
    texts = Texts.of(["a" * 15_000 + str(i) for i in range(60)])
    digests = {LanguageStates(width=4, steps=2).fit(texts, seed=seed).digest for seed in (0, 0, 1)}
    assert len(digests) == 2


def test_settings_have_digests() -> None:
    texts = written(30, 0)
    assert len({LanguageStates(width=4, steps=steps).fit(texts, seed=0).digest for steps in (2, 3)}) == 2
    with pytest.raises(InputError, match="size of a vocabulary"):
        LanguageStates(vocabulary=5).fit(texts, seed=0)


def test_the_number_of_threads_changes_nothing() -> None:
    before = torch.get_num_threads()
    digests = set()
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            digests.add(LanguageStates(width=16, steps=5).fit(written(40, 0), seed=0).digest)
    finally:
        torch.set_num_threads(before)
    assert len(digests) == 1


def test_nothing_global_is_drawn_or_changed() -> None:
    state = torch.random.get_rng_state()
    LanguageStates(width=4, steps=2).fit(written(5, 0), seed=0)
    assert torch.equal(state, torch.random.get_rng_state())
