"""Windows that training never sees: whole stretches of a series, since windows that overlap tell of each other."""

import numpy as np
from numpy.typing import NDArray

from evalkit.data.windows import Windows

_STRETCHES, _FEWEST = 4, 10


def hold_out_stretches(windows: Windows, n_held_out: int, random: np.random.Generator) -> tuple[Windows, Windows]:
    """Training windows, and about ``n_held_out`` that share no step with any of them.

    They lie in up to four stretches, one in each quarter of the windows, of at least ten windows each. Windows that overlap with
    one of these are in neither part. Where less than half would be left to train on, none are held out: the series is too short.

    >>> values, starts = np.zeros((100, 4, 1)), np.arange(100)
    >>> windows = Windows(values, ("a",), entities=np.zeros(100, dtype=np.int64), starts=starts)
    >>> training, held_out = hold_out_stretches(windows, 10, np.random.default_rng(0))
    >>> len(held_out), len(training), int(np.ptp(held_out.starts))
    (10, 84, 9)
    """
    order = np.lexsort((windows.starts, windows.entities))
    quarters = np.array_split(order, max(min(_STRETCHES, n_held_out // _FEWEST), 1))
    stretches = [_one_of(quarter, n_held_out // len(quarters), random) for quarter in quarters]
    away = np.ones(len(windows), dtype=bool)
    for stretch in stretches:
        away &= ~_touches(windows, stretch)
    if away.sum() < len(windows) / 2:
        return windows, windows.take(slice(0, 0))
    return windows.take(away), windows.take(np.concatenate(stretches))


def _one_of(order: NDArray[np.intp], n: int, random: np.random.Generator) -> NDArray[np.intp]:
    """As many neighbours."""
    begin = int(random.integers(0, len(order) - n + 1))
    return order[begin : begin + n]


def _touches(windows: Windows, stretch: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Which windows share a step with those of the stretch."""
    length, touched = windows.values.shape[1], np.zeros(len(windows), dtype=bool)
    for entity in np.unique(windows.entities[stretch]):
        starts = windows.starts[stretch[windows.entities[stretch] == entity]]
        near = (windows.starts > starts.min() - length) & (windows.starts < starts.max() + length)
        touched |= near & (windows.entities == entity)
    return touched
