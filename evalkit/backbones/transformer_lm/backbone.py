"""The transformer language model as a backbone."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, NamedTuple, Unpack

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from evalkit.backbones.base import Capability
from evalkit.backbones.heads import Facts
from evalkit.backbones.language import LanguageModel
from evalkit.backbones.language.column_codes import TableCodes
from evalkit.backbones.language.drawing import Choice as Drawn
from evalkit.backbones.language.network import LIMITS
from evalkit.backbones.language.row_network import RowNetwork, check_layout
from evalkit.backbones.language.series_network import SeriesNetwork
from evalkit.backbones.network import Network
from evalkit.backbones.search import Choice, Range, SearchSpace
from evalkit.backbones.threads import suitable_threads
from evalkit.backbones.transformer_lm.image_network import ImageTransformer
from evalkit.backbones.transformer_lm.network import TransformerNetwork
from evalkit.backbones.transformer_lm.series_network import TransformerSeries
from evalkit.backbones.transformer_lm.table_network import TableTransformer
from evalkit.core.errors import CapabilityError, InputError
from evalkit.core.sample import Sample
from evalkit.core.schema import Modality
from evalkit.data.encoded import Encoded, Layout, expect
from evalkit.data.layouts import PixelLayout
from evalkit.data.pixels import Pixels
from evalkit.data.rows import Rows
from evalkit.data.tokens import END_OF_TEXT
from evalkit.data.windows import Windows

_ROWS_AT_ONCE = 64


class Attention(NamedTuple):
    """Which tokens a text's tokens look at.

    Attributes:
        pieces: the tokens as texts; the first is the beginning, an empty piece.
        weights: (layers, heads, length, length); row i is how token i shares its attention among those up to itself.
    """

    pieces: tuple[str, ...]
    weights: NDArray[np.float64]


class TransformerLM(LanguageModel):
    """A transformer that predicts each token from those before it.

    On texts a token is a byte or a piece of a word. On tables it is a column, numbers as bins, each predicted from the columns
    before it, categories of few levels first. On series it is a step, each channel predicted from the steps and channels before.
    On images of at most 4,096 values it is a pixel's channel. Terms of numbers are densities in scales of the column. Settings
    that are None are (texts / tables / series / images) 4 / 2 / 2 / 3 layers, width 128 / 64 / 64 / 64, batch 12 / 64 / 32 / 4,
    learning rate 0.005 / 0.003 / 0.003 / 0.003, dropout 0 / 0.2 / 0.1 / 0.

    Args:
        layers: blocks of attention and a gated layer.
        heads: of attention; they divide ``width`` into even parts.
        width: of the tokens.
        context: tokens of a text that a prediction sees at most.
        batch: windows of ``context`` tokens a step, or rows.
        steps: optimiser steps at most; None: twenty passes over the tokens of texts, forty over other rows, between 300 and 2,000
            steps. Training ends earlier when what is held out no longer gains.
        minutes: instead of steps, how long to train.
        learning_rate: the highest.
        dropout: share of each block's output that is dropped in training.
        device: where to train, for example ``"cuda"``; scoring is on the CPU.
        random_state: seed of everything random.

    >>> from evalkit.data.tokens import Tokens
    >>> texts = Tokens.of([[97, 98] * 8] * 30, vocabulary_size=257)
    >>> model = TransformerLM(layers=1, heads=2, width=16, steps=5).fit_rows(texts)
    >>> model.score_rows(texts).shape, model.terms_rows(texts).shape
    ((30,), (30, 17))
    """

    capabilities: ClassVar[Mapping[Modality, frozenset[Capability]]] = {
        **LanguageModel.capabilities,
        "table": frozenset(("score", "log_prob_bound", "sample", "condition")),
        "images": frozenset(("score", "log_prob_bound", "sample")),
    }
    usual: ClassVar[Mapping[Modality, Mapping[str, Any]]] = {
        "texts": {"layers": 4, "width": 128, "batch": 12, "learning_rate": 5e-3, "dropout": 0.0},
        "table": {"layers": 2, "width": 64, "batch": 64, "learning_rate": 3e-3, "dropout": 0.2},
        "images": {"layers": 3, "width": 64, "batch": 4, "learning_rate": 3e-3, "dropout": 0.0},
        "series": {"layers": 2, "width": 64, "batch": 32, "learning_rate": 3e-3, "dropout": 0.1},
    }
    search_space: ClassVar[SearchSpace] = {
        "layers": Range(1, 6),
        "width": Choice((32, 64, 128, 256)),
        "learning_rate": Range(3e-4, 1e-2, logarithmic=True),
        "dropout": Range(0.0, 0.3),
    }

    def __init__(
        self,
        *,
        layers: int | None = None,
        heads: int = 4,
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
        self.layers = layers
        self.heads = heads
        self.width = width
        self.context = context
        self.batch = batch
        self.steps = steps
        self.minutes = minutes
        self.learning_rate = learning_rate
        self.dropout = dropout
        self.device = device
        self.random_state = random_state

    def sample_rows(
        self,
        n: int,
        random_state: int = 0,
        condition: str | None = None,
        *,
        length: int | None = None,
        **choice: Unpack[Drawn],
    ) -> Encoded:
        """See :meth:`LanguageModel.sample_rows`; of a table the condition is ``COLUMN=VALUE``, and the rest is drawn given that."""
        check_is_fitted(self)
        if condition is None or self.layout_.modality != "table":
            return super().sample_rows(n, random_state, condition, length=length, **choice)
        if n < 1:
            raise InputError(f"the number of rows to draw must be at least 1, got {n}")
        if length is not None or choice:
            raise InputError(
                "rows given one of their columns are drawn as the model predicts them: leave length and temperature out"
            )
        return self.fill_rows(self._row_with(condition).take(np.zeros(n, dtype=np.int64)), random_state)

    def _row_with(self, condition: str) -> Rows:
        """One row of which only one column is known."""
        schema = self.schema_
        column, equals, value = condition.partition("=")
        if not equals or column not in [known.name for known in schema.columns]:
            raise InputError(f"a condition on a table is COLUMN=VALUE with one of its columns, got {condition!r}: correct it")
        frame = pd.DataFrame({known.name: [value if known.name == column else None] for known in schema.columns}, dtype="str")
        row = expect(self._rows(frame), Rows)
        its = [i for i, feature in enumerate(row.features) if feature.column == column]
        unknown = [i for i in its if row.features[i].kind == "category" and row.values[0, i] >= len(row.features[i].levels)]
        if unknown or np.isnan(row.values[0, its]).all():
            raise InputError(f"no row that the model was fitted to could be {condition!r}: name a value that the column has")
        return row

    def attention(self, text: str) -> Attention:
        """Which tokens each token of a text looks at.

        Where a head looks is not why the model says something: other paths lead around it.

        Args:
            text: shorter than ``context`` tokens.

        Raises:
            InputError: it is longer.
        """
        ids = self._tokens([text]).ids.astype(np.int64)
        if len(ids) > self.network_.context:
            most = self.network_.context - 1
            raise InputError(f"attention is shown for texts of at most {most} tokens, got {len(ids) - 1}: give a shorter one")
        inputs = np.concatenate([[END_OF_TEXT], ids[:-1]])
        with torch.no_grad():
            embedded = self.network_.embed(torch.from_numpy(inputs)[None])
            weights = self.network_.decoder.attention(self.network_.entering(embedded))
        return Attention(tuple(self._shown(token) for token in inputs.tolist()), weights[:, :, 0].numpy())

    def fill(self, data: Any, random_state: int = 0) -> Sample:
        """A table's rows with what is missing drawn given the rest: leave empty what is to be made up."""
        return self._sample_of(self.fill_rows(expect(self._rows(data), Rows), random_state))

    def fill_rows(self, rows: Rows, random_state: int = 0) -> Rows:
        """:meth:`fill` for encoded rows.

        Raises:
            CapabilityError: the model is not one of tables.
        """
        check_is_fitted(self)
        if not isinstance(self.network_, TableTransformer):
            raise CapabilityError(f"this TransformerLM was fitted to {self.layout_.modality}: fit one to a table for this")
        self._check_layout(rows)
        with torch.no_grad(), suitable_threads("table"):
            blocks = [np.arange(first, min(first + _ROWS_AT_ONCE, len(rows))) for first in range(0, len(rows), _ROWS_AT_ONCE)]
            filled = [self.network_.fill(rows.values[block], block, random_state) for block in blocks]
        return replace(rows, values=np.concatenate([rows.values[:0], *filled]))

    def _limits(self) -> Mapping[str, int]:
        return {**super()._limits(), "layers": LIMITS["layers"], "heads": LIMITS["heads"]}

    def _check_settings(self) -> None:
        super()._check_settings()
        for modality in self.capabilities:
            width = self._setting("width", modality)
            if width % (2 * self.heads):
                raise InputError(f"width must be a multiple of twice the heads, got {width} and {self.heads}: change the setting")

    def _text_network(self, counts: Tensor, longest: int) -> TransformerNetwork:
        return TransformerNetwork(counts, context=self.context, longest=longest, **self._shape("texts"))

    def _row_network(self, rows: Encoded) -> RowNetwork:
        shape = self._shape(rows.layout.modality)
        if isinstance(rows, Rows):
            return TableTransformer(TableCodes.fit(rows.features, rows.values, Facts.fit(rows)), **shape)
        if isinstance(rows, Pixels):
            return ImageTransformer.for_rows(rows, **shape)
        windows = expect(rows, Windows)
        return TransformerSeries(SeriesNetwork.codes_of(windows), length=windows.layout.length, **shape)

    @classmethod
    def _network_from(cls, layout: Layout, plan: Mapping[str, Any]) -> Network:
        if layout.modality == "texts":
            return TransformerNetwork.from_plan(plan)
        if isinstance(layout, PixelLayout):
            return ImageTransformer.from_plan(layout, plan)
        network = (TableTransformer if layout.modality == "table" else TransformerSeries).from_plan(plan)
        check_layout(network.codes, plan, layout)
        return network

    def _shape(self, modality: Modality) -> dict[str, Any]:
        return {"heads": self.heads, **{name: self._setting(name, modality) for name in ("layers", "width", "dropout")}}
