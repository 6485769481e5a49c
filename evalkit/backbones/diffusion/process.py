"""The noising process: what noise makes of a row, and what a network's prediction says about row and noise.

A point at level t, from 0 (clean) to 1 (noise only), is ``cos(a) clean + sin(a) noise`` with the angle a = t pi / 2. A network
predicts the velocity ``cos(a) noise - sin(a) clean`` along this arc. Point and velocity determine clean row and noise, so one
network serves every sampler, and for points of unit variance both have unit variance at every level.

Source: Salimans and Ho, "Progressive Distillation for Fast Sampling of Diffusion Models", ICLR 2022, appendix D.
"""

import math

import torch
from torch import Tensor


def arc(t: Tensor) -> tuple[Tensor, Tensor]:
    """The parts of clean row and noise at level t.

    >>> [round(float(part), 3) for part in arc(torch.tensor(1 / 3))]
    [0.866, 0.5]
    """
    return torch.cos(0.5 * math.pi * t), torch.sin(0.5 * math.pi * t)


def noised(clean: Tensor, noise: Tensor, t: Tensor) -> Tensor:
    """The point at level t; all broadcast."""
    signal, noisy = arc(t)
    return signal * clean + noisy * noise


def velocity(clean: Tensor, noise: Tensor, t: Tensor) -> Tensor:
    """What a network is to predict; all broadcast."""
    signal, noisy = arc(t)
    return signal * noise - noisy * clean


def taken_apart(point: Tensor, predicted: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
    """Clean row and noise according to a predicted velocity."""
    signal, noisy = arc(t)
    return signal * point - noisy * predicted, noisy * point + signal * predicted
