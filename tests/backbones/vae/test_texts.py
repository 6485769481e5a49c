import numpy as np
import pytest
import torch

from evalkit.backbones.vae import VAE
from evalkit.backbones.vae.texts import PADDING, REACH, TextNetwork
from evalkit.core.sample import Texts
from evalkit.core.seeds import generator
from evalkit.data.tokens import END_OF_TEXT, Tokens
from tests.backbones.written_texts import as_tokens, written_texts

WORDS = {"a", "cat", "the", "dog", "one", "bird", "sees", "hears", "likes", "fish", "sea", "rain", "me"}


@pytest.fixture(scope="module")
def rows() -> Tokens:
    return written_texts(400)


@pytest.fixture(scope="module")
def vae(rows: Tokens) -> VAE:
    return VAE(steps=300, width=48, latent_size=4).fit_rows(rows)


def network(length: int = 7) -> TextNetwork:
    torch.manual_seed(0)
    rows = written_texts(30)
    counts = torch.from_numpy(np.bincount(rows.ids, minlength=257))
    return TextNetwork(rows.layout, 3, 8, 2, counts, length).double()


def as_text(rows: Tokens) -> list[str]:
    return [bytes(rows.row(i)[:-1].tolist()).decode() for i in range(len(rows))]


def test_drawn_texts_are_made_of_the_texts_words(vae: VAE) -> None:
    words = [word.strip(".") for text in as_text(vae.sample_rows(60)) for word in text.split()]
    assert len(words) > 200
    assert np.mean([word in WORDS for word in words]) > 0.7


def test_a_word_that_does_not_belong_is_where_the_surprise_is(vae: VAE) -> None:
    usual, odd = as_tokens("the dog sees a fish.", "the dog sees a zqxk.").take(slice(0, 1)), as_tokens("the dog sees a zqxk.")
    more = (vae.terms_rows(odd) - vae.terms_rows(usual))[0]
    assert vae.score_rows(odd)[0] > vae.score_rows(usual)[0] + 10
    assert more[15:19].sum() > 0.8 * more.sum()


def test_terms_end_where_the_text_does(vae: VAE) -> None:
    terms = vae.terms_rows(as_tokens("a cat sees me.", "", "rain"))
    assert terms.shape == (3, 15)
    assert np.isfinite(terms).sum(axis=1).tolist() == [15, 1, 5]


def test_a_text_longer_than_a_piece_is_its_pieces_one_behind_the_other() -> None:
    net = network(7)
    whole, parts = as_tokens("a cat sees me"), as_tokens("a cat s", "ees me")
    x = net.prepare(whole)
    assert x.shape == (1, 2, 7)
    eps = torch.tensor(generator(0, "noise").normal(size=(4, 1, 3)))
    with torch.no_grad():
        together = net.per_row(x, eps)
        first, second = (net.per_row(x[:, i : i + 1], eps) for i in (0, 1))
        alone = net.per_row(net.prepare(parts.take(slice(1, 2))), eps)
    np.testing.assert_allclose(together.sum(), first.sum() + second.sum(), rtol=1e-12)
    np.testing.assert_allclose(second, alone, rtol=1e-12)


def test_what_is_filled_up_changes_nothing() -> None:
    net = network(20)
    eps = torch.tensor(generator(0, "noise").normal(size=(4, 1, 3)))
    with torch.no_grad():
        alone = net.per_row(net.prepare(as_tokens("me")), eps)
        beside = net.per_row(net.prepare(as_tokens("me", "a cat sees one bird and a fish")), eps)[:1]
    np.testing.assert_allclose(beside.sum(), alone.sum(), rtol=1e-12)
    assert (alone[0, 3:-1] == 0).all()


def test_terms_add_up_to_the_bound_of_the_tokens_probabilities() -> None:
    net, rows = network(40), as_tokens("a cat sees me.")
    x, eps = net.prepare(rows), torch.tensor(generator(0, "noise").normal(size=(5, 1, 3)))
    with torch.no_grad():
        mean, log_sigma = net.encode(net.inputs(x[:, 0]))
        code = mean + torch.exp(log_sigma) * eps
        ids = torch.tensor(rows.row(0), dtype=torch.long)
        before = torch.cat([torch.tensor([END_OF_TEXT]), ids[:-1]])[None]
        said = torch.stack([torch.log_softmax(net.logits(before, one), -1)[0, range(len(ids)), ids].sum() for one in code])
        normal = torch.distributions.Normal(mean, torch.exp(log_sigma))
        log_weight = said + (net.log_prior(code) - normal.log_prob(code).sum(-1))[:, 0]
        bound = torch.logsumexp(log_weight, 0) - np.log(5)
        np.testing.assert_allclose(-net.per_row(x, eps).sum(), bound, rtol=1e-10)


def test_token_by_token_the_same_is_predicted_as_all_at_once() -> None:
    net = network()
    ids = torch.tensor(as_tokens("a cat sees me. the dog hears rain.").row(0), dtype=torch.long)[None]
    code = torch.tensor(generator(0, "code").normal(size=(1, 3)))
    with torch.no_grad():
        whole = net.logits(ids, code)
        for end in (1, 5, REACH, REACH + 9):
            known = torch.nn.functional.pad(ids[:, :end], (REACH, 0), value=PADDING)[:, -REACH:]
            np.testing.assert_allclose(net.logits(known, code)[:, -1], whole[:, end - 1], rtol=1e-9, atol=1e-12)


def test_interpolation_ends_at_the_reconstructions(vae: VAE, rows: Tokens) -> None:
    first, last = rows.take(slice(0, 1)), rows.take(slice(1, 2))
    way = vae.interpolate_rows(first, last, 3)
    for end, text in ((0, first), (2, last)):
        np.testing.assert_array_equal(way.row(end), vae.reconstruct_rows(text).row(0))


def test_a_bound_gains_from_the_code(vae: VAE, rows: Tokens) -> None:
    lengths = rows.lengths
    per_token = vae.score_rows(rows).sum() / lengths.sum()
    counts = np.bincount(rows.ids)
    entropy = -np.sum(counts[counts > 0] / counts.sum() * np.log(counts[counts > 0] / counts.sum()))
    assert per_token < 0.4 * entropy
    told = np.column_stack([vae.latent_rows(rows), np.ones(400)])
    guess = told @ np.linalg.lstsq(told, lengths, rcond=None)[0]
    assert np.corrcoef(guess, lengths)[0, 1] > 0.6


def test_tokens_that_no_text_had_are_never_drawn() -> None:
    vae = VAE(steps=3, width=8, latent_size=2).fit_rows(as_tokens("ab", "ba", "b"))
    assert set(vae.sample_rows(50).ids.tolist()) <= {97, 98, END_OF_TEXT}


def test_texts_are_fitted_and_drawn_as_texts() -> None:
    given = ["it rains", "it pours", "the sun shines"] * 10
    vae = VAE(steps=20, width=8).fit(given)
    assert isinstance(vae.sample(4), Texts)
    assert len(vae.score(["it rains", "x"])) == 2
