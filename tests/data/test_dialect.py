import pyarrow as pa
import pytest

from evalkit.data.dialect import NO_DELIMITER, find_delimiter, has_header


@pytest.mark.parametrize(
    ("text", "names", "expected"),
    [
        ("a,b\n1,2\n", (), (",", 2)),
        ("a;b\n1,5;2,5\n", (), (";", 2)),
        ("1,5;2,5\n3,5;4,5\n", (), (";", 2)),
        ("a\tb\tc\n1\t2\t3\n", (), ("\t", 3)),
        ("a|b\n1|2\n", (), ("|", 2)),
        ('"x,y";b\n"1,2,3";2\n', (), (";", 2)),
        ("word\nwell, yes\nno\n", (), (NO_DELIMITER, 1)),
        ("a, b;c\n1;2\n", ("c",), (";", 2)),
        ("a title\n1,2\n3,4\n5,6\n7,8\n9,0\n", (), (",", 2)),
    ],
)
def test_find_delimiter(text, names, expected):
    assert find_delimiter(text, names, "x.csv") == expected


@pytest.mark.parametrize(
    ("rows", "names", "expected"),
    [
        ([["name", "size"], ["ann", "1"], ["bob", "2"]], (), True),
        ([["ann", "1"], ["bob", "2"]], (), False),
        ([["name", "day"], ["ann", "2026-01-01"]], (), True),
        ([["name", "town"], ["ann", "Rome"], ["bob", "Bonn"]], (), True),
        ([["red", "Rome"], ["red", "Bonn"], ["blue", "Rome"]], (), False),
        ([["0", "1"], ["0.5", "0.7"]], (), True),
        ([["", "0", "1"], ["0", "0.5", "0.7"]], (), True),
        ([["b", "a"], ["1", "2"]], ("a", "b"), True),
        ([["x", "y"], ["1", "2"]], ("a", "b"), True),
        ([["x", "y"], ["1", "2"]], ("column_1", "column_2"), False),
    ],
)
def test_has_header(rows, names, expected):
    columns = [pa.array(list(column), pa.large_string()) for column in zip(*rows, strict=True)]
    assert has_header(columns, names) is expected
