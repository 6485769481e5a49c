"""A table's rows as points of one continuous space, for families that have no likelihoods."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from evalkit.backbones.heads.facts import Facts
from evalkit.backbones.heads.knots import Knots
from evalkit.backbones.heads.normal_scores import NormalScores
from evalkit.core.state import State
from evalkit.data.rows import Rows

BlockKind = Literal["number", "boolean", "constant", "category", "missing"]


@dataclass(frozen=True)
class Block:
    """Neighbouring coordinates that tell about one feature.

    Attributes:
        feature: its position in the table.
        kind: ``number`` a normal score; ``boolean`` -1 or 1; ``constant`` 0; ``category`` a centred one-hot; ``missing`` 1 where
            the value is missing, else -1, for features that had missing values in the training rows.
        start: the first coordinate.
        width: how many.
    """

    feature: int
    kind: BlockKind
    start: int
    width: int


class TableSpace(nn.Module):
    """Encoded rows to vectors and back. Every block has about unit variance or less, whatever its width.

    Numbers and counts are normal scores (:class:`NormalScores`): their own distribution is left to the training rows, what remains
    to be modelled is how they go together. A gap in a number's values is drawn together; a value inside it is not seen as odd.
    A level that the training rows did not have lies where no level is; a missing value lies in the middle, at 0.

    Args:
        facts: what the training rows say about each feature.
        knots: where values stand among them; a category's are its codes.

    >>> from evalkit.data.rows import Feature
    >>> rows = Rows(np.array([[1.0], [5.0]]), (Feature(column="a", name="a", kind="number"),))
    >>> TableSpace.fit(rows).to_vector(torch.tensor(rows.values)).tolist()
    [[-1.0], [1.0]]
    """

    def __init__(self, facts: Facts, knots: Knots) -> None:
        super().__init__()
        self.facts, self.knots = facts, knots
        self.blocks = _blocks(facts, knots)
        self.numbers = [block for block in self.blocks if block.kind in ("number", "boolean", "constant")]
        self.categories = [block for block in self.blocks if block.kind == "category"]
        self.flags = [block for block in self.blocks if block.kind == "missing"]
        columns = [block.feature for block in self.numbers]
        self.normal_scores = NormalScores(knots.of(columns), facts.scale[columns] / 3)
        for block, its in zip(self.categories, knots.of([block.feature for block in self.categories]), strict=True):
            rates = its.above - its.below
            self.register_buffer(f"codes_{block.feature}", torch.tensor(its.values), persistent=False)
            self.register_buffer(f"rates_{block.feature}", torch.tensor(rates), persistent=False)

    @classmethod
    def fit(cls, rows: Rows) -> Self:
        """Look at the training rows."""
        return cls(Facts.fit(rows), Knots.fit(rows.values))

    def to_state(self) -> State:
        """What was learned."""
        return {"facts": self.facts.to_state(), "knots": self.knots.to_state()}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """What :meth:`to_state` gave."""
        return cls(Facts.from_state(state["facts"]), Knots.from_state(state["knots"]))

    @property
    def width(self) -> int:
        """How many coordinates a row has."""
        return sum(block.width for block in self.blocks)

    def owners(self) -> Tensor:
        """Which feature each coordinate tells about, (width,)."""
        return torch.tensor([block.feature for block in self.blocks for _ in range(block.width)])

    def to_vector(self, values: Tensor, uniform: Tensor | None = None) -> Tensor:
        """Rows in natural units, (n, f) float64 with NaN where missing, as vectors, (n, width) float64.

        Args:
            values: the rows.
            uniform: (n, f) in (0, 1): spreads rows that share a number over its part of the normal distribution, so that what a
                network trains on has no lumps. For scoring none.
        """
        missing = torch.isnan(values)
        known = torch.where(missing, 0.0, values)
        vector = values.new_zeros(len(values), self.width)
        columns, places = [block.feature for block in self.numbers], [block.start for block in self.numbers]
        scores = self.normal_scores.scores(known[:, columns], None if uniform is None else uniform[:, columns])
        vector[:, places] = torch.where(missing[:, columns], 0.0, scores)
        for block in self.categories:
            codes, rates, unit = self._levels(block)
            hot = (known[:, block.feature, None] == codes).to(values)
            vector[:, _inside(block)] = torch.where(missing[:, block.feature, None], 0.0, (hot - rates) / unit)
        for block in self.flags:
            vector[:, block.start] = torch.where(missing[:, block.feature], 1.0, -1.0)
        return vector

    def from_vector(self, vector: Tensor) -> Tensor:
        """The nearest rows in natural units, (n, f) float64: within the range of the training rows, NaN where missing."""
        vector = vector.double()
        values = vector.new_zeros(len(vector), len(self.facts.heads))
        places = [block.start for block in self.numbers]
        values[:, [block.feature for block in self.numbers]] = self._whole(self.normal_scores.values_at(vector[:, places]))
        for block in self.categories:
            codes, rates, unit = self._levels(block)
            values[:, block.feature] = codes[(vector[:, _inside(block)] * unit + rates).argmax(dim=1)]
        for block in self.flags:
            values[:, block.feature] = torch.where(vector[:, block.start] > 0, torch.nan, values[:, block.feature])
        return values

    def shaped(self, outputs: Tensor) -> Tensor:
        """A network's free outputs, (n, width), as vectors of the space: booleans and flags between -1 and 1, levels a softmax."""
        pieces = list(torch.split(outputs, [block.width for block in self.blocks], dim=1))
        for i, block in enumerate(self.blocks):
            if block.kind in ("boolean", "missing"):
                pieces[i] = torch.tanh(pieces[i])
            elif block.kind == "constant":
                pieces[i] = 0 * pieces[i]
            elif block.kind == "category":
                _, rates, unit = self._levels(block)
                pieces[i] = (torch.softmax(pieces[i], dim=1) - rates.to(outputs)) / unit.to(outputs)
        return torch.cat(pieces, dim=1)

    def decided(self, vectors: Tensor) -> Tensor:
        """Vectors that :meth:`shaped` gave, as rows have them: booleans, flags and levels decided, 0 for what is missing.

        Slopes go through as if nothing had been decided ("straight-through").

        Source: Bengio, Léonard and Courville, "Estimating or propagating gradients through stochastic neurons", 2013.
        """
        halves = torch.split(vectors, [block.width for block in self.blocks], dim=1)
        pieces = [self._decided(block, half) + (half - half.detach()) for block, half in zip(self.blocks, halves, strict=True)]
        paired = list(zip(self.blocks, pieces, strict=True))
        known = {block.feature: (1 - piece) / 2 for block, piece in paired if block.kind == "missing"}
        return torch.cat(
            [piece if block.kind == "missing" else piece * known.get(block.feature, 1.0) for block, piece in paired], 1
        )

    def _decided(self, block: Block, piece: Tensor) -> Tensor:
        """The nearest coordinates of a block that a row can have, without a slope."""
        piece = piece.detach()
        if block.kind in ("boolean", "missing"):
            return torch.where(piece > 0, 1.0, -1.0)
        if block.kind != "category":
            return piece
        _, rates, unit = self._levels(block)
        hot = one_hot((piece * unit.to(piece) + rates.to(piece)).argmax(dim=1), block.width)
        return (hot - rates.to(piece)) / unit.to(piece)

    def _levels(self, block: Block) -> tuple[Tensor, Tensor, Tensor]:
        """A category's known codes, their shares of the training rows, and the unit in which its block has variance 1."""
        codes: Tensor = getattr(self, f"codes_{block.feature}")
        rates: Tensor = getattr(self, f"rates_{block.feature}")
        variance = (rates * (1 - rates)).sum()
        return codes, rates, torch.where(variance > 0, variance, 1.0).sqrt()

    def _whole(self, values: Tensor) -> Tensor:
        """Counts are whole."""
        whole = torch.tensor([self.facts.heads[block.feature] == "count" for block in self.numbers], dtype=torch.bool)
        return torch.where(whole, values.round(), values)


def _inside(block: Block) -> slice:
    return slice(block.start, block.start + block.width)


def _blocks(facts: Facts, knots: Knots) -> tuple[Block, ...]:
    """The features in the table's order, then the flags."""
    blocks: list[Block] = []
    start = 0
    for feature, (head, count) in enumerate(zip(facts.heads, knots.counts.tolist(), strict=True)):
        kinds: dict[int, BlockKind] = {1: "constant", 2: "boolean"}
        kind: BlockKind = "category" if head == "category" else kinds.get(count, "number")
        blocks.append(Block(feature, kind, start, count if kind == "category" else 1))
        start += blocks[-1].width
    for feature in np.flatnonzero(facts.can_miss).tolist():
        blocks.append(Block(feature, "missing", start, 1))
        start += 1
    return tuple(blocks)
