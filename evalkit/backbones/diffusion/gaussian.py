"""What is known without any network: how far the training rows' covariance alone denoises a point."""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from evalkit.backbones.diffusion.process import arc
from evalkit.core.state import State

_LEAST_VARIANCE = 1e-4


class GaussianDenoiser(nn.Module):
    """The best velocity if rows were normally distributed, and in what units that velocity still errs.

    Points are rows turned to the axes of their covariance, where each coordinate can be treated alone. A network then has to learn
    only in what way the rows differ from a normal distribution, which few rows suffice for.

    Args:
        mean: of the training rows, (w,).
        axes: orthonormal columns, (w, w).
        variances: along them, (w,); at least 1e-4.
    """

    mean: Tensor
    axes: Tensor
    variances: Tensor

    def __init__(self, mean: NDArray[np.float64], axes: NDArray[np.float64], variances: NDArray[np.float64]) -> None:
        super().__init__()
        self.state: State = {"mean": mean, "axes": axes, "variances": variances}
        for name, array in self.state.items():
            self.register_buffer(name, torch.tensor(array), persistent=False)

    @classmethod
    def fit(cls, vectors: NDArray[np.float64]) -> Self:
        """Look at the training rows, (n, w).

        >>> GaussianDenoiser.fit(np.array([[0.0, 1.0], [0.0, -1.0]])).variances.tolist()
        [0.0001, 1.0]
        """
        mean = vectors.mean(axis=0)
        variances, axes = np.linalg.eigh((vectors - mean).T @ (vectors - mean) / len(vectors))
        return cls(mean, axes, np.maximum(variances, _LEAST_VARIANCE))

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """What :meth:`to_state` gave."""
        return cls(**state)

    def to_state(self) -> State:
        """Arrays."""
        return self.state

    def points(self, vectors: Tensor) -> Tensor:
        """Rows turned to the axes."""
        return (vectors - self.mean) @ self.axes

    def vectors(self, points: Tensor) -> Tensor:
        """The way back."""
        return points @ self.axes.T + self.mean

    def at(self, t: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """At levels (…, 1): the velocity for each unit of a point, its remaining error, and the points' own spread, (…, w)."""
        signal, noisy = arc(t)
        variances = self.variances.to(t)
        spread = (signal**2 * variances + noisy**2).sqrt()
        return signal * noisy * (1 - variances) / spread**2, variances.sqrt() / spread, spread
