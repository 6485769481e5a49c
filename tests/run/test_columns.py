import pandas as pd
import pytest

from evalkit.run.columns import column_names, label_columns
from evalkit.run.uploads import Upload

FRAME = pd.DataFrame({"name, first": ["a", "b"], "size": [1.5, 2.5]})


@pytest.mark.parametrize("ending", ["csv", "parquet", "feather", "jsonl"])
def test_from_a_file_and_from_an_upload(tmp_path, ending):
    path = tmp_path / f"t.{ending}"
    {
        "csv": lambda: FRAME.to_csv(path, index=False),
        "parquet": lambda: FRAME.to_parquet(path),
        "feather": lambda: FRAME.to_feather(path),
    }.get(ending, lambda: FRAME.to_json(path, orient="records", lines=True))()
    assert column_names(path) == list(FRAME.columns)
    assert column_names(Upload(path.name, path.read_bytes())) == list(FRAME.columns)


def test_of_a_large_file_the_beginning_is_read(tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n" + "1.5,hello there\n" * 100_000)
    assert column_names(tmp_path / "t.csv") == ["a", "b"]


@pytest.mark.parametrize("name", ["t.csv", "t.parquet", "t.feather", "t.jsonl"])
@pytest.mark.parametrize("content", [b"", bytes(range(256))])
def test_what_cannot_be_read_has_none(name, content):
    assert column_names(Upload(name, content)) == []
    assert label_columns(Upload(name, content)) == []


@pytest.mark.parametrize("ending", ["csv", "parquet", "feather"])
def test_columns_that_may_hold_labels(tmp_path, ending):
    frame = pd.DataFrame({"size": [1.5, 2.5] * 30, "colour": ["red", "blue"] * 30, "paid": [True, False] * 30})
    path = tmp_path / f"t.{ending}"
    frame.to_csv(path, index=False) if ending == "csv" else getattr(frame, f"to_{ending}")(path)
    assert label_columns(path) == ["colour", "paid"]
