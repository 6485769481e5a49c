"""The catalogue of bad inputs: each file is written by its case, and each door is shown every one of them.

A test that takes the fixture ``bad_input`` runs once a case. Add a case by adding a line to TABLES here or to a dict in
``other_modalities``; add a door (the command line, the service, a model folder) by adding a test file to this folder.
"""

import gzip
import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.contracts.bad_inputs.case import SECRET, BadInput, result
from tests.contracts.bad_inputs.other_modalities import IMAGES, SERIES, TEXTS


def _table(header: str, *rows: str, n: int = 30) -> bytes:
    """A small CSV of good rows, the odd ones behind them."""
    good = [f"{i}.5,{'red' if i % 2 else 'blue'},2026-01-{i % 28 + 1:02d}" for i in range(n)]
    return "\n".join([header, *good, *rows]).encode()


def _wide(path: Path) -> None:
    path.write_text(",".join(f"c{i}" for i in range(10_000)) + "\n" + ",".join(["1.5"] * 10_000) + "\n")


def _damaged_parquet(path: Path) -> None:
    buffer = io.BytesIO()
    pd.DataFrame({"a": np.arange(1000.0), "b": [SECRET] * 1000}).to_parquet(buffer)
    data = bytearray(buffer.getvalue())
    data[len(data) // 4 : len(data) // 2] = b"\xff" * (len(data) // 2 - len(data) // 4)
    path.write_bytes(bytes(data[:-200]))


GOOD = _table("amount,colour,day")
WITH_COUNTS = b"n,flag\n" + b"\n".join(b"%d,%s" % (i % 7, (b"yes", b"no")[i % 2]) for i in range(40))
TIME = b"t\n" + b"\n".join(b"2026-01-%02dT10:00:00" % (i % 28 + 1) for i in range(40))

TABLES: dict[str, BadInput] = {
    "empty file": BadInput(".csv", b"", ("empty",)),
    "white space only": BadInput(".csv", b"\n \n\n", ("empty",)),
    "header only": BadInput(".csv", b"amount,colour,day\n", ("no rows",)),
    "a folder": BadInput(".csv", lambda path: path.mkdir(), ("folder",)),
    "no file": BadInput(".csv", lambda path: None, ("no file",)),
    "unknown suffix": BadInput(".docx", SECRET.encode(), (".csv",)),
    "no suffix": BadInput("", SECRET.encode(), (".csv",)),
    "a long row": BadInput(".csv", _table("amount,colour,day", f"1.5,red,2026-01-01,{SECRET}"), ("row 31", "4 cells")),
    "a short row": BadInput(".csv", _table("amount,colour,day", SECRET), ("row 31", "1 cells")),
    "a quote never closed": BadInput(
        ".csv", _table("amount,colour,day", f'1.5,"{SECRET},2026-01-01', "2.5,red,2026-01-01"), ("row 31",)
    ),
    "a doubled name": BadInput(".csv", _table("amount,amount,day", f"1,{SECRET},2026-01-01"), ("'amount'",)),
    "a workbook called csv": BadInput(".csv", b"PK\x03\x04" + SECRET.encode() * 9, ("Excel",)),
    "bytes called csv": BadInput(".csv", f"a,b\n1,{SECRET}\n".encode() + bytes(range(32)) * 9, ("line 3",)),
    "a NUL byte": BadInput(".csv", _table("amount,colour,day", f"1.5,{SECRET}\0,2026-01-01"), ("line 32",)),
    "a pickle called csv": BadInput(".csv", b"\x80\x04\x95\x05\x00\x00\x00\x00\x00\x00\x00]\x94.", ("line 1",)),
    "a cell of two million characters": BadInput(
        ".csv", _table("amount,colour,day", f"1.5,{SECRET * 120_000},2026-01-01"), ("'colour'", "row 31")
    ),
    "a name of a million characters": BadInput(".csv", b"a" * 100_000 + b",b\n1,2\n", ("column 1",)),
    "ten thousand columns": BadInput(".csv", _wide, ("10,000 columns",)),
    "an infinite number": BadInput(".csv", _table("amount,colour,day", "inf,red,2026-01-01"), ("'amount'", "row 31")),
    "a number beyond floats": BadInput(".csv", _table("amount,colour,day", "1e999,red,2026-01-01"), ("'amount'", "row 31")),
    "damaged gzip": BadInput(".csv.gz", gzip.compress(GOOD)[:-20], ("damaged",)),
    "text called gzip": BadInput(".csv.gz", GOOD, ("gzip",)),
    "UTF-16 cut in half": BadInput(".csv", GOOD.decode().encode("utf-16")[:-1], ("UTF-16", "line")),
    "text called parquet": BadInput(".parquet", SECRET.encode() * 20, ("Parquet",)),
    "damaged parquet": BadInput(".parquet", _damaged_parquet, ("Parquet",)),
    "text called feather": BadInput(".feather", SECRET.encode() * 20, ("Arrow",)),
    "a broken line of JSON": BadInput(".jsonl", f'{{"a": 1}}\n{{"a": "{SECRET}"\n'.encode(), ("line 2",)),
    "JSON nested without end": BadInput(".jsonl", b'{"a": 1}\n' + b"[" * 100_000 + b"\n", ("line 2",)),
    "JSON that is no object": BadInput(".jsonl", f'{{"a": 1}}\n["{SECRET}"]\n'.encode(), ("line 2",)),
    "nested JSON": BadInput(".jsonl", f'{{"a": 1, "b": null}}\n{{"a": 2, "b": {{"c": "{SECRET}"}}}}\n'.encode(), ("'b'", "row 2")),
    "lists and words in one JSON key": BadInput(".jsonl", f'{{"a": "x"}}\n{{"a": ["{SECRET}"]}}\n'.encode(), ("'a'", "row 2")),
    "half a character in JSON": BadInput(".jsonl", b'{"a": "x"}\n{"a": "\\ud800"}\n', ("'a'", "row 2")),
    "half a character in a JSON key": BadInput(".jsonl", b'{"a\\ud800": 1}\n', ("column name",)),
    "infinity in JSON": BadInput(".jsonl", b'{"a": 1.5}\n{"a": Infinity}\n', ("'a'", "row 2")),
    "a lacking column": BadInput(".csv", b"amount,day\n1.5,2026-01-01\n", ("'colour'",), reference=GOOD),
    "a renamed column": BadInput(".csv", _table("amount,color,day"), ("'colour'",), reference=GOOD),
    "swapped names": BadInput(".csv", _table("colour,amount,day"), ("'amount'", "row 1"), reference=GOOD),
    "text among numbers": BadInput(
        ".csv", _table("amount,colour,day", f"{SECRET},red,2026-01-01"), ("'amount'", "row 31"), reference=GOOD
    ),
    "text among dates": BadInput(".csv", _table("amount,colour,day", f"1.5,red,{SECRET}"), ("'day'", "row 31"), reference=GOOD),
    "a day that is not": BadInput(".csv", _table("amount,colour,day", "1.5,red,2026-02-30"), ("'day'", "row 31"), reference=GOOD),
    "neither yes nor no": BadInput(".csv", f"n,flag\n3,yes\n4,{SECRET}\n".encode(), ("'flag'", "row 2"), reference=WITH_COUNTS),
    "rows without a header": BadInput(".csv", f"1.5,{SECRET},2026-01-01\n".encode() * 2, ("3 columns",), reference=GOOD),
    "JSON with a renamed key": BadInput(
        ".jsonl", b'{"amount": 1.5, "color": "red", "day": "2026-01-01"}\n', ("'colour'",), reference=GOOD
    ),
    "one row": result(".csv", b"amount,colour,day\n1.5,red,2026-01-01\n"),
    "1e300": result(".csv", _table("amount,colour,day", "1e300,red,2026-01-01")),
    "nothing but missing values": result(".csv", b"a,b\n1.5,\n2.5,NA\n3.5,null\n", "is empty"),
    "a constant column": result(".csv", b"a,b\n1.5,x\n2.5,x\n3.5,x\n", "holds one value only"),
    "doubled rows": result(".csv", _table("amount,colour,day", *["1.5,red,2026-01-01"] * 3), "repeat an earlier row"),
    "a stray word among numbers": result(".csv", _table("amount,colour,day", f"{SECRET},red,2026-01-01"), "correct row 31 first"),
    "no header": result(".csv", GOOD.split(b"\n", 1)[1], "first row looks like data"),
    "another encoding": result(".csv", "name,n\nMüller,1.5\nGrün,2.5\n".encode("latin-1"), "not UTF-8"),
    "days and months that cannot be told apart": result(".csv", b"d,n\n01/02/2026,1.5\n03/04/2026,2.5\n", "cannot be told apart"),
    "a date in the year 9999": result(".csv", b"t\n9999-12-31\n2026-01-01\n", "after 2261", TIME),
    "an extra column": result(
        ".csv", _table("amount,colour,day").replace(b"\n", b",1\n").replace(b"day,1", b"day,extra") + b",1", "ignored", GOOD
    ),
    "an unseen category": result(".csv", b"amount,colour,day\n1.5,green,2026-01-01\n", "", GOOD),
    "columns in another order": result(".csv", b"day,amount,colour\n2026-01-01,1.5,red\n", "", GOOD),
    "half an item, less than nothing": result(".csv", b"n,flag\n2.5,yes\n-3,no\n", "not a whole number", WITH_COUNTS),
    "a JSON key left out": result(".jsonl", b'{"amount": 1.5, "colour": "red"}\n', "is absent", GOOD),
    "markup in cells and names": result(
        ".csv", b'a,"<script>alert(1)</script>"\n1.5,<img src=x>\n2.5,![x](http://example.org/x.png)\n'
    ),
}

CASES: dict[str, BadInput] = {**TABLES, **IMAGES, **TEXTS, **SERIES}


@pytest.fixture(params=list(CASES), ids=list(CASES))
def bad_input(request: pytest.FixtureRequest) -> BadInput:
    """Every case of the catalogue."""
    return CASES[request.param]


@pytest.fixture
def secret() -> str:
    """What no message may repeat."""
    return SECRET
