"""Giveaways in whole rows: do they repeat each other? The plainest sign that a generator has collapsed."""

from collections.abc import Callable, Hashable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.core.sample import Sample, Table
from evalkit.core.schema import Modality
from evalkit.core.seeds import generator
from evalkit.discriminator.giveaways.giveaway import Giveaway, share
from evalkit.statistics import proportion_interval

Counts = NDArray[np.int64]

_MOST_ROWS = 5000
_DEALS, _FEWEST_DEALS, _CELLS, _BLOCK = 9999, 1999, 10_000_000, 2_000_000


def repeats_giveaway(reference: Sample, generated: Sample, *, seed: int) -> Giveaway | None:
    """Which share of the rows equals another row of its sample, in equally many rows of both, 5,000 at most.

    The p-value is exact: rows that are equal are dealt to the samples anew. The interval counts rows that are equal to each other
    as one finding. None where no row of either sample repeats, or all are one.

    Args:
        reference: real rows; of tables the identifiers are left aside.
        generated: of the same columns or form.
        seed: of the lots.

    >>> from evalkit.core.sample import Texts
    >>> real, drawn = Texts.of(f"row {i}" for i in range(40)), Texts.of(f"row {i % 4}" for i in range(40))
    >>> found = repeats_giveaway(real, drawn, seed=0)
    >>> found.sentence, found.p_value < 0.001
    ('100 % of 40 generated texts equal another of them, of as many real ones 0 %.', True)
    """
    n = min(len(reference), len(generated), _MOST_ROWS)
    things, keys = _KEYS[reference.schema.modality]
    both = [
        key for name, sample in (("reference", reference), ("generated", generated)) for key in keys(_some(sample, n, seed, name))
    ]
    codes = pd.factorize(pd.Series(both, dtype=object))[0]
    real, drawn = (np.bincount(side, minlength=int(codes.max(initial=0)) + 1) for side in (codes[:n], codes[n:]))
    usual, found = (int(_repeated(counts)) for counts in (real, drawn))
    if usual == found == 0 or codes.max() == 0:
        return None
    p_value = _p_value(found - usual, real + drawn, n, generator(seed, "repeated rows"))
    # So many findings of about so many rows each.
    findings = int((drawn > 1).sum())
    low, high = proportion_interval(findings, max(findings, round(n * findings / found)) if found else n)[1:]
    value = found / n
    sentence = f"{share(value)} of {n:,} generated {things} equal another of them, of as many real ones {share(usual / n)}."
    return Giveaway("repeated rows", "rows", value, min(low, value), max(high, value), usual / n, p_value, sentence)


def _some(sample: Sample, n: int, seed: int, name: str) -> Sample:
    """So many of the rows, by lot."""
    return sample.take(generator(seed, "repeated rows", name).permutation(len(sample))[:n])


def _of_table(table: Table) -> Sequence[Hashable]:
    columns = [column.name for column in table.schema.columns if column.kind != "identifier"]
    # Without a column no row is like another.
    return pd.util.hash_pandas_object(table.frame[columns], index=False).to_list() if columns else range(len(table))


_KEYS: dict[Modality, tuple[str, Callable[..., Sequence[Hashable]]]] = {
    "table": ("rows", _of_table),
    "images": ("images", lambda images: [one.tobytes() for one in images.pixels]),
    "texts": ("texts", lambda texts: texts.texts.to_pylist()),
    "series": ("series", lambda series: [series.steps(i).tobytes() for i in range(len(series))]),
}
"""What rows of a modality are called, and what is equal where they are."""


def _repeated(counts: Counts) -> Counts:
    """How many rows have an equal one."""
    return np.asarray(np.where(counts > 1, counts, 0).sum(axis=-1), dtype=np.int64)


def _p_value(more: int, together: Counts, n: int, draws: np.random.Generator) -> float:
    """Of so many more repeated rows in one sample than in the other, or fewer, with these numbers of equal rows in both."""
    groups = together[together > 1]
    dealt = np.append(groups, together.sum() - groups.sum())
    deals = int(np.clip(_CELLS // len(dealt), _FEWEST_DEALS, _DEALS))
    block, as_far = max(1, _BLOCK // len(dealt)), 0
    for start in range(0, deals, block):
        to_one = draws.multivariate_hypergeometric(dealt, n, size=min(block, deals - start))[:, :-1]
        as_far += int((np.abs(_repeated(to_one) - _repeated(groups - to_one)) >= abs(more)).sum())
    return (1 + as_far) / (deals + 1)
