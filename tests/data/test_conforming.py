"""A row means the same alone and in its file, whichever way it was read."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.core.errors import SchemaError
from evalkit.core.sample import Table
from evalkit.core.schema import Column, Schema
from evalkit.data import TableEncoder, conform, load
from evalkit.data.conforming import under_schema
from evalkit.data.delimited import read_delimited

TRICKY = {
    "mixed_words": ["yes", "no", "maybe", "1", "0", "1.0"],
    "codes": ["01", "1", "1.0", "002", "2.50", "A7"],
    "size": ["1", "1.0", "1e3", "-0.0", "+5", ".5"],
    "paid": ["yes", "no", "Yes", "NO", "yes", "no"],
    "items": ["0", "1", "2.0", "3", "5", "9"],
    "day": ["13/02/2026", "01/02/2026", "2026-01-02", "3 Jan 2026", "04.01.2026", "2026-01-05T10:00+02:00"],
    "note": ["one and only one long note, with several words", "12", "2026-01-01", "true", "3.50", "a b c d e f g h i j k l"],
}


def _frame():
    rows = pd.DataFrame(TRICKY)
    return pd.concat([rows, rows.iloc[::-1], rows.map(lambda cell: "" if len(cell) > 2 else cell)], ignore_index=True)


def _csv(frame, **settings):
    return frame.to_csv(index=False, **settings).encode()


def _read(data, schema):
    return under_schema(read_delimited(data, "x", "x.csv", schema.names), schema)


def _check_rows(table, reference, encoder, row):
    for name in reference.schema.names:
        pd.testing.assert_series_equal(table.frame[name], reference.frame[name].iloc[[row]].reset_index(drop=True))
    assert encoder.transform(table).values.tobytes() == encoder.transform(reference).values[[row]].tobytes()


KINDS = {"mixed_words": "category", "codes": "category", "note": "text"}


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_each_row_of_a_file_alone(delimiter, tmp_path):
    frame = _frame()
    path = tmp_path / "x.csv"
    path.write_bytes(_csv(frame, sep=delimiter))
    reference = load(path, kinds=KINDS)
    assert [column.kind for column in reference.schema.columns] == [
        "category",
        "category",
        "number",
        "boolean",
        "count",
        "datetime",
        "text",
    ]
    encoder = TableEncoder().fit(reference)
    for row in range(len(frame)):
        data = _csv(frame.iloc[[row]], sep=delimiter)
        _check_rows(_read(data, reference.schema), reference, encoder, row)


def test_each_row_read_with_kinds_of_its_own_and_then_conformed(tmp_path):
    frame = _frame()
    path = tmp_path / "x.csv"
    path.write_bytes(_csv(frame))
    reference = load(path, kinds=KINDS)
    encoder = TableEncoder().fit(reference)
    for row in range(len(frame)):
        path.write_bytes(_csv(frame.iloc[[row]]))
        alone = load(path, kinds=dict.fromkeys(KINDS, "category") if row % 2 else None)
        _check_rows(conform(alone, reference.schema), reference, encoder, row)


@settings(max_examples=40)
@given(st.lists(st.integers(0, 17), min_size=1, max_size=6))
def test_any_choice_of_rows_conforms(rows):
    reference = load(_frame(), kinds=KINDS)
    chosen = load(_frame().iloc[rows])
    conformed = conform(chosen, reference.schema)
    pd.testing.assert_frame_equal(conformed.frame, reference.take(np.array(rows)).frame)
    again = conform(conform(chosen.take(np.array([0])), reference.schema), chosen.schema) if len(rows) == 1 else None
    if again is not None:
        pd.testing.assert_frame_equal(again.frame, chosen.frame)


TYPED = {
    "whole": [1, 2, 3, 40, 5, 6],
    "floats": [1.0, 2.5, np.nan, 1e300, -0.0, 7.0],
    "codes": pd.array([1, 2, None, 3, 2, 1], dtype="Int64"),
    "yes": pd.array([True, False, None, True, False, True], dtype="boolean"),
    "moments": pd.to_datetime(
        ["2026-01-01 10:00", None, "2026-01-02", "2026-01-03", "2026-01-04", "2026-01-05"], utc=True, format="ISO8601"
    ),
    "mixed": [1, "a", 2.0, None, True, "1.0"],
    "labels": pd.Categorical(["a", "b", None, "a", "b", "a"]),
}


@pytest.mark.parametrize("form", ["pandas", "parquet", "arrow", "csv", "jsonl"])
def test_each_row_of_a_frame_in_every_form(form, tmp_path):
    frame = pd.DataFrame(TYPED)
    reference = load(frame, kinds={"codes": "category", "whole": "category"})
    encoder = TableEncoder().fit(reference)
    if form in {"parquet", "arrow"}:
        frame["mixed"] = reference.frame["mixed"]
    for row in range(len(frame)):
        source = _written(frame.iloc[[row]], form, tmp_path)
        _check_rows(load(source, schema=reference.schema), reference, encoder, row)


def _written(frame, form, folder):
    path = folder / f"x.{form}"
    if form == "parquet":
        frame.to_parquet(path)
    elif form == "csv":
        frame.to_csv(path, index=False)
    elif form == "jsonl":
        frame.astype({"mixed": object}).to_json(path, orient="records", lines=True, date_format="iso", double_precision=15)
    else:
        return pa.table(frame) if form == "arrow" else frame
    return path


def test_columns_are_put_in_order_and_extra_ones_ignored():
    reference = load(pd.DataFrame({"a": [1.5, 2.5], "b": ["x", "y"]}))
    table = load(pd.DataFrame({"c": [1, 2], "b": ["x", "z"], "a": [3.5, 4.5]}), schema=reference.schema)
    assert table.frame.to_dict("list") == {"a": [3.5, 4.5], "b": ["x", "z"]}
    assert [(problem.column, problem.what) for problem in table.problems] == [("c", "is not a column of the reference: ignored")]


def test_lacking_columns_are_named_and_identifiers_may_lack():
    reference = load(pd.DataFrame({"id": [7, 3, 5], "a": [1.5, 2.5, 3.5], "b": ["x", "y", "y"]}))
    with pytest.raises(SchemaError, match="lacks 2 columns 'a', 'b'"):
        load(pd.DataFrame({"id": [1]}), schema=reference.schema)
    table = load(pd.DataFrame({"a": [1.5], "b": ["x"]}), schema=reference.schema)
    assert table.frame["id"].tolist() == [None]
    assert table.problems[0].column == "id"


def test_an_array_is_read_by_position():
    reference = load(pd.DataFrame({"a": [1.5, 2.5], "b": [3, 4]}))
    assert load(np.array([[7.0, 8.0]]), schema=reference.schema).frame.to_dict("list") == {"a": [7.0], "b": [8.0]}
    with pytest.raises(SchemaError, match="X has 3 features, but"):
        load(np.ones((1, 3)), schema=reference.schema)


def test_a_table_made_by_hand_conforms_from_its_values():
    made = Table(
        "made", Schema(modality="table", columns=(Column(name="a", kind="number"),)), pd.DataFrame({"a": [1.0, 2.5, np.nan]})
    )
    labels = Schema(modality="table", columns=(Column(name="a", kind="category"),))
    assert conform(made, labels).frame["a"].tolist() == ["1", "2.5", None]
    assert conform(conform(made, labels), made.schema).frame["a"].tolist()[:2] == [1.0, 2.5]


def test_a_tables_cells_follow_its_rows():
    table = load(pd.DataFrame({"code": ["01", "02", "03", "x"]}))
    numbers = Schema(modality="table", columns=(Column(name="code", kind="number"),))
    assert conform(table.take(np.array([2, 0])), numbers).frame["code"].tolist() == [3.0, 1.0]
    with pytest.raises(SchemaError, match="in row 1"):
        conform(table.take(np.array([-1])), numbers)
