"""Write what was made for people and programs: each modality in forms that :func:`evalkit.load` reads again."""

import csv
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from evalkit.core.errors import InputError
from evalkit.core.files import significant, whole_file
from evalkit.core.sample import Images, Sample, Series, Table, Texts
from evalkit.core.schema import Column, Modality, Schema
from evalkit.run.pictures import write_arrays, write_pictures
from evalkit.run.sounds import write_sound

BETWEEN_TEXTS = "\n\f\n"
"""What stands between two texts of a ``.txt`` file: a form feed on a line of its own, which ordinary writing does not have."""

_ENTITY = "entity"

FORMS: Mapping[Modality, tuple[str, ...]] = {
    "table": (".parquet", ".csv"),
    "texts": (".jsonl", ".csv", ".parquet", ".txt"),
    "images": ("", ".npz"),
    "series": (".parquet", ".csv", ".wav"),
}
"""The endings of each modality's files; no ending is a folder."""

_TO_WRITE: Mapping[Modality, str] = {
    "table": "a table needs a file that ends in .parquet or .csv",
    "texts": "texts need a file that ends in .jsonl, .csv, .parquet or .txt",
    "images": "images need a folder, whose name has no ending, or a file that ends in .npz",
    "series": "series need a file that ends in .parquet or .csv, one recording may go to .wav",
}


def check_output(path: Path, modality: Modality = "table") -> None:
    """Refuse an output that could not be written, before the work rather than after it.

    Raises:
        InputError: the ending does not fit the modality, or something else is in the way.
    """
    if path.suffix.lower() not in FORMS[modality]:
        raise InputError(f"{path.name} cannot be written: {_TO_WRITE[modality]}")
    if path.suffix and path.is_dir():
        raise InputError(f"{path.name} is a folder: {_TO_WRITE[modality]}")
    if not path.suffix and path.exists() and not (path.is_dir() and not any(path.iterdir())):
        raise InputError(f"{path.name} is there already: images are written to a new folder or an empty one")


def write_sample(sample: Sample, path: Path) -> None:
    """Write a Sample in a form of its modality; what its file's name ends in says which.

    Tables: ``.parquet`` or ``.csv``. Texts: ``.jsonl``, ``.csv`` or ``.parquet`` with one column; ``.txt`` is for reading, with a
    form feed on a line of its own between two texts. Images: a folder of PNG files with ``captions.csv`` where there are
    captions, or ``.npz``. Series: ``.parquet`` or ``.csv``, one line a step, with the time, the entity and the channels; one sound
    recording also ``.wav``. All but a ``.txt`` of several texts come back through :func:`evalkit.load`, texts in tables with
    ``modality="texts"``, series with ``entity`` naming their column.

    Raises:
        InputError: the ending does not fit the modality, or images go to a folder that holds something.
    """
    check_output(path, sample.schema.modality)
    if isinstance(sample, Table):
        write_table(sample.frame, path)
    elif isinstance(sample, Texts):
        _write_texts(sample, path)
    elif isinstance(sample, Series) and path.suffix.lower() == ".wav":
        write_sound(sample, path)
    elif isinstance(sample, Series):
        write_table(steps_of(sample), path)
    else:
        _write_images(sample, path)


def write_table(frame: pd.DataFrame, path: Path) -> None:
    r"""Write a table whole or not at all, floats rounded to eight significant digits, so that files compare byte by byte.

    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "scores.csv"
    >>> write_table(pd.DataFrame({"p_value": [1 / 3]}), target)
    >>> target.read_text()
    'p_value\n0.33333333\n'
    """
    check_output(path)
    rounded = frame.copy()
    for name in rounded.columns[[dtype.kind == "f" for dtype in rounded.dtypes]]:
        rounded[name] = significant(rounded[name].to_numpy(dtype=np.float64))
    with whole_file(path) as temporary:
        if path.suffix.lower() == ".csv":
            rounded.to_csv(temporary, index=False, lineterminator="\n")
        else:
            rounded.to_parquet(temporary, index=False)


def steps_of(series: Series) -> pd.DataFrame:
    """Series as a table, one line a step, with the columns of :func:`steps_schema`."""
    time, *others = steps_schema(series).columns
    frame = pd.DataFrame(series.values, columns=list(series.channels))
    for column in others:
        if column.kind == "identifier":
            frame.insert(0, column.name, np.repeat(np.array(series.entities, object), np.diff(series.starts)))
    frame.insert(0, time.name, series.times)
    return frame


def steps_schema(series: Series) -> Schema:
    """The series' schema, with a column for the entity where there are several and it has none: time, entity, channels."""
    time, *others = series.schema.columns
    if len(series) == 1 or any(column.kind == "identifier" for column in others):
        return series.schema
    return Schema(modality="series", columns=(time, Column(name=_ENTITY, kind="identifier"), *others))


def _write_texts(texts: Texts, path: Path) -> None:
    frame = pd.DataFrame({texts.schema.columns[0].name: texts.texts.to_pylist()})
    suffix = path.suffix.lower()
    with whole_file(path) as temporary:
        if suffix == ".parquet":
            frame.to_parquet(temporary, index=False)
        elif suffix == ".csv":
            # Without quotes a reader could not tell an empty text from no line at all, or a line break inside from one behind.
            frame.to_csv(temporary, index=False, lineterminator="\n", quoting=csv.QUOTE_ALL)
        elif suffix == ".jsonl":
            frame.to_json(temporary, orient="records", lines=True, force_ascii=False)
        else:
            temporary.write_bytes(BETWEEN_TEXTS.join(texts.texts.to_pylist()).encode())


def _write_images(images: Images, path: Path) -> None:
    if path.suffix:
        write_arrays(images, path)
    else:
        write_pictures(images, path)
