import datetime
import gzip

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import sparse

from evalkit.core.errors import InputError, SchemaError, ShapeError
from evalkit.data import content_hash, load

FRAME = pd.DataFrame(
    {
        "amount": [1.25, None, 3.5, 1e300, -7.0],
        "items": [1, 2, 3, 4, 9],
        "colour": ["red", "blue", None, "red", "red"],
        "paid": [True, False, True, True, False],
        "time": pd.to_datetime(["2026-01-01 10:00:00", None, "2026-01-03 11:30:00", "2026-01-04 00:00:00", "2026-01-05 00:00:00"]),
        "note": [f"{word} comes first and then come five more words" for word in ("this", "that", "one", "two", "none")],
    }
)
KINDS = ["number", "count", "category", "boolean", "datetime", "text"]


def _write(form, folder):
    path = folder / f"table{form}"
    match form:
        case ".csv" | ".txt":
            FRAME.to_csv(path, index=False)
        case ".tsv":
            FRAME.to_csv(path, index=False, sep="\t")
        case ".csv.gz":
            path.write_bytes(gzip.compress(FRAME.to_csv(index=False, sep=";", decimal=",").encode()))
        case ".parquet" | ".pq":
            FRAME.to_parquet(path)
        case ".feather" | ".arrow":
            FRAME.to_feather(path)
        case ".jsonl" | ".ndjson":
            FRAME.to_json(path, orient="records", lines=True, date_format="iso", double_precision=15)
    return path


@pytest.mark.parametrize("form", [".csv", ".txt", ".tsv", ".csv.gz", ".parquet", ".pq", ".feather", ".arrow", ".jsonl", ".ndjson"])
def test_every_file_holds_the_same_table(form, tmp_path):
    table = load(_write(form, tmp_path))
    assert table.name == f"table{form}"
    assert [column.kind for column in table.schema.columns] == KINDS
    assert content_hash(table) == content_hash(load(FRAME))


@pytest.mark.parametrize(
    "convert", [pl.from_pandas, pa.Table.from_pandas, lambda frame: frame.convert_dtypes(), lambda frame: frame.astype(object)]
)
def test_every_frame_holds_the_same_table(convert):
    assert content_hash(load(convert(FRAME))) == content_hash(load(FRAME))


def test_storage_follows_the_kind():
    frame = load(FRAME).frame
    assert [str(dtype) for dtype in frame.dtypes] == ["float64", "float64", "object", "float64", "datetime64[ns]", "object"]
    assert frame["colour"].tolist() == ["red", "blue", None, "red", "red"]
    assert frame.index.equals(pd.RangeIndex(5))


@pytest.mark.parametrize(
    "array",
    [
        np.array([[0, 1], [1, 0], [0, 1]]),
        np.array([[False, True], [True, False], [False, True]]),
        np.array([[0, 1], [1, 0], [0, 1]], dtype=object),
        np.array([[0, 1], [1, 0], [0, 1]], dtype=np.float32),
        [[0, 1], [1, 0], [0, 1]],
    ],
)
def test_arrays_are_numbers(array):
    table = load(array)
    assert [(column.name, column.kind) for column in table.schema.columns] == [("column_0", "number"), ("column_1", "number")]
    assert table.frame["column_1"].tolist() == [1.0, 0.0, 1.0]


def test_missing_numbers_in_arrays():
    table = load(np.array([[1.0, np.nan], [2.0, 3.0]]))
    assert np.isnan(table.frame["column_1"][0])
    assert np.isnan(load(np.array([[1.0, None]], dtype=object)).frame["column_1"][0])


@pytest.mark.parametrize(
    ("source", "error", "says"),
    [
        (np.ones(3), ShapeError, "Reshape your data"),
        (np.ones((2, 2, 2, 2, 2)), ShapeError, "Expected 2D array, got 5D"),
        (np.ones((0, 2)), ShapeError, "0 rows"),
        (np.ones((2, 0)), ShapeError, r"0 feature\(s\) \(shape=\(2, 0\)\) while a minimum of 1 is required"),
        (np.ones((2, 2)) * 1j, InputError, "Complex data not supported"),
        (np.array([[1.0, np.inf]]), InputError, "'column_1' holds an infinite number .* in row 1"),
        (np.array([[1.0, "secret"]], dtype=object), InputError, "'column_1' .* row 1"),
        (np.array([["2026-01-01"]], dtype="datetime64[D]"), InputError, "array of numbers"),
        ([[1.0], [1.0, 2.0]], InputError, "rows of equal length"),
        (sparse.eye_array(3).tocsr(), InputError, "Sparse"),
        (pd.Series([1.0, 2.0]), ShapeError, "got 1D"),
        (pl.Series([1.0, 2.0]), InputError, "a table with columns is needed"),
        (pd.DataFrame({"a": []}), ShapeError, "0 rows"),
        (pd.DataFrame(index=[1, 2]), ShapeError, "0 columns"),
        (pd.DataFrame([[1.5, 2.5]], columns=["a", "a"]), SchemaError, "'a' stands twice"),
        (
            pd.DataFrame([[1.5, 2.5]], columns=[("a", "b"), ("a", "c")]).pipe(
                lambda f: f.set_axis(pd.MultiIndex.from_tuples(f.columns), axis=1)
            ),
            SchemaError,
            "levels",
        ),
        (pd.DataFrame({"a": [[1], [2]]}), InputError, "'a' holds nested .* row 1"),
        (pd.DataFrame({"a": [1, {"secret": 2}]}), InputError, "'a' holds a dict in row 2"),
        (pd.DataFrame({"a": [1.5, np.inf]}), InputError, "'a' .* row 2"),
        (pd.DataFrame({"a": [1 + 2j]}), InputError, "'a'"),
        (3.5, InputError, "got a float"),
        (None, InputError, "got a NoneType"),
    ],
)
def test_what_cannot_be_a_table_is_refused_in_one_sentence(source, error, says):
    with pytest.raises(error, match=says) as caught:
        load(source)
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_too_many_columns_are_refused():
    with pytest.raises(InputError, match="5,001 columns"):
        load(np.ones((1, 5001)))


def test_a_name_may_be_given():
    assert load(FRAME).name == "table"
    assert load(FRAME, name="orders").name == "orders"


def test_a_table_is_taken_as_it_is():
    table = load(FRAME)
    assert load(table) is table
    assert load(table, schema=table.schema) is table


def test_schema_and_kinds_exclude_each_other():
    with pytest.raises(InputError, match="cannot go together"):
        load(FRAME, schema=load(FRAME).schema, kinds={})


def test_duplicates_are_counted_under_a_schema_too():
    schema = load(FRAME).schema
    table = load(pd.concat([FRAME, FRAME]), schema=schema)
    assert [problem.rows for problem in table.problems] == [5]


def test_objects_of_several_kinds_are_labels_as_in_a_file():
    values = [1, "b", 2.0, True, datetime.date(2026, 1, 2), datetime.time(12, 30), np.float32(0.5), np.nan]
    frame = pd.DataFrame({"x": pd.Series(values, dtype=object)})
    assert load(frame).frame["x"].tolist() == ["1", "b", "2", "True", "2026-01-02T00:00:00", "12:30:00", "0.5", None]


def test_half_a_character_is_refused():
    with pytest.raises(InputError, match=r"'x' holds half a character .* in row 2"):
        load(pd.DataFrame({"x": pd.Series(["a", "b\ud800"], dtype=object)}))


def test_sparse_columns_are_read():
    assert load(pd.DataFrame({"x": pd.arrays.SparseArray([0.0, 0.0, 2.5])})).frame["x"].tolist() == [0.0, 0.0, 2.5]
