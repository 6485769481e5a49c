from typing import Any

import numpy as np
import pytest

from evalkit.backbones.transformer_lm import TransformerLM
from evalkit.core.errors import CapabilityError, InputError
from evalkit.core.evidence import Evidence, Failure
from evalkit.core.sample import Texts
from tests.backbones.mixed_rows import mixed_rows
from tests.backbones.written_texts import as_tokens, written_texts

SMALL: dict[str, Any] = {"layers": 1, "heads": 2, "width": 32, "context": 24}


def sentences(n: int = 300) -> Texts:
    tokens = written_texts(n)
    return Texts.of([bytes(tokens.row(i)[:-1].tolist()).decode() for i in range(n)])


@pytest.fixture(scope="module")
def model() -> TransformerLM:
    return TransformerLM(**SMALL, steps=400).fit(sentences())


def test_it_learns_what_the_texts_have_in_common(model: TransformerLM) -> None:
    assert all(text.startswith(" the sea.") for text in model.complete(["a cat likes", "the dog likes"], 10, temperature=0))
    usual, odd = model.score(Texts.of(["a cat sees the sea.", "xq zzk vvw qqj xx 9"]))
    assert odd > 3 * usual


def test_a_score_is_the_likelihood_of_the_text(model: TransformerLM) -> None:
    texts = sentences(20)
    np.testing.assert_allclose(np.nansum(model.terms(texts), axis=1), model.score(texts))
    np.testing.assert_allclose(model.log_prob_bound(texts), -model.score(texts))
    lengths = np.array([len(text) + 1 for text in texts.texts.to_pylist()])
    np.testing.assert_allclose(model.surprisal(texts) * lengths, model.score(texts))
    np.testing.assert_array_equal((~np.isnan(model.terms(texts))).sum(axis=1), lengths)


def test_held_out_figures_are_there_with_the_count_of_n_grams_beside(model: TransformerLM) -> None:
    assert isinstance(model.held_out_, Evidence)
    assert isinstance(model.baseline_, Evidence)
    assert model.held_out_.n == model.baseline_.n
    assert model.held_out_.value < 2 * model.baseline_.value
    again = TransformerLM.from_state(model.to_state())
    assert again.baseline_ == model.baseline_


def test_figures_a_token_and_a_byte(model: TransformerLM) -> None:
    texts = sentences(50)
    per_token, per_byte = model.nats_per_token(texts), model.nats_per_byte(texts)
    assert isinstance(per_token, Evidence)
    assert isinstance(per_byte, Evidence)
    assert per_token.value == pytest.approx(float(np.nansum(model.terms(texts)) / (~np.isnan(model.terms(texts))).sum()))
    assert per_token.value == pytest.approx(per_byte.value), "with bytes a token is a byte"
    assert isinstance(model.nats_per_token(Texts.of(["one"])), Failure)


def test_surprisal_stands_beside_each_piece(model: TransformerLM) -> None:
    pieces = model.surprisal_map("a cat sees rain.")
    assert "".join(piece for piece, _ in pieces) == "a cat sees rain."
    assert sum(nats for _, nats in pieces) == pytest.approx(model.score(Texts.of(["a cat sees rain."]))[0])


def test_texts_begin_as_told(model: TransformerLM) -> None:
    drawn = model.sample(5, condition="the dog hears").texts.to_pylist()
    assert all(text.startswith("the dog hears") for text in drawn)
    assert len(set(drawn)) > 1


def test_attention_is_shown_for_a_text(model: TransformerLM) -> None:
    attention = model.attention("a cat sees")
    assert "".join(attention.pieces) == "a cat sees"
    assert attention.weights.shape == (1, 2, 11, 11)
    np.testing.assert_allclose(attention.weights.sum(axis=-1), 1)
    with pytest.raises(InputError, match="at most 23 tokens"):
        model.attention("a" * 24)


def test_nearest_tokens_are_like_the_token(model: TransformerLM) -> None:
    found = model.nearest_tokens("a", 4)
    assert len(found) == 4
    assert "a" not in [piece for piece, _ in found]
    cosines = [cosine for _, cosine in found]
    assert sorted(cosines, reverse=True) == cosines
    assert all(-1 <= cosine <= 1 for cosine in cosines)
    with pytest.raises(InputError, match="one token"):
        model.nearest_tokens("ab")


def test_a_book_is_held_out_by_its_end() -> None:
    book = Texts.of([" ".join(sentences(200).texts.to_pylist())])
    fitted = TransformerLM(**SMALL, steps=20).fit(book)
    assert isinstance(fitted.held_out_, Evidence)
    assert fitted.held_out_.n == len(book.texts[0].as_py()) // 10 + 1


def test_texts_cannot_be_filled(model: TransformerLM) -> None:
    with pytest.raises(CapabilityError, match="table"):
        model.fill_rows(mixed_rows(2))


def test_dropout_is_a_function_of_seed_and_step() -> None:
    one, two = (TransformerLM(**SMALL, steps=5, dropout=0.3).fit_rows(written_texts(60)) for _ in range(2))
    np.testing.assert_array_equal(one.score_rows(written_texts(5)), two.score_rows(written_texts(5)))
    without = TransformerLM(**SMALL, steps=5).fit_rows(written_texts(60))
    assert (without.score_rows(written_texts(5)) != one.score_rows(written_texts(5))).all()


@pytest.mark.parametrize(
    "wrong",
    [{"width": 30, "heads": 4}, {"layers": 0}, {"context": 0}, {"batch": 0}, {"dropout": 1.0}, {"learning_rate": 0.0}],
)
def test_settings_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=next(iter(wrong))):
        TransformerLM(**{**SMALL, **wrong}).fit_rows(written_texts(5))


def test_asking_for_nothing_or_without_an_encoder_is_refused(model: TransformerLM) -> None:
    with pytest.raises(InputError, match="at least 1"):
        model.sample(0)
    with pytest.raises(InputError, match="n_tokens"):
        model.complete(["a"], 0)
    on_rows = TransformerLM(**SMALL, steps=2).fit_rows(written_texts(5))
    with pytest.raises(CapabilityError, match="encoded rows"):
        on_rows.sample_rows(1, condition="a")
    assert on_rows.complete_rows(as_tokens("a"), 3).lengths[0] <= 4
