"""Random numbers by name: every draw is a function of a seed and of what it is for.

No code in evalkit touches a global generator. A draw that is named by ``(seed, "vae", "batch", step)`` is the same whether or not
other draws came before it, which is what makes a resumed run equal an uninterrupted one.
"""

import hashlib

import numpy as np
from numpy.typing import NDArray

_BLOCK = 256


def derive_seed(seed: int, *key: str | int) -> int:
    """A 63-bit seed for one named purpose.

    >>> derive_seed(0, "fold") == derive_seed(0, "fold")
    True
    >>> derive_seed(0, "fold") == derive_seed(1, "fold")
    False
    """
    text = "\x1f".join([str(int(seed)), *(f"{type(part).__name__}:{part}" for part in key)])
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little") >> 1


def generator(seed: int, *key: str | int) -> np.random.Generator:
    """A NumPy generator for one named purpose.

    >>> float(generator(0, "demo").normal()) == float(generator(0, "demo").normal())
    True
    """
    return np.random.Generator(np.random.Philox(derive_seed(seed, *key)))


def normal_by_row(seed: int, rows: NDArray[np.int64], width: int, *key: str | int) -> NDArray[np.float64]:
    """Standard normal noise that depends on the row number only, never on which rows are drawn together.

    Args:
        seed: the user's seed.
        rows: row numbers, (n,), >= 0.
        width: draws a row.
        key: what the noise is for.

    Returns:
        (n, width) float64.

    >>> both = normal_by_row(0, np.array([3, 700]), 2, "sample")
    >>> bool((both[1] == normal_by_row(0, np.array([700]), 2, "sample")[0]).all())
    True
    """
    rows = np.asarray(rows, dtype=np.int64)
    noise = np.empty((len(rows), width))
    for block in np.unique(rows // _BLOCK):
        inside = rows // _BLOCK == block
        drawn = generator(seed, *key, int(block)).normal(size=(_BLOCK, width))
        noise[inside] = drawn[rows[inside] % _BLOCK]
    return noise
