import csv
import io

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.core.errors import SchemaError
from evalkit.data import load
from evalkit.data.cells import MISSING_WORDS
from evalkit.data.delimited import read_delimited

_WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zs", "Zl", "Zp")), min_size=1, max_size=8)


@st.composite
def _files(draw):
    """A table of labels and numbers, written in a random dialect."""
    n = draw(st.integers(2, 12))
    labels = draw(st.lists(_WORDS.filter(lambda word: word.lower() not in MISSING_WORDS), min_size=n, max_size=n))
    numbers = draw(st.lists(st.floats(-1e12, 1e12), min_size=n, max_size=n))
    delimiter = draw(st.sampled_from(",;\t|"))
    decimal = draw(st.sampled_from(".,")) if delimiter != "," else "."
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
    stream = io.StringIO()
    writer = csv.writer(
        stream, delimiter=delimiter, lineterminator=draw(st.sampled_from(["\n", "\r\n"])), quoting=draw(st.sampled_from([0, 1, 2]))
    )
    writer.writerow(["label", "size", "third"])
    for label, number in zip(labels, numbers, strict=True):
        writer.writerow([label, repr(number).replace(".", decimal), "x y"])
    return stream.getvalue().encode(encoding), labels, numbers


@given(_files())
def test_what_was_written_in_any_dialect_is_read(file):
    data, labels, numbers = file
    raw = read_delimited(data, "x", "x.csv", ())
    assert list(raw.cells) == ["label", "size", "third"]
    assert [float(cell) for cell in raw.cells["size"].to_pylist()] == numbers
    assert not raw.problems
    assert raw.cells["label"].to_pylist() == labels


def test_a_decimal_comma_is_a_point_where_the_comma_does_not_delimit(tmp_path):
    path = tmp_path / "prices.csv"
    path.write_text("a;b\n1,5;x\n-2,25;y\n")
    assert load(path).frame["a"].tolist() == [1.5, -2.25]


def test_quoted_delimiters_newlines_and_quotes_stay_in_their_cell(tmp_path):
    path = tmp_path / "notes.csv"
    frame = pd.DataFrame({"note": ['a, "b"', "c\nd", "e;f|g", "h"], "n": [1.5, 2.5, 3.5, 4.5]})
    frame.to_csv(path, index=False)
    assert load(path).frame["note"].tolist() == frame["note"].tolist()


def test_one_column_without_a_delimiter(tmp_path):
    path = tmp_path / "words.txt"
    path.write_text("text\nwell, yes\nno; no, no\nperhaps\n")
    assert load(path, modality="table").frame["text"].tolist() == ["well, yes", "no; no, no", "perhaps"]
    one = tmp_path / "one.txt"
    one.write_text("text\nwell, yes\n")
    assert load(one, schema=load(path, modality="table").schema).frame["text"].tolist() == ["well, yes"]


def test_names_are_given_where_the_header_has_none(tmp_path):
    path = tmp_path / "index.csv"
    pd.DataFrame({"a": [1.5, 2.5], "b": ["x", "y"]}).to_csv(path)
    assert load(path).schema.names == ("column_1", "a", "b")


def test_pandas_numbered_names_are_a_header(tmp_path):
    path = tmp_path / "array.csv"
    pd.DataFrame(np.array([[1.5, 2.5, 3.5], [4.5, 5.5, 6.5]])).to_csv(path, index=False)
    assert load(path).schema.names == ("0", "1", "2")


def test_blank_lines_are_no_rows(tmp_path):
    path = tmp_path / "gaps.csv"
    path.write_text("a,b\n\n1.5,x\n\n2.5,y\n\n")
    assert len(load(path)) == 2


def test_a_doubled_name_is_refused():
    with pytest.raises(SchemaError, match="'a' stands twice"):
        read_delimited(b"a,a\n1,2\n", "x", "x.csv", ())
