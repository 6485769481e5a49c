"""What people or judges preferred, taught back to a model."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import logsigmoid

from evalkit.backbones.network import Network
from evalkit.backbones.training import History, Look, Objective
from evalkit.core.errors import InputError, SchemaError
from evalkit.core.seeds import derive_seed, generator
from evalkit.data.encoded import Encoded, joined

_COLUMNS = ("preferred", "rejected")
_BATCH = 16
_TEMPERATURE, _WEIGHT = 0.1, 1.0
_FORGOTTEN_AT_MOST = 0.03
_PENALTY = 100.0
_SHARE_OF_ITEMS = 0.4


@dataclass(frozen=True, eq=False)
class Votes:
    """Votes between items that were shown.

    Attributes:
        items: everything that was shown, encoded with the model's encoder.
        preferred, rejected: (votes,) int64, positions in ``items``.
        weights: (votes,) float64 >= 0.
    """

    items: Encoded
    preferred: NDArray[np.int64]
    rejected: NDArray[np.int64]
    weights: NDArray[np.float64]

    @classmethod
    def of(cls, items: Encoded, frame: pd.DataFrame) -> Self:
        """Read a table of votes.

        Args:
            items: what was shown.
            frame: a line a vote, with the columns ``preferred`` and ``rejected``, positions in ``items``; and, if not all votes
                count alike, ``weight``. Others, such as ``row``, are left aside.

        Raises:
            SchemaError: a column is missing.
            InputError: there is no vote, a position is not one of the items, or a weight is negative or missing.
        """
        if missing := [name for name in _COLUMNS if name not in frame]:
            raise SchemaError(f"votes need the columns preferred and rejected, {missing[0]} is missing: add it")
        positions = [pd.to_numeric(frame[name], errors="coerce").to_numpy(dtype=np.float64) for name in _COLUMNS]
        weights = np.ones(len(frame)) if "weight" not in frame else pd.to_numeric(frame["weight"], errors="coerce").to_numpy(float)
        for name, values in zip(_COLUMNS, positions, strict=True):
            wrong = ~((values >= 0) & (values < len(items)) & (values % 1 == 0))
            if wrong.any():
                row = int(np.flatnonzero(wrong)[0])
                raise InputError(
                    f"the column {name} must hold positions from 0 to {len(items) - 1}, row {row} does not: correct it"
                )
        if not (np.isfinite(weights) & (weights >= 0)).all():
            row = int(np.flatnonzero(~(np.isfinite(weights) & (weights >= 0)))[0])
            raise InputError(f"the column weight must hold numbers >= 0, row {row} does not: correct it")
        if not weights.sum() > 0:
            raise InputError("learning from votes needs at least one vote with a weight above 0")
        preferred, rejected = (values.astype(np.int64) for values in positions)
        return cls(items, preferred, rejected, weights)

    def arrays(self) -> Sequence[NDArray[np.float64] | NDArray[np.int64]]:
        """What a fingerprint needs beside the items."""
        return [self.preferred, self.rejected, self.weights]


def with_liked_items(rows: Encoded, votes: Votes, seed: int) -> Encoded:
    """Rows of which four in ten are items drawn by their votes: vote-weighted likelihood.

    An item's weight is that of the votes for it less that of the votes against it, or 0; the rest stay rows of the data, so that
    what they taught is not forgotten. Where there are no rows, or no item has more votes for it than against it, they stay as they
    are.
    """
    liking = np.zeros(len(votes.items))
    np.add.at(liking, votes.preferred, votes.weights)
    np.subtract.at(liking, votes.rejected, votes.weights)
    liking = np.maximum(liking, 0.0)
    if not len(rows) or not liking.sum() > 0:
        return rows
    draw = generator(seed, "votes", "items")
    n = max(round(len(rows) * _SHARE_OF_ITEMS / (1 - _SHARE_OF_ITEMS)), 1)
    return joined(rows, votes.items.take(draw.choice(len(votes.items), n, p=liking / liking.sum())))


class Preferred:
    """A family's own objective, and beside it direct preference optimisation.

    The preferred item's log-likelihood should have grown against that of the rejected one, each compared with the model that was
    started from; the own objective goes on, so that what it learned is not forgotten. Of all weights those are kept that agree most
    with the votes while the score of held-out rows is at most 3 % above the start's.

    Args:
        own: the family's objective.
        start: the network as it was; its weights are looked at here and not kept.
        votes: what was preferred to what.
        held_out: rows that training never sees.
        seed: of the batches.

    Source: Rafailov et al., "Direct Preference Optimization", NeurIPS 2023, equation 7, with votes weighted.
    """

    def __init__(self, own: Objective, start: Network, votes: Votes, held_out: Encoded, seed: int) -> None:
        self.own, self.votes, self.seed = own, votes, seed
        self.items, self.held_out = _single(start.prepare(votes.items)), _single(start.prepare(held_out))
        self.before, known = _log_likelihoods(start, self.items), _log_likelihoods(start, self.held_out)
        self.known = float(-known.mean())

    def training_loss(self, network: nn.Module, step: int) -> Tensor:
        """See :class:`~evalkit.backbones.training.Objective`."""
        draw = generator(self.seed, "votes", step)
        share = self.votes.weights / self.votes.weights.sum()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive_seed(self.seed, "votes", "dropout", step))
            margins = self._margins(network, draw.choice(len(share), _BATCH, p=share))
        return self.own.training_loss(network, step) - _WEIGHT * logsigmoid(_TEMPERATURE * margins).mean()

    def look(self, network: nn.Module, history: History) -> Look:
        """See :class:`~evalkit.backbones.training.Objective`; with the share of votes that the model has come to agree with."""
        own = self.own.look(network, history)
        gained = _log_likelihoods(network, self.items) - self.before
        margins = gained[self.votes.preferred] - gained[self.votes.rejected]
        share = torch.from_numpy(self.votes.weights / self.votes.weights.sum()).to(margins)
        disagreement = float(-(share * logsigmoid(_TEMPERATURE * margins)).sum())
        agreement = float((share * (margins > 0)).sum())
        forgotten = (float(-_log_likelihoods(network, self.held_out).mean()) - self.known) / abs(self.known)
        figures = {**own.figures, "rise of the held-out score": forgotten, "agreement with votes": agreement}
        return Look(disagreement + _PENALTY * max(forgotten - _FORGOTTEN_AT_MOST, 0.0), figures, own.stop, own.alarms)

    def _margins(self, network: nn.Module, which: NDArray[np.int64]) -> Tensor:
        """By how many nats the preferred item has gained on the rejected one, (votes,)."""
        items = np.concatenate([self.votes.preferred[which], self.votes.rejected[which]])
        device = next(network.parameters()).device
        gained = _log_likelihood(network, self.items[items].to(device)) - self.before[items].to(device)
        preferred, rejected = gained.chunk(2)
        return preferred - rejected


def _log_likelihood(network: nn.Module, x: Tensor) -> Tensor:
    if not isinstance(network, Network):
        raise TypeError("preferences need a backbone's network")
    return -network.per_row(x, torch.zeros(1, device=x.device)).sum(dim=1)


def _log_likelihoods(network: nn.Module, x: Tensor) -> Tensor:
    """Of many rows, some at a time, without slopes, on the CPU."""
    device = next(network.parameters()).device
    with torch.no_grad():
        return torch.cat([_log_likelihood(network, some.to(device)).cpu() for some in torch.split(x, _BATCH)])


def _single(x: Tensor) -> Tensor:
    return x.float() if x.is_floating_point() else x
