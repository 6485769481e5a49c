"""CSV and its kin: delimiter, encoding, header and decimal comma found out."""

import io
from collections.abc import Collection

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from evalkit.core.errors import InputError, SchemaError, ShapeError
from evalkit.core.sample import Problem
from evalkit.data.cells import LONGEST_CELL, MOST_COLUMNS, RawTable, plain, shown
from evalkit.data.dialect import find_delimiter, has_header
from evalkit.data.encodings import utf8

_BLOCK_BYTES = 64 * 2**20  # a row has to fit
_DECIMAL_COMMA = r"^([+-]?\d+),(\d+(?:[eE][+-]?\d+)?)$"


def read_delimited(data: bytes, name: str, file_name: str, names: Collection[str]) -> RawTable:
    """Read delimited text.

    A cell such as ``3,5`` is the number 3.5 wherever the comma does not delimit.

    Args:
        data: the file's bytes.
        name: what the user calls the table.
        file_name: for messages.
        names: column names of the reference, which settle delimiter and header; none without one.

    Raises:
        InputError: the bytes are no text, or rows have different numbers of cells.
        SchemaError: a name stands twice in the header.
        ShapeError: there are no rows.
    """
    cells, problems, delimiter = split_delimited(data, file_name, names)
    if delimiter != ",":
        cells = {title: pc.replace_substring_regex(column, _DECIMAL_COMMA, r"\1.\2") for title, column in cells.items()}
    return RawTable(name, {title: plain(column, title) for title, column in cells.items()}, tuple(problems))


def split_delimited(data: bytes, file_name: str, names: Collection[str]) -> tuple[dict[str, pa.Array], list[Problem], str]:
    """Delimited text as columns of text, each cell as it stands in the file; what was noticed; and the delimiter.

    Raises:
        InputError: the bytes are no text, or rows have different numbers of cells.
        SchemaError: a name stands twice in the header.
        ShapeError: there are no rows.
    """
    data, problems = utf8(data, file_name)
    delimiter, width = find_delimiter(data[:2_000_000].decode("utf-8", errors="ignore").removeprefix("\ufeff"), names, file_name)
    if width > MOST_COLUMNS:
        raise InputError(f"{shown(file_name)} has {width:,} columns and at most {MOST_COLUMNS:,} can be read: leave columns out")
    columns = _columns(data, delimiter, width, file_name)
    if has_header(columns, names):
        titles = _titles(columns, file_name)
        columns = [column.slice(1) for column in columns]
    else:
        titles = [f"column_{i}" for i in range(1, width + 1)]
        problems.append(Problem(what="the first row looks like data: the columns are called column_1, column_2 and so on"))
    if not len(columns[0]):
        raise ShapeError(f"{shown(file_name)} has a header and no rows: at least one row is needed")
    return dict(zip(titles, columns, strict=True)), problems, delimiter


def _columns(data: bytes, delimiter: str, width: int, file_name: str) -> list[pa.Array]:
    """All cells as text, the first row included."""
    odd: list[pyarrow.csv.InvalidRow] = []

    def note(row: pyarrow.csv.InvalidRow) -> str:
        odd.append(row)
        return "skip" if len(odd) == 1 else "error"

    titles = [str(i) for i in range(width)]
    try:
        table = pyarrow.csv.read_csv(
            io.BytesIO(data),
            # One thread: only then does the reader know the number of a row that does not fit.
            read_options=pyarrow.csv.ReadOptions(column_names=titles, use_threads=False, block_size=_BLOCK_BYTES),
            parse_options=pyarrow.csv.ParseOptions(delimiter=delimiter, newlines_in_values=True, invalid_row_handler=note),
            convert_options=pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(titles, pa.large_string())),
        )
    except pa.ArrowInvalid as error:
        if not odd:
            raise InputError(
                f"{shown(file_name)} cannot be split into rows: "
                f"a row is longer than {_BLOCK_BYTES // 2**20} MB, or a quote is never closed"
            ) from error
    if odd:
        where = f"row {odd[0].number - 1}" if odd[0].number > 1 else "the first line"
        raise InputError(
            f"{shown(file_name)} has {odd[0].actual_columns} cells in {where} where {odd[0].expected_columns} are needed: "
            "look there for a missing or an extra delimiter, or a quote that is never closed"
        )
    if _swallows_the_rest(data, table):
        where = f"row {len(table) - 1}" if len(table) > 1 else "the first line"
        raise InputError(f"{shown(file_name)} has a quote in {where} that is never closed and takes in all that follows: close it")
    return [column.combine_chunks() for column in table.columns]


def _swallows_the_rest(data: bytes, table: pa.Table) -> bool:
    """A quote that is never closed makes one cell of the last column out of all the lines behind it."""
    last = (table.columns[-1][-1].as_py() or "") if len(table) else ""
    return ("\n" in last or "\r" in last) and data.count(b'"') % 2 == 1


def _titles(columns: list[pa.Array], file_name: str) -> list[str]:
    titles: list[str] = []
    for i, column in enumerate(columns, 1):
        title = (column[0].as_py() or "").strip() or f"column_{i}"
        if len(title) > LONGEST_CELL // 1000:
            raise InputError(f"the name of column {i} in {shown(file_name)} is {len(title):,} characters long: shorten it to 1,000")
        titles.append(title)
    if len(set(titles)) < len(titles):
        doubled = next(title for title in titles if titles.count(title) > 1)
        raise SchemaError(
            f"the column name {shown(doubled)} stands twice in the header of {shown(file_name)}: rename one of the two"
        )
    return titles
