"""BERT's encoder, read from the files of a saved model."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import gelu, layer_norm, linear, scaled_dot_product_attention

from evalkit.core.errors import InputError

Weights = Mapping[str, NDArray[np.float32]]

_SIZES = {
    "width": "hidden_size",
    "heads": "num_attention_heads",
    "layers": "num_hidden_layers",
    "inner": "intermediate_size",
    "positions": "max_position_embeddings",
    "vocabulary": "vocab_size",
    "segments": "type_vocab_size",
}
_SETTINGS = {"model_type": "bert", "hidden_act": "gelu", "position_embedding_type": "absolute"}
_LARGEST = 2**20


@dataclass(frozen=True)
class BertSizes:
    """The sizes of a BERT.

    Attributes:
        width: of what is known about a token.
        heads, layers, inner: of the encoder; ``inner`` is the width between the two halves of a layer's perceptron.
        positions: tokens a text at most.
        vocabulary, segments: how many embeddings there are.
        smallest: what layer norms add to a variance.
    """

    width: int
    heads: int
    layers: int
    inner: int
    positions: int
    vocabulary: int
    segments: int
    smallest: float

    def __post_init__(self) -> None:
        sizes = [getattr(self, name) for name in _SIZES]
        if any(type(size) is not int or not 1 <= size <= _LARGEST for size in sizes) or self.width % self.heads:
            raise ValueError("a BERT's sizes are whole numbers above 0, its width a multiple of its heads")
        if not (isinstance(self.smallest, float) and 0 <= self.smallest < 1):
            raise ValueError("a layer norm needs a small number")

    @classmethod
    def from_json(cls, content: bytes) -> "BertSizes":
        """What a ``config.json`` tells of, the file of the transformers library.

        Raises:
            InputError: it is no such file, or another network's.
        """
        try:
            told = json.loads(content)
            usual = all(told.get(name, wanted) == wanted for name, wanted in _SETTINGS.items()) and "model_type" in told
            sizes = cls(**{name: told[key] for name, key in _SIZES.items()}, smallest=float(told["layer_norm_eps"]))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError("config.json does not describe a BERT: choose the folder of another model") from error
        if not usual:
            raise InputError("config.json describes another network than a BERT: choose the folder of another model")
        return sizes

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The weights' names in a saved model, and their shapes."""
        width, inner = self.width, self.inner
        shapes: dict[str, tuple[int, ...]] = {
            "embeddings.word_embeddings.weight": (self.vocabulary, width),
            "embeddings.position_embeddings.weight": (self.positions, width),
            "embeddings.token_type_embeddings.weight": (self.segments, width),
            "embeddings.LayerNorm.weight": (width,),
            "embeddings.LayerNorm.bias": (width,),
        }
        square = ("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense")
        matrices = {**dict.fromkeys(square, (width, width)), "intermediate.dense": (inner, width), "output.dense": (width, inner)}
        for layer in range(self.layers):
            for name, shape in matrices.items():
                shapes |= {f"encoder.layer.{layer}.{name}.weight": shape, f"encoder.layer.{layer}.{name}.bias": shape[:1]}
            for name in ("attention.output.LayerNorm", "output.LayerNorm"):
                shapes |= {f"encoder.layer.{layer}.{name}.{part}": (width,) for part in ("weight", "bias")}
        return shapes


class Bert:
    """The encoder without anything on top of it.

    Source: Devlin et al., "BERT: Pre-training of deep bidirectional transformers for language understanding", NAACL 2019; the same
    values as ``transformers.BertModel``.

    Args:
        sizes: of the network.
        weights: arrays by the names of a saved model, float32; others are left aside.

    Raises:
        ValueError: one is missing, or of another shape or type.
    """

    def __init__(self, sizes: BertSizes, weights: Weights) -> None:
        self.sizes = sizes
        self.weights: dict[str, NDArray[np.float32]] = {}
        for name, shape in sizes.shapes().items():
            array = weights.get(name)
            if not isinstance(array, np.ndarray) or array.shape != shape or array.dtype != np.float32:
                raise ValueError(f"{name} is missing or has another form")
            self.weights[name] = array
        self._tensors = {name: torch.from_numpy(array) for name, array in self.weights.items()}

    def states(self, ids: list[int]) -> Tensor:
        """What is known of each token of one text in the end, (tokens, width).

        Args:
            ids: at most ``sizes.positions``.
        """
        where = self._tensors
        x = where["embeddings.word_embeddings.weight"][ids] + where["embeddings.position_embeddings.weight"][: len(ids)]
        x = self._norm("embeddings.LayerNorm", x + where["embeddings.token_type_embeddings.weight"][0])
        for layer in range(self.sizes.layers):
            place = f"encoder.layer.{layer}"
            attended = self._attended(f"{place}.attention.self", x)
            x = self._norm(f"{place}.attention.output.LayerNorm", x + self._linear(f"{place}.attention.output.dense", attended))
            inner = gelu(self._linear(f"{place}.intermediate.dense", x))
            x = self._norm(f"{place}.output.LayerNorm", x + self._linear(f"{place}.output.dense", inner))
        return x

    def _attended(self, place: str, x: Tensor) -> Tensor:
        def heads(name: str) -> Tensor:
            return self._linear(f"{place}.{name}", x).view(1, len(x), self.sizes.heads, -1).transpose(1, 2)

        attended = scaled_dot_product_attention(heads("query"), heads("key"), heads("value"))
        return attended.transpose(1, 2).reshape(len(x), self.sizes.width)

    def _linear(self, name: str, x: Tensor) -> Tensor:
        return linear(x, self._tensors[f"{name}.weight"], self._tensors[f"{name}.bias"])

    def _norm(self, name: str, x: Tensor) -> Tensor:
        shape = (self.sizes.width,)
        return layer_norm(x, shape, self._tensors[f"{name}.weight"], self._tensors[f"{name}.bias"], self.sizes.smallest)
