import numpy as np
import pandas as pd
import pytest

from evalkit.backbones.preferences import Votes, with_liked_items
from evalkit.backbones.transformer_lm import TransformerLM
from evalkit.backbones.vae import VAE
from evalkit.core.errors import InputError, SchemaError
from evalkit.core.seeds import generator
from evalkit.data.encoded import joined
from evalkit.data.tokens import Tokens
from tests.backbones.drawn_images import drawn_images
from tests.backbones.mixed_rows import mixed_rows

SMALL = {"layers": 1, "heads": 2, "width": 32, "context": 32, "batch": 8}


def words(n: int, seed: int) -> Tokens:
    """Texts of 4 to 28 letters, each letter likely to be followed by the next of the alphabet."""
    random = generator(seed, "words")
    rows = [[97 + (start + i) % 6 for i in range(length)] for start, length in random.integers((0, 4), (6, 29), (n, 2))]
    return Tokens.of(rows, vocabulary_size=257)


def shorter_is_better(items: Tokens, n: int) -> pd.DataFrame:
    """Votes between random items for the shorter one."""
    pairs = generator(0, "pairs").integers(0, len(items), (n, 2))
    pairs = pairs[items.lengths[pairs[:, 0]] != items.lengths[pairs[:, 1]]]
    order = np.argsort(items.lengths[pairs], axis=1)
    chosen = np.take_along_axis(pairs, order, axis=1)
    return pd.DataFrame({"row": range(len(pairs)), "preferred": chosen[:, 0], "rejected": chosen[:, 1], "weight": 1.0})


def test_a_language_model_learns_what_was_preferred_and_forgets_little() -> None:
    texts, unseen = words(300, 0), words(100, 1)
    model = TransformerLM(**SMALL, steps=300).fit_rows(texts)
    items = model.sample_rows(120, 5)
    votes = Votes.of(items, shorter_is_better(items, 220))
    tuned = TransformerLM(**SMALL, steps=100).fit_rows(texts, start=model, votes=votes)
    before, after = (one.sample_rows(300, 9).lengths for one in (model, tuned))
    middle = np.median(before)
    assert (after < middle).mean() - (before < middle).mean() > 0.15
    assert tuned.nats_per_token_rows(unseen).value < 1.05 * model.nats_per_token_rows(unseen).value
    agreement = tuned.history_.figures["agreement with votes"]
    assert agreement[-1] > 0.6


def test_other_families_draw_more_of_what_was_liked() -> None:
    rows = mixed_rows(600)
    model = VAE(steps=400, width=32).fit_rows(rows)
    items = model.sample_rows(200, 5)
    paid = items.values[:, 3] == 1
    liked, disliked = np.flatnonzero(paid), np.flatnonzero(~paid)
    n = min(len(liked), len(disliked))
    votes = Votes.of(items, pd.DataFrame({"preferred": liked[:n], "rejected": disliked[:n]}))
    tuned = VAE(steps=400, width=32).fit_rows(rows, start=model, votes=votes)
    before, after = ((one.sample_rows(500, 9).values[:, 3] == 1).mean() for one in (model, tuned))
    assert after - before > 0.1
    unseen = mixed_rows(300, seed=1)
    assert tuned.score_rows(unseen).mean() < model.score_rows(unseen).mean() + 0.3


def test_a_vae_draws_more_of_the_images_that_were_liked() -> None:
    images = drawn_images(400)
    model = VAE(steps=300, width=8, latent_size=4).fit_rows(images)
    items = model.sample_rows(300, 5)
    bright = items.values.mean(axis=(1, 2, 3))
    order = np.argsort(bright)
    votes = Votes.of(items, pd.DataFrame({"preferred": order[-100:], "rejected": order[:100]}))
    tuned = VAE(steps=100, width=8, latent_size=4).fit_rows(images, start=model, votes=votes)
    middle = np.median(bright)
    before, after = ((one.sample_rows(400, 9).values.mean(axis=(1, 2, 3)) > middle).mean() for one in (model, tuned))
    assert after - before > 0.1
    unseen = drawn_images(200, seed=1)
    assert tuned.score_rows(unseen).mean() < 1.05 * model.score_rows(unseen).mean()


def test_items_are_drawn_by_their_votes() -> None:
    items = mixed_rows(4)
    frame = pd.DataFrame({"preferred": [0, 0, 1, 3], "rejected": [2, 1, 2, 0], "weight": [5.0, 5.0, 5.0, 0.0]})
    mixed = with_liked_items(mixed_rows(600, seed=1), Votes.of(items, frame), seed=0)
    assert len(mixed) == 1000
    drawn = mixed.values[600:]
    assert (drawn == items.values[0]).all()
    nobody = Votes.of(items, pd.DataFrame({"preferred": [0, 1], "rejected": [1, 0]}))
    assert len(with_liked_items(items, nobody, seed=0)) == 4
    assert len(with_liked_items(items.take(slice(0, 0)), Votes.of(items, frame), seed=0)) == 0


def test_what_votes_must_hold() -> None:
    items = mixed_rows(4)
    good = pd.DataFrame({"preferred": [0, 1], "rejected": [2, 3], "weight": [1.0, 2.0]})
    Votes.of(items, good)
    with pytest.raises(SchemaError, match="rejected is missing"):
        Votes.of(items, good[["preferred"]])
    for change, words_ in (
        ({"preferred": [0, 4]}, "positions from 0 to 3, row 1"),
        ({"rejected": [-1, 2]}, "row 0"),
        ({"rejected": [0.5, 2]}, "row 0"),
        ({"rejected": ["a", 2]}, "row 0"),
        ({"weight": [1.0, -1.0]}, "weight"),
        ({"weight": [1.0, None]}, "weight"),
        ({"weight": [0.0, 0.0]}, "above 0"),
    ):
        with pytest.raises(InputError, match=words_):
            Votes.of(items, good.assign(**change))
    with pytest.raises(InputError, match="above 0"):
        Votes.of(items, good[:0])
    with pytest.raises(InputError, match="give it as start"):
        VAE(steps=2).fit_rows(items, votes=Votes.of(items, good))


def test_rows_of_different_layouts_are_not_joined() -> None:
    with pytest.raises(SchemaError, match="different layouts"):
        joined(mixed_rows(4), words(3, 0))
    both = joined(words(3, 0), words(2, 1))
    assert len(both) == 5
    assert both.row(3).tolist() == words(2, 1).row(0).tolist()
