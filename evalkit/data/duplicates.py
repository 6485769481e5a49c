"""Which rows, and which tables, are the same content, whatever file they came from."""

import hashlib
import json

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from evalkit.core.sample import Table
from evalkit.data.conforming import conform


def row_hashes(table: Table) -> NDArray[np.uint64]:
    """A 64-bit hash of each row's values, identifiers apart; the same in every run, order and process.

    Two different rows share a hash with probability 5e-20; among a million rows a chance pair has probability 3e-8.

    Returns:
        (n,) uint64.
    """
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


def content_hash(table: Table) -> str:
    """SHA-256 of names, kinds and values in their order: the same for the same content in CSV, Parquet or a frame.

    >>> from evalkit.core.schema import Column, Schema
    >>> schema = Schema(modality="table", columns=(Column(name="a", kind="number"),))
    >>> zero, negative_zero = (Table("x", schema, pd.DataFrame({"a": [value]})) for value in (0.0, -0.0))
    >>> content_hash(zero) == content_hash(negative_zero)
    True
    """
    digest = hashlib.sha256(json.dumps([(column.name, column.kind) for column in table.schema.columns]).encode())
    for column in table.schema.columns:
        for part in _content(table.frame[column.name]):
            digest.update(part)
    return digest.hexdigest()


def _content(values: pd.Series) -> list[bytes]:
    missing = values.isna().to_numpy()
    if values.dtype == object:
        text = pa.array(values, pa.large_string(), from_pandas=True)
        lengths = np.array([0 if value is None else len(value.encode()) for value in text.to_pylist()], dtype="<i8")
        return [missing.tobytes(), lengths.tobytes(), "".join(text.drop_null().to_pylist()).encode()]
    if values.dtype == np.float64:
        return [missing.tobytes(), np.where(missing, 0.0, values.to_numpy() + 0.0).astype("<f8").tobytes()]
    return [missing.tobytes(), np.where(missing, 0, values.to_numpy().astype("<i8")).astype("<i8").tobytes()]
