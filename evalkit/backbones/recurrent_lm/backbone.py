"""The recurrent language model as a backbone."""

from collections.abc import Mapping
from typing import Any, ClassVar, get_args

from torch import Tensor

from evalkit.backbones.language import LanguageModel
from evalkit.backbones.language.network import LIMITS
from evalkit.backbones.language.row_network import check_layout
from evalkit.backbones.language.series_network import SeriesNetwork
from evalkit.backbones.network import Network
from evalkit.backbones.recurrent_lm.network import Kind, RecurrentNetwork, RecurrentSeries
from evalkit.backbones.search import Choice, Range, SearchSpace
from evalkit.core.errors import InputError
from evalkit.core.schema import Modality
from evalkit.data.encoded import Encoded, Layout, expect
from evalkit.data.windows import Windows


class RecurrentLM(LanguageModel):
    """An LSTM or GRU that predicts each token from those before it.

    On texts a token is a byte or a piece of a word, on series it is a step, each channel predicted from the steps and channels
    before. Settings that are None are (texts / series) 2 / 1 layers, width 216 / 64, batch 12 / 32, learning rate 0.006 / 0.003.

    Args:
        kind: ``lstm`` or ``gru``.
        layers: of cells.
        width: of tokens and cells.
        context: tokens of a text that a prediction sees at most.
        batch: windows of ``context`` tokens a step, or of series.
        steps: optimiser steps at most; None: twenty passes over the tokens of texts, forty over other rows, between 300 and 2,000
            steps. Training ends earlier when what is held out no longer gains.
        minutes: instead of steps, how long to train.
        learning_rate: the highest.
        dropout: share of each layer's output that is dropped in training, the last layer's excepted.
        device: where to train, for example ``"cuda"``; scoring is on the CPU.
        random_state: seed of everything random.

    >>> from evalkit.data.tokens import Tokens
    >>> texts = Tokens.of([[97, 98] * 8] * 30, vocabulary_size=257)
    >>> model = RecurrentLM(kind="gru", layers=1, width=16, steps=5).fit_rows(texts)
    >>> model.score_rows(texts).shape
    (30,)
    """

    usual: ClassVar[Mapping[Modality, Mapping[str, Any]]] = {
        "texts": {"layers": 2, "width": 216, "batch": 12, "learning_rate": 6e-3, "dropout": 0.0},
        "series": {"layers": 1, "width": 64, "batch": 32, "learning_rate": 3e-3, "dropout": 0.0},
    }
    search_space: ClassVar[SearchSpace] = {
        "kind": Choice(("lstm", "gru")),
        "layers": Range(1, 3),
        "width": Range(64, 512, logarithmic=True),
        "learning_rate": Range(1e-3, 2e-2, logarithmic=True),
        "dropout": Range(0.0, 0.3),
    }

    network_: RecurrentNetwork

    def __init__(
        self,
        *,
        kind: Kind = "lstm",
        layers: int | None = None,
        width: int | None = None,
        context: int = 64,
        batch: int | None = None,
        steps: int | None = None,
        minutes: float | None = None,
        learning_rate: float | None = None,
        dropout: float | None = None,
        device: str = "cpu",
        random_state: int = 0,
    ) -> None:
        self.kind = kind
        self.layers = layers
        self.width = width
        self.context = context
        self.batch = batch
        self.steps = steps
        self.minutes = minutes
        self.learning_rate = learning_rate
        self.dropout = dropout
        self.device = device
        self.random_state = random_state

    def _limits(self) -> Mapping[str, int]:
        return {**super()._limits(), "layers": LIMITS["layers"]}

    def _check_settings(self) -> None:
        super()._check_settings()
        if self.kind not in get_args(Kind):
            raise InputError(f"kind must be lstm or gru, got {self.kind!r}: choose one of them")

    def _text_network(self, counts: Tensor, longest: int) -> RecurrentNetwork:
        return RecurrentNetwork(counts, context=self.context, longest=longest, **self._shape("texts"))

    def _row_network(self, rows: Encoded) -> RecurrentSeries:
        windows = expect(rows, Windows)
        return RecurrentSeries(SeriesNetwork.codes_of(windows), length=windows.layout.length, **self._shape("series"))

    @classmethod
    def _network_from(cls, layout: Layout, plan: Mapping[str, Any]) -> Network:
        if layout.modality != "series":
            return RecurrentNetwork.from_plan(plan)
        network = RecurrentSeries.from_plan(plan)
        check_layout(network.codes, plan, layout)
        return network

    def _shape(self, modality: Modality) -> dict[str, Any]:
        return {"kind": self.kind, **{name: self._setting(name, modality) for name in ("layers", "width", "dropout")}}
