import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.exceptions import NotFittedError

from evalkit.core.errors import InputError, ModelError, SchemaError
from evalkit.core.sample import Images, Texts
from evalkit.data.text_encoding import TextEncoder
from evalkit.data.tokens import END_OF_TEXT, Tokens

REFERENCE = Texts.of(["the quick brown fox", "the lazy dog", "", "größer als 日本語", "the\n\nthe  the\t"] * 3)
UNICODE = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@pytest.fixture(scope="module", params=["byte", "bpe"])
def encoder(request):
    return TextEncoder(request.param, size=280).fit(REFERENCE)


@settings(deadline=None)
@given(texts=st.lists(UNICODE, min_size=1, max_size=5))
def test_any_text_comes_back(encoder, texts):
    tokens = encoder.transform(Texts.of(texts))
    assert encoder.decode(tokens).texts.to_pylist() == texts
    assert tokens.ids.dtype == np.int32
    assert int(tokens.ids.max()) < tokens.layout.vocabulary_size
    assert (tokens.ids[tokens.starts[1:] - 1] == END_OF_TEXT).all()
    assert int((tokens.ids == END_OF_TEXT).sum()) == len(texts)


def test_a_text_means_the_same_alone(encoder):
    together = encoder.transform(REFERENCE)
    for i in range(len(REFERENCE)):
        alone = encoder.transform(REFERENCE.take(np.array([i])))
        assert alone.ids.tolist() == together.row(i).tolist()


def test_no_texts_are_no_tokens(encoder):
    assert len(encoder.transform(REFERENCE.take(slice(0)))) == 0


def test_byte_pairs_shorten():
    byte, pairs = (TextEncoder(name, size=280).fit(REFERENCE).transform(REFERENCE) for name in ("byte", "bpe"))
    assert byte.vocabulary_size == 257
    assert pairs.vocabulary_size == 280
    assert len(pairs.ids) < 0.7 * len(byte.ids)


def test_a_small_reference_gives_a_small_vocabulary():
    assert TextEncoder("bpe", size=5000).fit(Texts.of(["abc"])).vocabulary_size == 257


def test_what_is_no_character_is_shown_as_one(encoder):
    texts = encoder.decode(Tokens.of([[0xC3], [104, 105]], encoder.vocabulary_size))
    assert texts.texts.to_pylist() == ["\ufffd", "hi"]
    assert [(problem.what, problem.rows) for problem in texts.problems] == [
        ("hold bytes that are no character, shown as \ufffd", 1)
    ]
    assert encoder.decode(encoder.transform(Texts.of(["\ufffd"]))).problems == ()


def test_state(encoder):
    state = encoder.to_state()
    json.dumps({name: value for name, value in state.items() if name != "merges"})
    again = TextEncoder.from_state(state)
    assert again.schema == encoder.schema
    assert again.transform(REFERENCE).digest() == encoder.transform(REFERENCE).digest()


@pytest.mark.parametrize(
    "change",
    [
        {"merges": np.array([[1, 258]])},
        {"merges": np.array([[-1, 2]])},
        {"merges": np.array([[256, 2]])},
        {"merges": np.array([[1, 2], [257, 257], [258, 258], [259, 259], [260, 260], [261, 261]])},
        {"merges": np.array([1, 2, 3])},
        {"merges": "none"},
        {"schema": {"modality": "texts"}},
    ],
)
def test_damaged_states_are_refused(change):
    state = TextEncoder("bpe", size=280).fit(REFERENCE).to_state()
    with pytest.raises(ModelError, match="text encoder is damaged"):
        TextEncoder.from_state({**state, **change})
    with pytest.raises(ModelError):
        TextEncoder.from_state({name: value for name, value in state.items() if name not in change})


def test_what_cannot_be_encoded_is_refused(encoder):
    with pytest.raises(SchemaError, match="got images"):
        encoder.transform(Images.of(np.zeros((1, 2, 2, 1), dtype=np.uint8)))
    with pytest.raises(SchemaError, match="vocabulary of 300"):
        encoder.decode(Tokens.of([[1]], 300))
    with pytest.raises(NotFittedError):
        TextEncoder().transform(REFERENCE)
    with pytest.raises(InputError, match="byte or bpe"):
        TextEncoder("words").fit(REFERENCE)
    with pytest.raises(InputError, match=r"size .* got 100"):
        TextEncoder("bpe", size=100).fit(REFERENCE)
