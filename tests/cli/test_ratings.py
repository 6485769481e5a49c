"""``evalkit ratings`` as a person runs it."""

import json

import pandas as pd
import pytest

from tests.cli.commands import evalkit


@pytest.fixture
def votes(tmp_path):
    sides = [("Ann", "a", "b", "left"), ("Ann", "b", "a", "right"), ("Bob", "a", "b", "right"), ("Bob", "a", "b", "tie")]
    rows = [(rater, f"{i % 2}-{n}", left, right, said) for n in range(3) for i, (rater, left, right, said) in enumerate(sides)]
    pd.DataFrame(rows, columns=["rater", "item", "left", "right", "outcome"]).to_csv(tmp_path / "votes.csv", index=False)
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


def test_a_file_is_ranked_without_a_store_as_the_study_made_of_it(votes, tmp_path):
    store = ("--store", tmp_path / "store.sqlite")
    assert evalkit("ratings", "import", "poems", votes, *store).returncode == 0
    for command in (["rank", "--ridge", "0.1"], ["agreement"]):
        alone, study = (evalkit("ratings", command[0], given, *command[1:], *store, "--json") for given in (votes, "poems"))
        assert alone.returncode == 0, alone.stderr
        found = json.loads(alone.stdout)
        assert found.get("digest", found) == json.loads(study.stdout).get("digest", found)
    assert "generator" in evalkit("ratings", "rank", votes, "--ridge", "0.1").stdout
    refused = evalkit("ratings", "rank", votes, "--until", "3")
    assert refused.returncode == 2
    assert "--until" in refused.stderr


def test_a_file_that_is_not_there_is_a_study_that_is_not_there(tmp_path):
    refused = evalkit("ratings", "rank", tmp_path / "absent.csv", "--store", tmp_path / "store.sqlite")
    assert refused.returncode == 2
    assert "no study is called" in refused.stderr


def test_plans(votes, tmp_path):
    assert json.loads(evalkit("ratings", "plan", "--win-rate", "0.6", "--json").stdout)["independent"] == 194
    words = evalkit("ratings", "plan", "--win-rate", "0.6", "--generators", "10").stdout
    assert "3,513 votes on all pairs of 10 generators" in words
    pilot = evalkit("ratings", "plan", votes, "--win-rate", "0.7", "--raters", "500", "--items", "500", "--json")
    assert json.loads(pilot.stdout)["crossed"] > 0, pilot.stderr
    assert "no number of votes" in evalkit("ratings", "plan", votes, "--win-rate", "0.55", "--raters", "2").stderr
    assert "win rate" in evalkit("ratings", "plan", "--win-rate", "0.5").stderr
