"""BERT's pieces of words, as the tokenizers library cuts them."""

import json

import pytest

from evalkit.core.errors import InputError
from evalkit.features.word_pieces import WordPieces
from tests.features.test_contract import SETTINGS

FOLDER = SETTINGS["sentences"]["folder"]
TOKENIZER = (FOLDER / "tokenizer.json").read_bytes()
EXPECTED = json.loads((FOLDER / "expected.json").read_text())


@pytest.fixture(scope="module")
def pieces() -> WordPieces:
    return WordPieces.from_json(TOKENIZER)


@pytest.mark.parametrize("case", EXPECTED, ids=range(len(EXPECTED)))
def test_ids_are_those_of_the_tokenizers_library(pieces, case) -> None:
    assert pieces.ids(case["text"], 40) == case["ids"]


def test_a_text_is_cut_behind_its_first_tokens(pieces) -> None:
    assert len(pieces.ids("the cat " * 50, 10)) == 10
    assert pieces.ids("the cat " * 50, 10)[-1] == pieces.vocabulary["[SEP]"]


def test_case_and_accents_count_where_the_file_says_so(pieces) -> None:
    cased = json.loads(TOKENIZER)
    cased["normalizer"]["lowercase"] = False
    unknown = pieces.vocabulary["[UNK]"]
    read = WordPieces.from_json(json.dumps(cased).encode())
    assert read.ids("cat Cat naïve", 9)[1:-1] == [pieces.vocabulary["cat"], unknown, unknown]
    cased["normalizer"]["strip_accents"] = True
    assert WordPieces.from_json(json.dumps(cased).encode()).ids("naïve", 9)[1:-1] == [pieces.vocabulary["naive"]]


@pytest.mark.parametrize(
    "change",
    [
        lambda told: told["model"].update(type="BPE"),
        lambda told: told["model"].update(continuing_subword_prefix="@@"),
        lambda told: told["normalizer"].update(type="Sequence"),
        lambda told: told["normalizer"].update(clean_text=False),
        lambda told: told.update(pre_tokenizer=None),
        lambda told: told["model"]["vocab"].pop("[CLS]"),
        lambda told: told["model"].update(vocab=["a"]),
        lambda told: told["model"]["vocab"].update(the="x"),
        lambda told: told.pop("model"),
    ],
)
def test_another_way_of_cutting_is_refused(change) -> None:
    told = json.loads(TOKENIZER)
    change(told)
    with pytest.raises(InputError, match=r"^tokenizer\.json .* choose the folder of another model$"):
        WordPieces.from_json(json.dumps(told).encode())


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(InputError, match="not a tokenizer of BERT's kind"):
        WordPieces.from_json(b"\xff")


def test_words_are_remembered_but_not_without_end(pieces, monkeypatch) -> None:
    monkeypatch.setattr("evalkit.features.word_pieces._MOST_REMEMBERED", 3)
    few = WordPieces(pieces.vocabulary, True, False)
    assert few.ids("a b c d e f", 99) == pieces.ids("a b c d e f", 99)
    assert len(few._known_words) <= 3
