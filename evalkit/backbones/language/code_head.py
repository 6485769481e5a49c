"""From columns' codes to a network's input, and from what it knows to the probabilities of the next codes."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from evalkit.backbones.language.column_codes import ColumnCodes
from evalkit.backbones.language.ridge import ridge

MOST_LEVELS = 32
_BUMPS = 8
_MEAN, _PRECISION, _FIRST_BUMP, _MISSING = 0, 1, 2, 2 + _BUMPS
_NEVER = -1e9
_MOST_PRECISION, _LEAST_PRECISION = 7.0, -2.0


class CodeHead(nn.Module):
    """The likelihood of columns' codes, each given those before it and what a network has read.

    What is predicted about an ordered column (bins of numbers and counts) is smooth along its codes: a normal distribution over
    their places, whose middle begins as a straight line of the columns before, and eight bumps. Neighbouring bins thus learn
    from each other, and on few rows a network begins where linear regression ends. Levels of a category are told apart freely.
    Everything is relative to how often each code stands in the training rows.

    Attributes:
        senders: which of the figures that codes say go into straight lines, (s,).

    Args:
        columns: the columns' vocabularies.
        width: of the network.
    """

    basis: Tensor
    free: Tensor
    usual: Tensor
    places: Tensor
    bins: Tensor
    seen: Tensor
    spare: Tensor
    senders: Tensor
    earlier: Tensor

    def __init__(self, columns: Sequence[ColumnCodes], width: int) -> None:
        super().__init__()
        for name, array in _tables(columns).items():
            self.register_buffer(name, torch.tensor(array), persistent=False)
        f, _, r = self.basis.shape
        self.enter = nn.Parameter(torch.randn(f, r, width) * 0.3)
        self.leave = nn.Parameter(torch.zeros(f, width, r))
        self.line = nn.Parameter(torch.zeros(len(self.senders), len(self.senders)))
        self.precision = nn.Parameter(torch.zeros(f))

    def told(self, codes: Tensor) -> Tensor:
        """What codes (n, f) say, (n, f, figures)."""
        columns = torch.arange(codes.shape[1], device=codes.device)
        return self.basis[columns, codes].to(self.leave)

    def nothing(self, n: int) -> Tensor:
        """What no codes say."""
        return self.leave.new_zeros((n, self.basis.shape[0], self.basis.shape[2]))

    def tell(self, told: Tensor, column: int, codes: Tensor) -> None:
        """Write down what one column's codes say."""
        told[:, column] = self.basis[column, codes].to(told)

    def sent(self, told: Tensor) -> Tensor:
        """The figures that straight lines are drawn through, (n, s)."""
        return told.flatten(1).index_select(1, self.senders)

    def embedded(self, told: Tensor) -> Tensor:
        """Columns as a network reads them, (n, f, width)."""
        return torch.einsum("nfr,frw->nfw", told, self.enter)

    def logits(self, hidden: Tensor, told: Tensor, some: slice = slice(None), beside: Tensor | None = None) -> Tensor:
        """Logits of some columns' codes, (n, some, most codes).

        Args:
            hidden: (n, some, width) what the network knows.
            told: (n, f, figures) what codes say; of each column only those before it count.
            some: which columns.
            beside: (n, s) what else the straight lines get.
        """
        straight = self.sent(told) @ (self.line * self.earlier.to(self.line))
        straight = straight if beside is None else straight + beside
        said = torch.zeros_like(told.flatten(1)).index_add(1, self.senders, straight.to(told.dtype)).view_as(told)[:, some]
        said = said + torch.einsum("nfw,fwr->nfr", hidden, self.leave[some])
        places = self.places[some].to(said)
        precision = (self.precision[some] + said[..., _PRECISION]).clamp(_LEAST_PRECISION, _MOST_PRECISION).unsqueeze(-1)
        away = places - said[..., _MEAN].unsqueeze(-1)
        normal = 0.5 * (precision + places**2 - torch.exp(precision) * away**2) * self.bins[some]
        free = torch.einsum("nfr,fkr->nfk", said, self.free[some].to(said))
        return self.usual[some].to(said) + normal + free

    def nats(self, logits: Tensor, codes: Tensor) -> Tensor:
        """Minus the log-probability of each code; those that training never had share a fixed small one."""
        chance = torch.log_softmax(logits.masked_fill(~self.seen, _NEVER), dim=-1)
        chance = torch.where(self.seen, chance, 0.0) + self.spare.to(chance)
        return -chance.gather(-1, codes.unsqueeze(-1)).squeeze(-1)

    def independent(self, codes: Tensor) -> Tensor:
        """:meth:`nats` of columns by themselves: how often each code stands in the training rows."""
        return self.nats(self.usual.expand(codes.shape[0], -1, -1), codes)

    def begin_with_lines(self, told: Tensor, beside: Tensor) -> Tensor:
        """Let each ordered column begin as the straight line through these rows that predicts it best.

        Args:
            told: (n, f, figures) what the rows' codes say.
            beside: (n, b) what else the lines get.

        Returns:
            Its slopes, (b, s).
        """
        before, others = self.sent(told).numpy(), beside.numpy()
        slopes_beside = torch.zeros(others.shape[1], len(self.senders))
        with torch.no_grad():
            for at, sender in enumerate(self.senders.tolist()):
                column = sender // self.basis.shape[2]
                there = told[:, column, _MISSING].numpy() == 0
                if not self.bins[column].any() or not there.any():
                    continue
                mine = self.earlier[:, at].numpy().astype(bool)
                slopes, error = ridge(np.hstack([before[:, mine], others])[there], before[there, at])
                found = torch.from_numpy(slopes).float()
                self.line[torch.from_numpy(mine), at], slopes_beside[:, at] = found[: mine.sum()], found[mine.sum() :]
                self.precision[column] = -math.log(min(max(error, 1e-3), 1.0))
        return slopes_beside


def _tables(columns: Sequence[ColumnCodes]) -> dict[str, NDArray[Any]]:
    """The network's constants, one row a column: at most k codes and r figures each."""
    f, k = len(columns), max(len(column.counts) for column in columns)
    r = max(_MISSING + 1, *(len(column.counts) for column in columns if column.kind == "category"), 0)
    tables: dict[str, NDArray[Any]] = {name: np.zeros((f, k)) for name in ("usual", "places", "spare")}
    bins, seen = np.zeros((f, k), dtype=bool), np.zeros((f, k), dtype=bool)
    basis, free = np.zeros((f, k, r), dtype=np.float32), np.zeros((f, k, r), dtype=np.float32)
    talks = np.zeros((f, r), dtype=bool)
    for i, column in enumerate(columns):
        n = len(column.counts)
        tables["usual"][i, :n] = np.log((column.counts + 0.5) / (column.counts + 0.5).sum())
        tables["spare"][i, :n] = _spare(column.counts)
        seen[i, :n] = column.counts > 0
        if column.kind == "category":
            basis[i, :n, :n] = free[i, :n, :n] = np.eye(n)
            talks[i, : n - 2] = n - 2 <= MOST_LEVELS
            continue
        bins[i, : n - 2], tables["places"][i, : n - 2] = True, column.scores
        basis[i, :n, : _MISSING + 1] = _figures(column.scores)
        free[i, :n, _FIRST_BUMP : _MISSING + 1] = basis[i, :n, _FIRST_BUMP : _MISSING + 1]
        talks[i, _MEAN] = True
    ends = np.flatnonzero(talks)
    earlier = (ends[:, None] // r < ends // r).astype(np.float32)
    ways: dict[str, NDArray[Any]] = {"senders": ends, "earlier": earlier}
    return {**tables, **ways, "bins": bins, "seen": seen, "basis": basis, "free": free}


def _figures(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """What the codes of an ordered column say: their place, its square, bumps around it, or that there is none."""
    centers = np.linspace(-2.0, 2.0, _BUMPS)
    bumps = np.exp(-0.5 * ((scores[:, None] - centers) / (centers[1] - centers[0])) ** 2)
    told = np.column_stack([scores, (scores**2 - 1) / math.sqrt(2), bumps, np.zeros(len(scores))])
    missing = np.zeros((2, told.shape[1]))
    missing[1, _MISSING] = 1
    return np.vstack([told, missing])


def _spare(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Log of the share that is kept for the codes that training had, and of what each other one gets."""
    share = 1 / (counts.sum() + 2)
    return np.asarray(np.where(counts > 0, np.log1p(-share), np.log(share / max((counts == 0).sum(), 1))))
