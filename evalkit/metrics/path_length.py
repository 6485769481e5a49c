"""Path length: how far a generator's rows move when its noise moves a little, so whether its space is smooth."""

import math
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import trim_mean
from scipy.stats.mstats import trimmed_mean_ci

from evalkit.core.errors import InputError, ShapeError
from evalkit.core.seeds import generator
from evalkit.statistics.intervals import Interval, mean_interval

Array = NDArray[np.float64]
Path = Literal["spherical", "linear"]

_BLOCK_PAIRS = 128


def path_length(
    draw: Callable[[Array], Any],
    latent_size: int,
    *,
    features: Callable[[Any], ArrayLike] | None = None,
    pairs: int = 2000,
    epsilon: float = 1e-4,
    path: Path = "spherical",
    trimmed: float = 0.01,
    seed: int = 0,
    level: float = 0.95,
) -> Interval:
    """Mean squared speed of drawn rows on the way between two random noises; with features of images "perceptual path length".

    Small where rows change evenly along the way, large where they jump. It says nothing about what the rows look like: a generator
    that always draws one row has length 0. Lengths compare for one kind of noise, path and features only; without features, pixels
    or columns are taken as they are, which need not be what people see.

    Args:
        draw: from noise (k, latent_size) to k rows of floats, of any shape; a row may depend on its own noise only. Rows that are
            rounded, such as images in bytes, stand still or jump at steps as small as ``epsilon``, and are refused.
        latent_size: width of the noise, which is standard normal; >= 2 for spherical paths.
        features: from what ``draw`` gives to (k, d); None takes the rows themselves.
        pairs: pairs of noises, >= 20.
        epsilon: length of a step as a share of the way; 1e-4 is usual.
        path: ``"spherical"`` keeps to lengths that normal noise has, ``"linear"`` is the straight line.
        trimmed: share of the shortest and of the longest steps that are left out, 0 to below 0.5; 0.01 is usual.
        seed: of noises and places.
        level: confidence.

    Returns:
        The trimmed mean with its interval (Tukey and McLaughlin's), which is of the trimmed mean of the law; lower is smoother.

    Raises:
        InputError: rows are no floats or not finite, or a setting is out of range.
        ShapeError: not one row for each noise.

    Source: Karras et al., CVPR 2019.

    >>> smooth, rough = (path_length(lambda noise, pace=pace: np.sin(pace * noise), 8, pairs=200) for pace in (1, 5))
    >>> smooth.high < rough.low
    True
    """
    if not 0 <= trimmed < 0.5 or not 0 < level < 1:
        raise InputError(f"a path length leaves out a share below one half, at a level below 1, got {trimmed} and {level}")
    steps = path_steps(draw, latent_size, features=features, pairs=pairs, epsilon=epsilon, path=path, seed=seed)
    if trimmed == 0:
        # SciPy's interval fails where nothing is left out.
        return mean_interval(steps, level=level)
    low, high = trimmed_mean_ci(steps, limits=(trimmed, trimmed), alpha=1 - level)
    return Interval(float(trim_mean(steps, trimmed)), float(low), float(high))


def path_steps(
    draw: Callable[[Array], Any],
    latent_size: int,
    *,
    features: Callable[[Any], ArrayLike] | None = None,
    pairs: int = 2000,
    epsilon: float = 1e-4,
    path: Path = "spherical",
    seed: int = 0,
) -> Array:
    """The squared distance of each pair's step over ``epsilon`` squared, (pairs,); see :func:`path_length`.

    Pair i is the same for every generator of one latent size, so that two of them may be compared pair by pair.
    """
    if not 0 < epsilon < 1 or path not in ("spherical", "linear") or latent_size < (2 if path == "spherical" else 1) or pairs < 20:
        raise InputError(
            "a path length needs 0 < epsilon < 1, a linear path or a spherical one of noise of 2 or more, and 20 pairs, got "
            f"{epsilon}, {path!r}, {latent_size} and {pairs}"
        )
    along, found = _spherical if path == "spherical" else _linear, []
    for block in range(math.ceil(pairs / _BLOCK_PAIRS)):
        random = generator(seed, "path length", block)
        first, last = random.normal(size=(2, _BLOCK_PAIRS, latent_size))
        place = random.uniform(size=(_BLOCK_PAIRS, 1))
        both = np.concatenate([along(first, last, place), along(first, last, place + epsilon)])
        start, end = np.split(_rows(draw(both), features, len(both)), 2)
        found.append(((end - start) ** 2).sum(axis=1) / epsilon**2)
    return np.concatenate(found)[:pairs]


def _rows(drawn: Any, features: Callable[[Any], ArrayLike] | None, n: int) -> Array:
    if np.asarray(drawn).dtype.kind != "f":
        raise InputError(f"a path length needs rows of floats, got {np.asarray(drawn).dtype}: hand over a draw that does not round")
    found = np.asarray(drawn if features is None else features(drawn), dtype=np.float64)
    if len(found) != n:
        raise ShapeError(f"a path length needs a row for each noise, got {len(found)} for {n}: check draw and features")
    if not np.isfinite(found).all():
        raise InputError("a path length needs finite rows, found others: check draw and features")
    return found.reshape(n, -1)


def _linear(first: Array, last: Array, place: Array) -> Array:
    return first + place * (last - first)


def _spherical(first: Array, last: Array, place: Array) -> Array:
    """On the great circle between the directions, with lengths in between."""
    lengths = [np.linalg.norm(side, axis=1, keepdims=True) for side in (first, last)]
    start, end = first / lengths[0], last / lengths[1]
    angle = np.arccos(np.clip((start * end).sum(axis=1, keepdims=True), -1, 1))
    turned: Array = (np.sin((1 - place) * angle) * start + np.sin(place * angle) * end) / np.sin(angle)
    return turned * _linear(lengths[0], lengths[1], place)
