"""Every bad input at the command line: exit code 2 and one sentence, or a result; never the data, never a traceback."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from evalkit.cli.main import main
from evalkit.run.detect import detect
from tests.backbones.hostile_models import HOSTILE_MODELS


@pytest.fixture
def run(monkeypatch, capsys):
    """Run one command; returns its exit code and what it printed."""

    def command(*arguments):
        monkeypatch.setattr("sys.argv", ["evalkit", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code or 0, *capsys.readouterr()

    return command


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A small saved detector."""
    folder = tmp_path_factory.mktemp("detector")
    draw = np.random.default_rng(0)
    rows = pd.DataFrame({"amount": draw.normal(size=60).round(3), "colour": draw.choice(["red", "blue"], 60)})
    rows.to_csv(folder / "reference.csv", index=False)
    detect(rows, reference=rows, effort="fast", save_to=folder / "model")
    return folder


def test_bad_data(bad_input, tmp_path, secret, run):
    arguments = ["detect", bad_input.write(tmp_path), "--effort", "fast"]
    if bad_input.reference is not None:
        (tmp_path / "reference.csv").write_bytes(bad_input.reference)
        arguments += ["--reference", tmp_path / "reference.csv"]
    code, out, err = run(*arguments, "--json")
    assert secret not in err
    assert "Traceback" not in err
    if code == 0:
        assert not bad_input.refused or bad_input.modality != "table"
        json.loads(out)
    else:
        assert code == 2
        assert out == ""
        sentence = err.strip().splitlines()[-1]
        assert sentence.startswith("evalkit: ")
        expected = bad_input.says if bad_input.refused and bad_input.modality == "table" else ()
        assert all(piece in sentence for piece in expected)


@pytest.mark.parametrize("name", HOSTILE_MODELS)
def test_hostile_model(name, model, tmp_path, run, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "model"
    shutil.copytree(model / "model", folder)
    HOSTILE_MODELS[name](folder)
    code, out, err = run("score", folder, model / "reference.csv", "--out", tmp_path / "scores.csv")
    assert (code, out) == (2, "")
    assert err.startswith("evalkit: ")
    assert len(err.strip().splitlines()) == 1
    assert not (tmp_path / "scores.csv").exists()
    assert not (tmp_path / "harm-was-done").exists()
