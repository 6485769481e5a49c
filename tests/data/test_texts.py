import gzip
import json

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.feather
import pytest

from evalkit.core.errors import InputError, SchemaError, ShapeError
from evalkit.core.sample import Table, Texts
from evalkit.data import load, spool, texts
from evalkit.data.text_encoding import TextEncoder
from evalkit.data.texts import read_lines

WRITING = ["  to be, or not to be;\n that is", "NA", "none", "", "größer als 日本語\t!", '"quoted", twice'] * 4
NUMBERS = np.arange(len(WRITING)) * 1.5
FRAME = pd.DataFrame({"stars": NUMBERS, "review": WRITING, "shop": ["a", "b"] * 12})
BOOK = "First Citizen:\nBefore we proceed any further, hear me speak.\n\nAll:\nSpeak, speak.\n" * 30


def _write(form, folder):
    path = folder / f"reviews{form}"
    match form:
        case ".csv" | ".tsv":
            FRAME.to_csv(path, index=False, sep="\t" if form == ".tsv" else ",")
        case ".csv.gz":
            path.write_bytes(gzip.compress(FRAME.to_csv(index=False).encode()))
        case ".jsonl":
            FRAME.to_json(path, orient="records", lines=True, force_ascii=False)
        case ".parquet":
            FRAME.to_parquet(path, row_group_size=5)
        case ".feather":
            FRAME.to_feather(path)
        case ".arrow":
            pyarrow.feather.write_feather(FRAME, path, compression="uncompressed")
    return path


@pytest.mark.parametrize("form", [".csv", ".tsv", ".csv.gz", ".jsonl", ".parquet", ".feather", ".arrow"])
def test_a_column_of_every_file_is_kept_to_the_last_character(form, tmp_path):
    path = _write(form, tmp_path)
    for settings in ({"column": "review"}, {"modality": "texts", "column": "review"}):
        sample = load(path, **settings)
        assert isinstance(sample, Texts)
        assert sample.texts.to_pylist() == WRITING
        assert sample.schema.names == ("review",)
        assert sample.name == path.name
    assert isinstance(load(path), Table)


@pytest.mark.parametrize(
    "source", [FRAME, pl.from_pandas(FRAME), pa.Table.from_pandas(FRAME), FRAME.astype({"review": "category"})]
)
def test_a_column_of_every_frame(source):
    assert load(source, column="review").texts.to_pylist() == WRITING


@pytest.mark.parametrize(
    "source", [WRITING, tuple(WRITING), np.array(WRITING), pd.Series(WRITING), pl.Series(WRITING), pa.array(WRITING)]
)
def test_lists_of_strings(source):
    assert load(source, modality="texts").texts.to_pylist() == WRITING


def test_lists_of_strings_are_texts_without_saying():
    assert load(WRITING).schema.modality == "texts"
    assert load(WRITING).schema.names == ("text",)


def test_the_only_writing_is_found(tmp_path):
    frame = pd.DataFrame(
        {"n": NUMBERS, "note": [f"this is a note of many words, number {i}" for i in range(24)], "shop": FRAME.shop}
    )
    frame.to_csv(tmp_path / "notes.csv", index=False)
    frame.to_json(tmp_path / "notes.jsonl", orient="records", lines=True)
    for source in (frame, tmp_path / "notes.csv", tmp_path / "notes.jsonl", pl.from_pandas(frame)):
        assert load(source, modality="texts").schema.names == ("note",)


def test_a_book_is_one_text(tmp_path):
    path = tmp_path / "book.txt"
    path.write_text(BOOK)
    book = load(path)
    assert book.texts.to_pylist() == [BOOK]
    assert "say modality='table'" in book.problems[0].what
    assert load(path, modality="texts").problems == ()
    (tmp_path / "book.txt.gz").write_bytes(gzip.compress(BOOK.encode()))
    assert load(tmp_path / "book.txt.gz").texts.to_pylist() == [BOOK]


def test_each_line_of_a_file_may_be_a_text(tmp_path):
    path = tmp_path / "lines.txt"
    path.write_bytes("\ufeffto be\r\n\r\nor not, to be\n größer\u2028\n".encode())
    read = read_lines(path)
    assert read.texts.to_pylist() == ["to be", "", "or not, to be", " größer\u2028"]
    assert (read.name, read.schema.names) == ("lines.txt", ("text",))
    assert any("empty" in problem.what for problem in read.problems)
    path.write_text("\n")
    with pytest.raises(ShapeError, match=r"'lines.txt' is empty"):
        read_lines(path)


@pytest.mark.parametrize(
    "text",
    [
        "a\tb\n1\t2\n3\t4\n",
        "name;n\nMüller;1\nGrün;2\n",
        "value\n1.5\n2.5\n3.5\n",
        "1.5\n2.5\n3.5\n",
        "2026-01-01\n2026-01-02\n",
        "paid\nyes\nno\nyes\n",
        "colour\nred\nblue\nred\nred\n",
        "a,b\n1,2\n3,4\n5,6\n7,8\n9,10,11\n",
    ],
)
def test_a_table_stays_a_table(text, tmp_path):
    path = tmp_path / "table.txt"
    path.write_text(text)
    if "11" in text:  # a broken row is named, not taken for prose
        with pytest.raises(InputError, match="3 cells in row 5"):
            load(path)
    else:
        assert isinstance(load(path), Table)


@pytest.mark.parametrize(
    "text",
    [
        "Hello.",
        "To be, or not to be",
        "Roses are red,\nviolets are blue;\nsugar is sweet,\nand so are you.\n",
        BOOK,
        "Moby Dick; or, The Whale\n\nCall me Ishmael. Some years ago, never mind how long precisely,\nhaving little money in it.",
        "日本語の文章です。\n二行目。",
    ],
)
def test_writing_is_texts(text, tmp_path):
    path = tmp_path / "writing.txt"
    path.write_text(text)
    assert load(path).texts.to_pylist() == [text]
    with pytest.raises(SchemaError, match="speak of table and texts"):
        load(path, modality="table", column="text")


def test_lines_of_json_with_one_text_each(tmp_path):
    path = tmp_path / "lines.jsonl"
    path.write_text("".join(json.dumps({"prompt": f"please write a poem about the number {i}"}) + "\n" for i in range(30)))
    assert load(path).schema.names == ("prompt",)
    assert len(load(path)) == 30
    path.write_text('{"colour": "red"}\n{"colour": "blue"}\n{"colour": "red"}\n')
    assert isinstance(load(path), Table)


def test_a_folder_of_texts(tmp_path):
    for name, text in (("b.txt", "second"), ("a/z.txt", "first"), (".hidden.txt", "no"), ("c.md", "no")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert load(tmp_path).texts.to_pylist() == ["first", "second"]
    with pytest.raises(InputError, match="limit of 5 bytes"):
        load(tmp_path, limit_bytes=5)


def test_under_a_schema_the_same_column_is_read(tmp_path):
    reference = load(FRAME, column="review")
    again = load(_write(".csv", tmp_path), schema=reference.schema)
    assert again.texts.equals(reference.texts)
    assert load(reference, schema=reference.schema).texts is reference.texts
    with pytest.raises(SchemaError, match="no column 'review'"):
        load(pd.DataFrame({"other": ["a"]}), schema=reference.schema)
    with pytest.raises(SchemaError, match="texts needed, got table"):
        load(load(FRAME), schema=reference.schema)


def test_what_is_odd_is_said():
    found = load(["a", None, "", "a", "b"], modality="texts").problems
    assert [(problem.what, problem.rows) for problem in found] == [
        ("are missing: read as empty texts", 1),
        ("are empty", 1),
        ("repeat an earlier text to the last character", 2),
    ]


@pytest.mark.parametrize("form", [".parquet", ".arrow"])
def test_larger_than_memory(form, tmp_path, monkeypatch):
    monkeypatch.setattr(spool, "MEMORY_BYTES", 200_000)
    many = [f"{i} {'word ' * 40}" for i in range(20_000)]  # 4 MB
    frame, path = pd.DataFrame({"review": many}), tmp_path / f"many{form}"
    frame.to_parquet(path) if form == ".parquet" else pyarrow.feather.write_feather(frame, path, compression="uncompressed")
    before = pa.total_allocated_bytes()
    sample = load(path, column="review")
    assert pa.total_allocated_bytes() - before < 400_000
    assert sample.texts.to_pylist() == many
    assert sample.take(np.array([3, 1])).texts.to_pylist() == [many[3], many[1]]
    encoder = TextEncoder().fit(sample)
    tokens = encoder.transform(sample)
    assert isinstance(tokens.ids, np.memmap)
    assert tokens.digest() == encoder.transform(Texts.of(many)).digest()


@pytest.mark.parametrize(
    ("source", "settings", "error", "says"),
    [
        (FRAME, {"column": "stars"}, SchemaError, "'stars' must hold texts, it holds a float in row 1"),
        (FRAME, {"column": "nothing"}, SchemaError, "no column 'nothing'"),
        (pl.from_pandas(FRAME), {"column": "stars"}, SchemaError, "'stars' must hold texts, it holds values of type double"),
        (FRAME[["stars"]], {"modality": "texts"}, SchemaError, "found none"),
        (["a", 3], {"modality": "texts"}, SchemaError, "'text' must hold texts, it holds a int in row 2"),
        (["a", "b\ud800"], {}, InputError, "half a character .* row 2"),
        ([], {"modality": "texts"}, ShapeError, "holds no texts"),
        (3.5, {"modality": "texts"}, InputError, "got a float"),
        (FRAME, {"modality": "text"}, InputError, "modality must be one of"),
        (FRAME, {"modality": "texts", "kinds": {}}, SchemaError, "texts and table at once"),
    ],
)
def test_what_cannot_be_texts_is_refused(source, settings, error, says):
    with pytest.raises(error, match=says):
        load(source, **settings)


def test_a_text_beyond_the_limit_is_refused(monkeypatch):
    monkeypatch.setattr(texts, "LONGEST_TEXT", 10)
    with pytest.raises(InputError, match="more than 10 bytes in row 2"):
        load(["short", "longer than ten"])


def test_files_that_hold_no_texts_are_refused(tmp_path):
    (tmp_path / "a.csv").write_text("\n\n")
    with pytest.raises(ShapeError, match=r"'a.csv' is empty"):
        load(tmp_path / "a.csv", column="text")
    (tmp_path / "a.docx").write_text("text")
    with pytest.raises(InputError, match=r"'a.docx' is of no kind that holds texts"):
        load(tmp_path / "a.docx", modality="texts")
    FRAME.to_parquet(tmp_path / "a.parquet")
    with pytest.raises(InputError, match="limit of 10 bytes"):
        load(tmp_path / "a.parquet", column="review", limit_bytes=10)
    with pytest.raises(SchemaError, match=r"no column 'nothing'"):
        load(tmp_path / "a.parquet", column="nothing")
    with pytest.raises(InputError, match="no file"):
        load(tmp_path / "none.txt", modality="texts")
