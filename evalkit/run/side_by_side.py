"""A reference and what is held against it, read so that all of it means the same."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from evalkit.compare.words import visible
from evalkit.core.errors import InputError, about
from evalkit.core.sample import Sample, Table, Texts
from evalkit.core.schema import Modality, Schema
from evalkit.data import Data, load
from evalkit.data.files import suffix_of
from evalkit.data.texts import read_lines

_ALONE = (
    'is one text, and texts are compared by many: give a folder of .txt files, a .jsonl file with one {"text": "…"} a line, or '
    "--modality texts where each line is a text"
)


class SideBySide(NamedTuple):
    """Samples of one schema.

    Attributes:
        real: the reference.
        drawn: the generators' rows by name.
        fitted: rows that they were fitted to, or None.
        cautions: what had to be done for it.
    """

    real: Sample
    drawn: dict[str, Sample]
    fitted: Sample | None
    cautions: list[str]


def read_side(data: Data, whose: str, *, modality: Modality | None = None, schema: Schema | None = None) -> Sample:
    """A Sample; where texts are asked for by name, each line of a .txt file is one, since one text cannot be compared.

    Args:
        data: whatever :func:`evalkit.load` reads.
        whose: what it is, for messages, which name column and row and not always the file.
        modality: what the data are; None: found out.
        schema: the reference's.

    Raises:
        InputError: it cannot be read.
    """
    with about(whose):
        if modality == "texts" and _is_text_file(data):
            data = read_lines(Path(data))
        return load(data, modality=modality, schema=schema)


def side_by_side(
    reference: Data, generated: Mapping[str, Data], fitted: Data | None, *, modality: Modality | None = None
) -> SideBySide:
    """Read all under the reference's schema.

    A column of whole numbers, none below 0, counts something as far as the reference shows. If another sample has fractions or
    negative numbers there, they are what is to be compared: the column is then one of numbers on all sides.

    Args:
        reference: real rows.
        generated: each generator's rows by its name.
        fitted: rows that the generators were fitted to.
        modality: what all of it is; None: what the reference is found to be.

    Raises:
        InputError: something cannot be read, or the reference is a single text.

    >>> import pandas as pd
    >>> sides = side_by_side(pd.DataFrame({"n": [0, 3, 1, 5] * 9}), {"a": pd.DataFrame({"n": [0.5, 1.5] * 9})}, None)
    >>> sides.real.schema.columns[0].kind
    'number'
    """
    real = read_side(reference, "the reference", modality=modality)
    if _alone(real):
        raise InputError(f"{visible(real.name, 60)} {_ALONE}")
    taken = _taken_for_a_table(reference, real) if modality is None else ""
    beside = f" ({taken})" if taken else ""
    drawn = {
        name: read_side(data, f"generator {visible(name, 60)!r}{beside}", modality=modality, schema=real.schema)
        for name, data in generated.items()
    }
    known = None if fitted is None else read_side(fitted, f"the fitted rows{beside}", modality=modality, schema=real.schema)
    said = [f"{visible(name, 60)} {_ALONE}." for name, sample in drawn.items() if _alone(sample)]
    said += [f"{taken}."] if taken else []
    others = [*drawn.items(), ("the fitted rows", known)]
    uncounted = [name for name in _counted(real) if any(_odd(each, name) for _, each in others)]
    if not uncounted:
        return SideBySide(real, drawn, known, said)
    kinds = {name: {"kind": "number"} for name in uncounted}
    columns = tuple(column.model_copy(update=kinds.get(column.name)) for column in real.schema.columns)
    schema = real.schema.model_copy(update={"columns": columns})
    odd = [visible(name, 60) for name, each in others if any(_odd(each, column) for column in uncounted)]
    said.append(
        f"{', '.join(repr(visible(name, 40)) for name in uncounted)}: whole numbers and none negative in the reference, but not in "
        f"{', '.join(odd)}; compared as numbers of any kind."
    )
    again = {name: load(sample, schema=schema) for name, sample in drawn.items()}
    return SideBySide(load(real, schema=schema), again, None if known is None else load(known, schema=schema), said)


def _is_text_file(data: Data) -> bool:
    return isinstance(data, str | Path) and suffix_of(Path(data)) == ".txt"


def _taken_for_a_table(reference: Data, real: Sample) -> str:
    """What to say where lines of equally many cells may have been meant as texts."""
    if not (isinstance(real, Table) and _is_text_file(reference)):
        return ""
    columns = len(real.schema.columns)
    as_what = f"a table of {columns} column{'s' * (columns > 1)}"
    return f"{visible(real.name, 60)} was read as {as_what}: give --modality texts if each line is a text"


def _alone(sample: Sample) -> bool:
    return isinstance(sample, Texts) and len(sample) == 1


def _counted(sample: Sample) -> list[str]:
    schema: Schema = sample.schema
    return [column.name for column in schema.columns if column.kind == "count"] if isinstance(sample, Table) else []


def _odd(sample: Sample | None, column: str) -> bool:
    """Whether a column of counts holds something else."""
    if not isinstance(sample, Table):
        return False
    values = sample.frame[column].to_numpy(dtype=np.float64)
    return bool(((values < 0) | (values % 1 > 0)).any())
