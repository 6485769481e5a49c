"""From encoded rows to a network's input, and from a network's output to likelihoods, draws and expected values."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from evalkit.backbones.heads.boolean import BooleanHead
from evalkit.backbones.heads.category import CategoryHead
from evalkit.backbones.heads.constant import ConstantHead
from evalkit.backbones.heads.count import CountHead
from evalkit.backbones.heads.facts import Facts, HeadKind
from evalkit.backbones.heads.head import Head
from evalkit.backbones.heads.likelihoods import bernoulli
from evalkit.backbones.heads.number import NumberHead

HEADS: dict[HeadKind, Callable[[Facts, list[int]], Head]] = {
    "number": NumberHead,
    "count": CountHead,
    "boolean": BooleanHead,
    "category": CategoryHead,
    "constant": ConstantHead,
}


class TableHeads(nn.Module):
    """The likelihoods of one table's features.

    Rows enter as ``prepare(values)``, (n, f, 3): the modelled coordinate, a second figure that the feature's likelihood needs,
    and 1 where the value is there; a missing value is (0, 1, 0). Features of one kind lie together there; everywhere else they
    keep the table's order. No control flow depends on data, so graphs can be exported.

    A missing value has no value term. Whether a value is missing has a term of its own, so that a value missing where others
    have one, or there where others have none, is information.

    Args:
        facts: what the training rows say about each feature.
    """

    columns: Tensor
    order: Tensor
    missing_logit: Tensor
    misses: Tensor

    def __init__(self, facts: Facts) -> None:
        super().__init__()
        self.facts = facts
        columns = {kind: [i for i, head in enumerate(facts.heads) if head == kind] for kind in HEADS}
        self.heads = nn.ModuleList(HEADS[kind](facts, where) for kind, where in columns.items() if where)
        rate = torch.tensor(facts.missing)
        together = torch.cat([head.columns for head in self._heads()])
        self.register_buffer("columns", together, persistent=False)
        self.register_buffer("order", torch.argsort(together), persistent=False)
        self.register_buffer("missing_logit", torch.log(rate) - torch.log1p(-rate), persistent=False)
        self.register_buffer("misses", torch.tensor(np.eye(len(facts.can_miss))[facts.can_miss]), persistent=False)

    @property
    def n_inputs(self) -> int:
        """Width of :meth:`inputs`."""
        return sum(sum(head.widths) for head in self._heads()) + len(self.facts.heads)

    @property
    def n_outputs(self) -> int:
        """Width of the outputs that :meth:`terms`, :meth:`expected` and :meth:`draw` need."""
        return sum(self._widths())

    def prepare(self, values: Tensor) -> Tensor:
        """Encoded rows, (n, f) float64 in natural units with NaN where missing, as (n, f, 3) float64."""
        present = ~torch.isnan(values)
        known = torch.where(present, values, 0.0)
        parts = [head.coordinates(known[:, head.columns]) for head in self._heads()]
        coordinate, second = (torch.cat(part, dim=1) for part in zip(*parts, strict=True))
        there = torch.cat([present[:, head.columns] for head in self._heads()], dim=1)
        return torch.stack([torch.where(there, coordinate, 0.0), torch.where(there, second, 1.0), there.to(values)], dim=-1)

    def inputs(self, x: Tensor) -> Tensor:
        """Prepared rows as a network sees them, (n, n_inputs): a missing value is 0, and said to be missing."""
        parts = [head.inputs(piece[:, :, 0], piece[:, :, 2]) for head, piece in zip(self._heads(), self._pieces(x), strict=True)]
        return torch.cat([*parts, 1 - x[:, :, 2]], dim=1)

    def by_feature(self, figures: Tensor) -> Tensor:
        """Add up figures a column of :meth:`inputs`, (n, n_inputs), into figures a feature, (n, f)."""
        owners = [head.owners() for head in self._heads()]
        owner = torch.cat([*owners, self.columns])
        return torch.zeros(len(figures), len(self.facts.heads), dtype=figures.dtype).index_add(1, owner, figures)

    def terms(self, x: Tensor, outputs: Tensor) -> Tensor:
        """Surprise of each feature in nats, (…, n, f), for outputs (…, n, n_outputs) with any leading axes of draws."""
        said = torch.split(outputs, self._widths(), dim=-1)
        values = [
            head.surprise(piece[:, :, 0], piece[:, :, 1], its)
            for head, piece, its in zip(self._heads(), self._pieces(x), said, strict=False)
        ]
        present = x[:, :, 2]
        whether = bernoulli(1 - present, self._missing_logit(said[-1]).index_select(-1, self.columns))
        return (torch.cat(values, dim=-1) * present + whether).index_select(-1, self.order)

    def residuals(self, x: Tensor, outputs: Tensor) -> Tensor:
        """How far numbers lie from their means in sigmas, (n, f); 0 for all other features and where a value is missing."""
        said = torch.split(outputs, self._widths(), dim=-1)
        parts = [head.residual(piece[:, :, 0], its) for head, piece, its in zip(self._heads(), self._pieces(x), said, strict=False)]
        return (torch.cat(parts, dim=-1) * x[:, :, 2]).index_select(-1, self.order)

    def expected(self, outputs: Tensor) -> Tensor:
        """The most typical values in natural units, (…, f) float64; nothing is missing."""
        pieces = torch.split(outputs, self._widths(), dim=-1)
        values = [head.expected(piece) for head, piece in zip(self._heads(), pieces, strict=False)]
        return torch.cat(values, dim=-1)[..., self.order]

    def draw(self, outputs: Tensor, uniform: Tensor) -> Tensor:
        """Random rows in natural units, (n, f) float64, NaN = missing, for uniform numbers in (0, 1) of shape (n, 2 f)."""
        pieces = torch.split(outputs, self._widths(), dim=-1)
        n_features = len(self.facts.heads)
        values = [head.draw(piece, uniform[:, head.columns]) for head, piece in zip(self._heads(), pieces, strict=False)]
        missing = uniform[:, n_features:] < torch.sigmoid(self._missing_logit(pieces[-1])) * self.misses.sum(dim=0)
        return torch.where(missing, torch.nan, torch.cat(values, dim=-1)[..., self.order])

    def _heads(self) -> list[Head]:
        return [head for head in self.heads if isinstance(head, Head)]

    def _pieces(self, x: Tensor) -> tuple[Tensor, ...]:
        return torch.split(x, [len(head.columns) for head in self._heads()], dim=1)

    def _widths(self) -> list[int]:
        return [*(sum(head.widths) for head in self._heads()), len(self.misses)]

    def _missing_logit(self, outputs: Tensor) -> Tensor:
        """The network moves the logit of features that had missing values in training; of others it is the smoothed share."""
        usual = self.missing_logit.to(outputs)
        return usual + outputs @ self.misses.to(outputs) if len(self.misses) else usual
