"""Small networks that figures train themselves, on one thread, so that a seed decides every bit."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from evalkit.backbones.threads import one_thread
from evalkit.core.seeds import derive_seed, generator

Array = NDArray[np.float64]
Places = NDArray[np.intp]
Loss = Callable[[Tensor, Tensor], Tensor]

_BLOCK = 256


class Recurrent(nn.Module):
    """A gated recurrent unit (GRU) over windows.

    Args:
        channels: of the windows.
        hidden: units.
        outputs: numbers out.
        each_step: whether every step has its outputs, or the window as a whole, from the mean over its steps and the last.
    """

    def __init__(self, channels: int, hidden: int, outputs: int, *, each_step: bool) -> None:
        super().__init__()
        self.each_step = each_step
        self.unit = nn.GRU(channels, hidden, batch_first=True)
        self.head = nn.Linear(hidden if each_step else 2 * hidden, outputs)

    def forward(self, windows: Tensor) -> Tensor:
        """From (n, length, channels) to (n, length, outputs) or (n, outputs)."""
        states = self.unit(windows)[0]
        seen = states if self.each_step else torch.cat([states[:, -1], states.mean(dim=1)], dim=1)
        answers: Tensor = self.head(seen)
        return answers


def trained(
    make: Callable[[], nn.Module],
    x: Array,
    y: Array,
    loss: Loss,
    batch: Callable[[np.random.Generator], Places],
    *,
    steps: int,
    learning_rate: float,
    seed: int,
    decay: float = 0.0,
) -> nn.Module:
    """A network after so many steps of AdamW, whose rate falls to zero along a cosine; in float64, not to be trained further.

    Args:
        make: the network with fresh weights, drawn from torch's generator.
        x: (n, …) finite rows; training is in float32.
        y: (n, …) what the answers are held against.
        loss: from answers and ``y`` to a number.
        batch: which rows the next step sees.
        steps: of training, >= 1.
        learning_rate: at the start.
        seed: of weights and batches.
        decay: of the weights, >= 0.

    >>> x = np.random.default_rng(0).normal(size=(64, 1))
    >>> double = trained(lambda: nn.Linear(1, 1), x, 2 * x, nn.functional.mse_loss, lambda draw: draw.integers(0, 64, 16),
    ...     steps=300, learning_rate=0.1, seed=0)
    >>> answers(double, np.ones((1, 1))).round(2).tolist()
    [[2.0]]
    """
    inputs, targets = (torch.from_numpy(values.astype(np.float32)) for values in (x, y))
    with one_thread(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed(seed, "small network"))
        network = make()
        optimizer = torch.optim.AdamW(network.parameters(), lr=learning_rate, weight_decay=decay)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
        for step in range(steps):
            rows = torch.from_numpy(batch(generator(seed, "small network", "batch", step)))
            optimizer.zero_grad()
            loss(network(inputs[rows]), targets[rows]).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
    return network.double().eval().requires_grad_(False)


def answers(network: nn.Module, x: Array) -> Array:
    """What a trained network says of rows, in float64: a row's answer does not depend on its company."""
    with one_thread(), torch.no_grad():
        parts = [network(torch.from_numpy(x[i : i + _BLOCK])).numpy() for i in range(0, max(len(x), 1), _BLOCK)]
    return np.concatenate(parts)


def both_sides(real: NDArray[np.bool_], size: int) -> Callable[[np.random.Generator], Places]:
    """Batches with as many rows of one kind as of the other, however many there are."""
    sides = np.flatnonzero(real), np.flatnonzero(~real)
    return lambda draw: np.concatenate([side[draw.integers(0, len(side), size // 2)] for side in sides])
