"""Numbers as normal scores: where a value stands among the training rows, as a standard normal figure."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import ndtri
from torch import Tensor, nn

from evalkit.backbones.heads.facts import FURTHEST
from evalkit.backbones.heads.knots import Knots

_INSIDE = 1e-9


class NormalScores(nn.Module):
    """Values to scores and back, (n, c) at once, linear between the knots.

    Beyond the ends a score goes on growing, ever more slowly, and is finite for every finite value; the way back ends at the
    ends. A feature with one knot has the score 0 there, one with two has -1 and 1.

    Args:
        knots: of each feature.
        widths: the unit beyond the ends, (c,), > 0.
    """

    values: Tensor
    middles: Tensor
    lowest: Tensor
    highest: Tensor
    spread: Tensor
    edges: Tensor
    edge_values: Tensor
    widths: Tensor

    def __init__(self, knots: Sequence[Knots], widths: NDArray[np.float64]) -> None:
        super().__init__()
        arrays = {
            "values": _padded([its.values for its in knots]),
            "middles": _padded([_middles(its) for its in knots]),
            "lowest": _padded([its.below for its in knots]),
            "highest": _padded([its.above for its in knots]),
            "spread": _padded([(its.atoms & (len(its.values) > 2)).astype(float) for its in knots]),
            "edges": _padded([_edges(its) for its in knots]),
            "edge_values": _padded([np.repeat(its.values, 2) for its in knots]),
            "widths": widths,
        }
        for name, array in arrays.items():
            self.register_buffer(name, torch.tensor(array), persistent=False)

    def scores(self, values: Tensor, uniform: Tensor | None = None) -> Tensor:
        """Scores of natural values, (n, c) float64 without NaN.

        Args:
            values: in natural units.
            uniform: (n, c) in (0, 1); where given, the rows that share an atom are spread over its share of the normal
                distribution instead of all lying in its middle.
        """
        inside = values.clamp(self.values[:, 0], self.values[:, -1])
        scores, at = _between(inside, self.values, self.middles)
        beyond = torch.asinh(((values - inside) / self.widths).clamp(-FURTHEST, FURTHEST))
        if uniform is None:
            return scores + beyond
        low, high = _pick(self.lowest, at), _pick(self.highest, at)
        anywhere = torch.special.ndtri(low + uniform * (high - low))
        tied = (_pick(self.values, at) == values) & (_pick(self.spread, at) > 0)
        return torch.where(tied, anywhere, scores + beyond)

    def values_at(self, scores: Tensor) -> Tensor:
        """Natural values within the range of the training rows for any finite scores, (n, c)."""
        return _between(scores.clamp(self.edges[:, 0], self.edges[:, -1]), self.edges, self.edge_values)[0]


def _middles(knots: Knots) -> NDArray[np.float64]:
    if len(knots.values) <= 2:
        return np.array([-1.0, 1.0]) if len(knots.values) == 2 else np.zeros(1)
    return np.asarray(ndtri((knots.below + knots.above) / 2))


def _edges(knots: Knots) -> NDArray[np.float64]:
    """Two scores a knot between which the way back leads to its value: an atom's whole share, of others a point."""
    middles = _middles(knots)
    if len(middles) == 2:
        return np.array([-1.0, -_INSIDE, _INSIDE, 1.0])
    around = np.column_stack([knots.below + _INSIDE, knots.above - _INSIDE])
    return np.where(knots.atoms[:, None] & (len(middles) > 2), ndtri(around), middles[:, None]).ravel()


def _padded(rows: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Rows of different lengths as one array, each filled up with its last figure."""
    longest = max((len(row) for row in rows), default=1)
    return np.array([np.pad(row, (0, longest - len(row)), mode="edge") for row in rows]).reshape(-1, longest)


def _pick(table: Tensor, at: Tensor) -> Tensor:
    """table[column, at[row, column]], (n, c)."""
    return table.gather(1, at.T).T


def _between(x: Tensor, known: Tensor, images: Tensor) -> tuple[Tensor, Tensor]:
    """The images of x, (n, c), on the line through (known, images), (c, k) each; and the positions of the knots at or below x."""
    at = torch.searchsorted(known, x.T.contiguous(), right=True).T - 1
    after = (at + 1).clamp(max=known.shape[1] - 1)
    start, end = _pick(known, at), _pick(known, after)
    width = end / 2 - start / 2
    share = torch.where(width > 0, (x / 2 - start / 2) / torch.where(width > 0, width, 1.0), 0.0)
    first, last = _pick(images, at), _pick(images, after)
    return torch.where(first == last, first, (1 - share) * first + share * last), at
