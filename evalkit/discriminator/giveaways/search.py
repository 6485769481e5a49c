"""Looking for everything that may give a generator away."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from evalkit.core.errors import InputError, ShapeError
from evalkit.core.sample import Sample, Table, Texts
from evalkit.core.schema import Column, Modality
from evalkit.data.conforming import conform
from evalkit.data.encoding import TableEncoder
from evalkit.discriminator.giveaways.categories import category_giveaways
from evalkit.discriminator.giveaways.cells import decimals_giveaway, missing_giveaway, range_giveaway
from evalkit.discriminator.giveaways.columns import column_giveaways
from evalkit.discriminator.giveaways.dependence import dependence_giveaways, gathered
from evalkit.discriminator.giveaways.giveaway import Giveaway
from evalkit.discriminator.giveaways.images import image_giveaways
from evalkit.discriminator.giveaways.repeats import repeats_giveaway
from evalkit.discriminator.giveaways.series import series_giveaways
from evalkit.discriminator.giveaways.texts import text_giveaways
from evalkit.discriminator.halves import FEWEST
from evalkit.statistics import holm


def find_giveaways(reference: Sample, generated: Sample, *, seed: int, level: float = 0.05) -> tuple[Giveaway, ...]:
    """What gives a generator away, most telling first.

    First comes what is significant; there, in tables, what is wrong in cells (decimals, missing values, range, categories), in
    pairs of columns or in whole rows before what only a classifier sees, since it says why; there, the largest difference. Where
    one column does not hang together with three others or more, that is one finding. All p-values are corrected together, so that
    with equal laws one in twenty pairs of Samples at most has anything below 0.05. Nothing found does not mean nothing there.

    Args:
        reference: real rows, 10 or more; series may be few, if they are long.
        generated: generated rows of the same modality, 10 or more, with the reference's columns, form or channels.
        seed: of everything random.
        level: what counts as significant, 0 < level < 1.

    Raises:
        InputError: the Samples are of two modalities, or of one without giveaways, or of another form.
        ShapeError: fewer than 10 rows a side.
        SchemaError: a column is missing or of another kind.

    >>> from evalkit.data.load import load
    >>> random = np.random.default_rng(0)
    >>> real = load(pd.DataFrame({"price": random.normal(5, 1, 300).round(2)}))
    >>> drawn = load(pd.DataFrame({"price": random.normal(5, 1, 300)}))
    >>> find_giveaways(real, drawn, seed=0)[0].sentence.partition(":")[0]
    "'price' is written with more decimals than the reference"
    """
    modality = reference.schema.modality
    if modality != generated.schema.modality:
        raise InputError(f"giveaways are looked for in two samples of one modality, got {modality} and {generated.schema.modality}")
    found = list(_LOOKS[modality](reference, generated, seed=seed))
    repeats = repeats_giveaway(reference, generated, seed=seed)
    found += [] if repeats is None else [repeats]
    adjusted = holm(np.array([one.p_value for one in found]))
    corrected = [replace(one, p_value=float(p_value)) for one, p_value in zip(found, adjusted, strict=True)]
    told = [*gathered([one for one in corrected if one.p_value <= level]), *(one for one in corrected if one.p_value > level)]
    return tuple(sorted(told, key=lambda one: (one.p_value > level, one.what == "column", -one.size, one.p_value)))


def _enough(reference: Sample, generated: Sample) -> None:
    if min(len(reference), len(generated)) < FEWEST:
        raise ShapeError(f"giveaways need {FEWEST} rows a side, got {len(reference)} and {len(generated)}: give more rows")


def _in_texts(reference: Texts, generated: Texts, *, seed: int) -> Iterator[Giveaway]:
    _enough(reference, generated)
    yield from text_giveaways(reference, generated, seed=seed)


def _in_tables(reference: Table, generated: Table, *, seed: int) -> Iterator[Giveaway]:
    _enough(reference, generated)
    generated = conform(generated, reference.schema)
    yield from _in_cells(reference, generated, seed)
    yield from dependence_giveaways(reference, generated, seed=seed)
    yield from _in_columns(reference, generated, seed)


def _in_cells(reference: Table, generated: Table, seed: int) -> Iterator[Giveaway]:
    for column in reference.schema.columns:
        if column.kind != "identifier":
            yield from (one for one in _of_column(column, reference, generated, seed) if one is not None)


def _of_column(column: Column, reference: Table, generated: Table, seed: int) -> Iterator[Giveaway | None]:
    real, drawn = reference.frame[column.name], generated.frame[column.name]
    yield missing_giveaway(column.name, real, drawn)
    if column.kind in ("category", "boolean"):
        yield from category_giveaways(column.name, real, drawn, seed=seed)
    if column.kind == "number":
        yield decimals_giveaway(column.name, _numbers(real), _numbers(drawn))
    if column.kind in ("number", "count", "datetime"):
        yield range_giveaway(column.name, _numbers(real), _numbers(drawn))


def _numbers(values: pd.Series) -> "np.ndarray[tuple[int, ...], np.dtype[np.float64]]":
    if values.dtype == np.float64:
        return values.to_numpy(np.float64)
    moments = values.astype("datetime64[ns]")
    return np.where(moments.isna(), np.nan, moments.astype("int64").astype(np.float64))


def _in_columns(reference: Table, generated: Table, seed: int) -> Iterator[Giveaway]:
    """The encoder sees both tables alike: one fitted on the reference alone would call every rare new label unknown."""
    frame = pd.concat([reference.frame, generated.frame], ignore_index=True)
    rows = TableEncoder().fit(Table("both", reference.schema, frame)).transform(Table("both", reference.schema, frame))
    return column_giveaways(rows.take(slice(0, len(reference))), rows.take(slice(len(reference), None)), seed=seed)


_LOOKS: dict[Modality, Callable[..., Iterable[Giveaway]]] = {
    "table": _in_tables,
    "images": image_giveaways,
    "texts": _in_texts,
    "series": series_giveaways,
}
"""What looks for giveaways in samples of a modality, from reference, generated and ``seed``."""
