"""Small windows of series in encoded form."""

import numpy as np

from evalkit.core.seeds import generator
from evalkit.data.windows import Windows


def waves(n: int = 300, seed: int = 0, *, length: int = 12) -> Windows:
    """A wave, its slower echo in other units, and a switch that is on while the wave is high; 5 % of the echo is missing."""
    random = generator(seed, "waves")
    phase = random.uniform(0, 2 * np.pi, (n, 1)) + np.arange(length) * 0.7
    wave = np.sin(phase) + 0.05 * random.normal(size=(n, length))
    echo = 1000 + 200 * np.sin(phase / 2) + 5 * random.normal(size=(n, length))
    echo[random.random((n, length)) < 0.05] = np.nan
    values = np.stack([wave, echo, (np.sin(phase) > 0.5).astype(float)], axis=-1)
    return Windows(values, ("wave", "echo", "switch"), entities=np.zeros(n, dtype=np.int64), starts=np.arange(n) * length)


def flat_lines() -> Windows:
    """Windows of one step: a channel that never changes, one that is always missing."""
    values = np.stack([np.full((20, 1), 7.0), np.full((20, 1), np.nan)], axis=-1)
    return Windows(values, ("steady", "silent"), entities=np.zeros(20, dtype=np.int64), starts=np.arange(20))
