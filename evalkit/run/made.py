"""Generators made of real rows: what no generator can do better than, and what is right column by column only."""

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

from evalkit.core.errors import InputError
from evalkit.core.sample import Images, Sample, Series, Table, Texts
from evalkit.core.seeds import generator

FEWEST = 20


def halves(real: Sample, seed: int) -> tuple[Sample, Sample]:
    """Two halves that share no row, drawn at random; of series the earlier and the later steps of each.

    Args:
        real: at least 20 rows, or one series whose entities have 20 steps each.
        seed: same seed, same halves.

    Raises:
        InputError: there are too few.
    """
    if isinstance(real, Series):
        return _in_time(real)
    if len(real) < FEWEST:
        raise InputError(
            f"two halves of the real rows need at least {FEWEST} rows, got {len(real)}: give more, or files to compare"
        )
    order = generator(seed, "made", "halves").permutation(len(real))
    middle = len(real) // 2
    return real.take(np.sort(order[:middle])), real.take(np.sort(order[middle : 2 * middle]))


def shuffled(real: Sample, seed: int) -> Sample:
    """The same values with everything that ties them together lost.

    Every column of a table, every pixel of images and every channel of series is put in an order of its own, and the words of each
    text in another order.
    """
    draw = generator(seed, "made", "shuffled")
    if isinstance(real, Table):
        frame = real.frame.apply(lambda column: column.to_numpy()[draw.permutation(len(column))])
        # What stood in the source belongs to the rows as they were.
        return replace(real, frame=frame.astype(real.frame.dtypes.to_dict()), cells=None)
    if isinstance(real, Images):
        return replace(real, pixels=_each_by_itself(real.pixels.reshape(len(real), -1), draw).reshape(real.pixels.shape))
    if isinstance(real, Series):
        return replace(real, values=_each_by_itself(real.values, draw))
    return _words(real, draw)


def _each_by_itself(values: Any, draw: np.random.Generator) -> Any:
    return draw.permuted(values, axis=0)


def _words(real: Texts, draw: np.random.Generator) -> Texts:
    texts = [" ".join(draw.permutation(np.array(text.split() or [""], dtype=object))) for text in real.texts.to_pylist()]
    return replace(real, texts=pa.chunked_array([pa.array(texts, pa.large_string())]))


def _in_time(real: Series) -> tuple[Series, Series]:
    lengths = np.diff(real.starts)
    if (lengths < FEWEST).any():
        raise InputError(f"two halves of a series need at least {FEWEST} steps, got {lengths.min()}: leave short series out")
    halves = lengths // 2
    earlier = [np.arange(start, start + half) for start, half in zip(real.starts[:-1], halves, strict=True)]
    later = [np.arange(start + half, start + 2 * half) for start, half in zip(real.starts[:-1], halves, strict=True)]
    starts = np.cumsum([0, *halves], dtype=np.int64)
    first, second = (
        replace(real, values=real.values[places], times=real.times[places], starts=starts)
        for places in (np.concatenate(earlier), np.concatenate(later))
    )
    return first, second
