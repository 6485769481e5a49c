"""Which rows, and which Samples, are the same content, whatever file they came from."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from evalkit.core.sample import Images, Sample, Series, Table, Texts
from evalkit.data.conforming import conform
from evalkit.data.spool import blocks


def array_hashes(rows: NDArray[Any]) -> NDArray[np.uint64]:
    """A 64-bit hash of each row of numbers, (n, …) to (n,); the same in every run, order and process.

    >>> len(np.unique(array_hashes(np.array([[0.0, 1.0], [-0.0, 1.0], [1.0, 0.0]]))))
    2
    """
    # Adding nothing makes -0.0 the same as 0.0.
    found = [hashlib.blake2b(np.ascontiguousarray(row + row.dtype.type(0)).tobytes(), digest_size=8).digest() for row in rows]
    return np.frombuffer(b"".join(found), dtype="<u8").astype(np.uint64)


def row_hashes(sample: Sample) -> NDArray[np.uint64]:
    """A 64-bit hash of each row's content, a table's identifiers apart; the same in every run, order and process.

    Of images the pixels count, of texts every character, of series the values of an entity. Two different rows share a hash with
    probability 5e-20; among a million rows a chance pair has probability 3e-8.

    Returns:
        (n,) uint64.

    >>> row_hashes(Texts.of(["to be", "or not", "to be"])).argsort(kind="stable").tolist() in ([0, 2, 1], [1, 0, 2])
    True
    """
    match sample:
        case Table():
            return _of_table(sample)
        case Texts():
            return np.asarray(pd.util.hash_array(sample.texts.to_pandas().to_numpy(dtype=object)), dtype=np.uint64)
        case Images():
            return array_hashes(sample.pixels)
        case Series():
            return np.array([array_hashes(sample.steps(i)[None])[0] for i in range(len(sample))], dtype=np.uint64)


def _of_table(table: Table) -> NDArray[np.uint64]:
    columns = [column.name for column in table.schema.columns if column.kind != "identifier"]
    if not columns:
        return np.zeros(len(table), dtype=np.uint64)
    frame = table.frame[columns]
    floats = frame.select_dtypes("float64") + 0.0  # -0.0 is 0.0
    frame = pd.concat([floats, frame.drop(columns=floats.columns)], axis=1)
    return np.asarray(pd.util.hash_pandas_object(frame, index=False), dtype=np.uint64)


def rows_also_in(table: Table, reference: Table) -> NDArray[np.bool_]:
    """Which rows of a table stand in the reference too, with the same value in every column, identifiers apart.

    Scores of such rows say nothing about new data: the model has seen them.

    Returns:
        (n,) bool, in the table's order; its sum is the count of duplicates between the two.
    """
    return np.isin(row_hashes(conform(table, reference.schema)), row_hashes(reference))


def content_hash(sample: Sample) -> str:
    """SHA-256 of what a Sample holds, in its order, whatever file it came from; its name and the rows' names do not count.

    Of a table: names, kinds and values, the same for the same content in CSV, Parquet or a frame. Of images: pixels and captions;
    of texts: the texts; of series: channels, times, values and where an entity begins.

    >>> from evalkit.core.schema import Column, Schema
    >>> schema = Schema(modality="table", columns=(Column(name="a", kind="number"),))
    >>> zero, negative_zero = (Table("x", schema, pd.DataFrame({"a": [value]})) for value in (0.0, -0.0))
    >>> content_hash(zero) == content_hash(negative_zero)
    True
    """
    digest = hashlib.sha256()
    for part in _parts(sample):
        digest.update(part)
    return digest.hexdigest()


def _parts(sample: Sample) -> Iterator[bytes]:
    match sample:
        case Table():
            yield json.dumps([(column.name, column.kind) for column in sample.schema.columns]).encode()
            for column in sample.schema.columns:
                yield from _content(sample.frame[column.name])
        case Images():
            yield json.dumps([sample.pixels.shape, sample.pixels.dtype.str, sample.captions]).encode()
            for block in blocks(len(sample), sample.pixels[:1].nbytes):
                yield np.ascontiguousarray(sample.pixels[block]).tobytes()
        case Texts():
            for chunk in sample.texts.chunks:
                for text in chunk.to_pylist():
                    yield len(text.encode()).to_bytes(8, "little") + text.encode()
        case Series():
            yield json.dumps([sample.channels, sample.starts.tolist(), sample.times.dtype.str]).encode()
            yield np.ascontiguousarray(sample.times).tobytes()
            for block in blocks(len(sample.values), sample.values[:1].nbytes):
                yield np.ascontiguousarray(sample.values[block] + 0.0).tobytes()


def _content(values: pd.Series) -> list[bytes]:
    missing = values.isna().to_numpy()
    if values.dtype == object:
        text = pa.array(values, pa.large_string(), from_pandas=True)
        lengths = np.array([0 if value is None else len(value.encode()) for value in text.to_pylist()], dtype="<i8")
        return [missing.tobytes(), lengths.tobytes(), "".join(text.drop_null().to_pylist()).encode()]
    if values.dtype == np.float64:
        return [missing.tobytes(), np.where(missing, 0.0, values.to_numpy() + 0.0).astype("<f8").tobytes()]
    return [missing.tobytes(), np.where(missing, 0, values.to_numpy().astype("<i8")).astype("<i8").tobytes()]
