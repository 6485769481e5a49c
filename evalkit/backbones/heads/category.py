"""Categories: one probability a level, and a small one kept for levels that the training rows did not have."""

import math

import torch
from torch import Tensor
from torch.nn.functional import log_softmax, one_hot

from evalkit.backbones.heads.facts import Facts
from evalkit.backbones.heads.head import Head


class CategoryHead(Head):
    """The network says one logit a known level; the unseen code has the fixed probability 1 / (rows + 2)."""

    def __init__(self, facts: Facts, columns: list[int]) -> None:
        super().__init__(columns, [max(facts.levels[i], 1) for i in columns])
        self.log_unseen, self.log_seen = math.log(facts.unseen), math.log1p(-facts.unseen)

    def coordinates(self, values: Tensor) -> tuple[Tensor, Tensor]:
        """The code, and 1 where it is the unseen one."""
        known = torch.tensor(self.widths, dtype=values.dtype)
        code = torch.minimum(torch.clamp(values, min=0.0), known)
        return code, (code == known).to(values)

    def inputs(self, coordinate: Tensor, present: Tensor) -> Tensor:
        """One column a known level; an unseen one is all zero."""
        codes = coordinate.long()
        parts = [one_hot(codes[:, i], levels + 1)[:, :levels] * present[:, i : i + 1] for i, levels in enumerate(self.widths)]
        return torch.cat(parts, dim=1)

    def surprise(self, coordinate: Tensor, second: Tensor, outputs: Tensor) -> Tensor:
        """Minus the log-probability of the code."""
        seen = []
        for i, logits in enumerate(torch.split(outputs, self.widths, dim=-1)):
            code = coordinate[..., i].long().clamp(max=self.widths[i] - 1)
            picked = one_hot(code, self.widths[i]).to(logits)
            seen.append(-(log_softmax(logits, dim=-1) * picked).sum(dim=-1))
        return torch.where(second > 0, -self.log_unseen, torch.stack(seen, dim=-1) - self.log_seen)

    def expected(self, outputs: Tensor) -> Tensor:
        """The likeliest known level's code."""
        return torch.stack([logits.argmax(dim=-1).double() for logits in torch.split(outputs, self.widths, dim=-1)], dim=-1)

    def draw(self, outputs: Tensor, uniform: Tensor) -> Tensor:
        """Codes of known levels."""
        codes = []
        for i, logits in enumerate(torch.split(outputs, self.widths, dim=-1)):
            below = torch.cumsum(torch.softmax(logits, dim=-1), dim=-1)[..., :-1]
            codes.append((uniform[..., i : i + 1] > below).sum(dim=-1).double())
        return torch.stack(codes, dim=-1)
