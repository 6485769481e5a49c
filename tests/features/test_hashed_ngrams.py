"""What texts look like as features."""

import numpy as np
import pytest

from evalkit.core.sample import Texts
from evalkit.core.seeds import generator
from evalkit.features.hashed_ngrams import HashedNgrams
from evalkit.features.ngrams import ngram_weights

ENGLISH = "the of and to in is that it was for on are as with his they at be this from have or by one had not but what all"
GERMAN = "der die und in den von zu das mit sich des auf für ist im dem nicht ein eine als auch es an werden aus er hat dass"


def written(words: str, n: int, seed: int) -> Texts:
    random = generator(seed, "written")
    return Texts.of([" ".join(random.choice(words.split(), random.integers(8, 20))) for _ in range(n)])


def change(texts: Texts, how: str) -> Texts:
    random = generator(4, how)
    changed = {
        "another language": lambda text: " ".join(random.choice(GERMAN.split(), len(text.split()))),
        "garbled": lambda text: "".join(random.permutation(list(text))),
        "capitals": lambda text: text.upper(),
        "longer": lambda text: f"{text} {text}",
    }[how]
    return Texts.of([changed(text) for text in texts.texts.to_pylist()])


@pytest.mark.parametrize("how", ["another language", "garbled", "capitals", "longer"])
def test_what_is_seen(how: str) -> None:
    fitted = HashedNgrams().fit(written(ENGLISH, 300, 0), seed=0)
    one, two = (fitted.extract(written(ENGLISH, 200, seed)).values.mean(axis=0) for seed in (1, 2))
    other = fitted.extract(change(written(ENGLISH, 200, 2), how)).values.mean(axis=0)
    assert np.linalg.norm(other - two) > 4 * np.linalg.norm(one - two)


def test_the_three_blocks_have_about_the_same_weight() -> None:
    texts = written(ENGLISH, 400, 0)
    values = HashedNgrams().fit(texts, seed=0).extract(texts).values
    assert values.shape == (400, 64 + 1 + 8)
    assert values[:, :64].var(axis=0).sum() == pytest.approx(1.0)
    assert values[:, 64].var() == pytest.approx(1.0)
    assert 0.3 < values[:, 65:].var(axis=0).sum() < 1.1


def test_a_large_reference_is_learned_from_rows_drawn_by_the_seed() -> None:
    texts = written(ENGLISH, 60, 0)
    one, again, other = (HashedNgrams(most_rows=40).fit(texts, seed=seed).digest for seed in (0, 0, 1))
    assert one == again != other


def test_what_lies_outside_is_the_distance_from_the_components() -> None:
    texts = written(ENGLISH, 30, 0)
    fitted = HashedNgrams(components=5).fit(texts, seed=0)
    weights = ngram_weights(texts.texts.to_pylist(), 4096).toarray() - fitted.mean
    outside = weights - weights @ fitted.directions.T @ fitted.directions
    expected = fitted.rest.points(np.linalg.norm(outside, axis=1))
    np.testing.assert_allclose(fitted.extract(texts).values[:, 5], expected, atol=1e-9)
