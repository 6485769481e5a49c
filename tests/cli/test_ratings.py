"""``evalkit ratings`` as a person runs it."""

import json

import pandas as pd
import pytest

from tests.cli.commands import evalkit


@pytest.fixture
def votes(tmp_path):
    rows = [
        ("Ann", "1", "a", "b", "left"),
        ("Ann", "2", "b", "a", "right"),
        ("Bob", "1", "a", "b", "right"),
        ("Bob", "2", "a", "b", "tie"),
    ]
    pd.DataFrame(rows * 3, columns=["rater", "item", "left", "right", "outcome"]).to_csv(tmp_path / "votes.csv", index=False)
    return tmp_path / "votes.csv"


def test_import_export_and_again(votes, tmp_path):
    store = ("--store", tmp_path / "store.sqlite")
    done = evalkit("ratings", "import", "poems", votes, *store, "--json")
    assert json.loads(done.stdout) == {"made": True, "stored": 12, "there": 0, "raters": 2, "notes": []}
    assert "12 were there already" in evalkit("ratings", "import", "poems", votes, *store).stdout
    for name, form in (("out.jsonl", "table"), ("out.json", "label-studio")):
        assert evalkit("ratings", "export", "poems", tmp_path / name, "--format", form, *store).returncode == 0
    assert "0 votes" in evalkit("ratings", "import", "poems", tmp_path / "out.jsonl", *store).stdout
    wrong = evalkit("ratings", "import", "poems", votes, "--format", "xml", *store)
    assert wrong.returncode == 2
    assert "--format is one of auto" in wrong.stderr
