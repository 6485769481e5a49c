"""Hashed pieces of texts: how often each run of one to four characters stands in each text."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

_LONGEST = 4
_CHARACTERS_AT_ONCE = 1_000_000
_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xC2B2AE3D27D4EB4F)


def ngram_weights(texts: Sequence[str], buckets: int) -> sparse.csr_array:
    """For each text the logarithm of 1 + how often pieces of each bucket stand in it, divided by the row's length as a vector.

    Upper and lower case are different letters; a blank is put before and after each text. Different pieces may share a bucket.

    Args:
        texts: any.
        buckets: a power of two.

    Returns:
        (n, buckets) float64, rows of length 1.

    >>> weights = ngram_weights(["to be", "to be", "or not"], 256).toarray()
    >>> (weights[0] == weights[1]).all(), (weights[0] == weights[2]).all(), round(float((weights[2] ** 2).sum()), 9)
    (np.True_, np.False_, 1.0)
    """
    parts = [_weights(texts[batch], buckets) for batch in _batches(texts)]
    return sparse.csr_array(sparse.vstack(parts, format="csr")) if parts else sparse.csr_array((0, buckets), dtype=np.float64)


def _batches(texts: Sequence[str]) -> Iterator[slice]:
    """Portions of bounded memory, a longer text alone."""
    portion = np.cumsum([len(text) for text in texts]) // _CHARACTERS_AT_ONCE
    starts = np.flatnonzero(np.diff(portion, prepend=-1.0))
    return (slice(start, stop) for start, stop in pairwise([*starts.tolist(), len(texts)]))


def _weights(texts: Sequence[str], buckets: int) -> sparse.csr_array:
    padded = [f" {text} " for text in texts]
    codes = np.frombuffer("".join(padded).encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.uint64) + np.uint64(1)
    owner = np.repeat(np.arange(len(padded)), [len(text) for text in padded])
    places, hashed = [], np.zeros(len(codes), dtype=np.uint64)
    for length in range(1, _LONGEST + 1):
        if len(codes) < length:
            break
        hashed = hashed[: len(codes) - length + 1] * _FACTOR + codes[length - 1 :]
        inside = owner[: len(hashed)] == owner[length - 1 :]
        places.append(owner[: len(hashed)][inside] * buckets + _bucket(hashed, buckets)[inside])
    place, counts = np.unique(np.concatenate(places), return_counts=True)
    logs = np.log1p(counts.astype(np.float64))
    starts = np.searchsorted(place, np.arange(len(texts) + 1) * buckets)
    # Each row's sum alone and in its order, so that a text has the same features alone and among others.
    lengths = np.sqrt([float((logs[start:stop] ** 2).sum()) for start, stop in pairwise(starts.tolist())])
    return sparse.csr_array((logs / np.repeat(lengths, np.diff(starts)), place % buckets, starts), shape=(len(texts), buckets))


def _bucket(hashed: NDArray[np.uint64], buckets: int) -> NDArray[np.int64]:
    mixed = (hashed ^ (hashed >> np.uint64(29))) * _MIX
    return ((mixed ^ (mixed >> np.uint64(32))) & np.uint64(buckets - 1)).astype(np.int64)
