"""Fully connected layers."""

from torch import Tensor, nn
from torch.nn.functional import silu


class Perceptron(nn.Module):
    """Layers of one width with skip connections: nothing in it looks at other rows."""

    def __init__(self, n_inputs: int, width: int, n_outputs: int) -> None:
        super().__init__()
        self.enter, self.middle, self.leave = nn.Linear(n_inputs, width), nn.Linear(width, width), nn.Linear(width, n_outputs)

    def forward(self, x: Tensor) -> Tensor:
        """(…, n_inputs) to (…, n_outputs)."""
        hidden = silu(self.enter(x))
        left: Tensor = self.leave(hidden + silu(self.middle(hidden)))
        return left
