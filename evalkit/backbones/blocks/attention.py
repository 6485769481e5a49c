"""Attention among the places of one row."""

from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention


class SelfAttention(nn.Module):
    """Every place looks at every other one of its row, in several heads; with a skip connection.

    Args:
        width: of a place; a multiple of ``heads``.
        heads: how many.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm, self.heads = nn.LayerNorm(width), heads
        self.ask, self.leave = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x: Tensor, there: Tensor | None = None) -> Tensor:
        """(n, places, width) to the same; where ``there``, (n, places), is false, nobody looks."""
        asked = self.ask(self.norm(x)).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        mask = None if there is None else there[:, None, None, :]
        seen = scaled_dot_product_attention(asked[0], asked[1], asked[2], attn_mask=mask)
        result: Tensor = x + self.leave(seen.transpose(1, 2).flatten(2))
        return result
