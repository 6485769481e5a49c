"""The commands as a person runs them: exit codes, what is printed where, what is written."""

import json

import numpy as np
import pandas as pd
import pytest

import evalkit as ek
from evalkit.run.samples import SAMPLES
from tests.cli.commands import evalkit, in_a_process


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """A clean reference of 300 rows and 60 new rows of which three do not belong."""
    folder = tmp_path_factory.mktemp("tables")
    draw = np.random.default_rng(0)
    size = draw.normal(size=360)
    rows = pd.DataFrame(
        {
            "id": [f"r{i}" for i in range(360)],
            "size": size.round(4),
            "weight": (2 * size + 0.1 * draw.normal(size=360)).round(4),
            "colour": draw.choice(["red", "blue"], 360),
        }
    )
    rows.loc[[310, 320, 330], "weight"] += 8
    rows[:300].to_csv(folder / "reference.csv", index=False)
    rows[300:].to_csv(folder / "new.csv", index=False)
    return folder


def test_detect_with_a_reference(tables, tmp_path):
    out, report, model = tmp_path / "scores.csv", tmp_path / "report.html", tmp_path / "model"
    arguments = ["detect", tables / "new.csv", "--reference", tables / "reference.csv", "--fdr", "0.2", "--effort", "fast"]
    done = in_a_process(*arguments, "--out", out, "--report", report, "--save", model)
    assert done.returncode == 0, done.stderr
    assert "weight" in done.stdout
    scores = pd.read_csv(out)
    reasons = [f"reason_{i}" for i in (1, 2, 3)]
    shares = [f"{reason}_share" for reason in reasons]
    assert list(scores.columns) == ["id", "anomaly_score", "p_value", "is_anomaly", *reasons, *shares]
    assert set(scores.loc[scores["is_anomaly"], "id"]) >= {"r310", "r320", "r330"}
    assert report.read_text(encoding="utf-8").lstrip().lower().startswith("<!doctype html")

    again = evalkit("detect", tables / "new.csv", "--model", model, "--fdr", "0.2", "--json")
    found = json.loads(again.stdout)
    assert {alarm["id"] for alarm in found["alarms"]} == set(scores.loc[scores["is_anomaly"], "id"])
    assert found["alarms"][0]["reasons"][0].keys() == {"column", "share", "value", "usual"}

    alone = evalkit("score", model, tables / "new.csv", "--out", tmp_path / "again.csv")
    assert alone.returncode == 0, alone.stderr
    np.testing.assert_array_equal(pd.read_csv(tmp_path / "again.csv")["anomaly_score"], scores["anomaly_score"])


def test_the_result_goes_to_standard_output_and_progress_to_standard_error(tables):
    done = in_a_process("detect", tables / "new.csv", "--reference", tables / "reference.csv", "--effort", "fast", "--json")
    json.loads(done.stdout)
    assert "%" in done.stderr


def test_fit_sample_reconstruct_interpolate_score(tmp_path):
    wine, model = SAMPLES["wine"].path(), tmp_path / "model"
    fitted = evalkit("fit", wine, "--backbone", "vae", "--out", model, "--steps", 60, "--json")
    assert fitted.returncode == 0, fitted.stderr
    held_out = json.loads(fitted.stdout)
    assert held_out["low"] <= held_out["value"] <= held_out["high"]
    for arguments, rows in (
        (["sample", model, "--n", 7], 7),
        (["reconstruct", model, wine], 178),
        (["interpolate", model, wine, "--from", 0, "--to", 9, "--steps", 4], 4),
        (["score", model, wine], 178),
    ):
        out = tmp_path / f"{arguments[0]}.csv"
        done = evalkit(*arguments, "--out", out)
        assert done.returncode == 0, done.stderr
        assert len(pd.read_csv(out)) == rows
    refused = evalkit("sample", model, "--n", 3, "--out", tmp_path / "rows.npz")
    assert refused.returncode == 2
    assert "a table needs a file that ends in .parquet or .csv" in refused.stderr
    detector_needed = evalkit("detect", wine, "--model", model)
    assert detector_needed.returncode == 2
    assert "a detector is needed" in detector_needed.stderr


def test_texts_from_the_first_to_the_last_command(tmp_path):
    draw = np.random.default_rng(0)
    words = ["the", "cat", "sat", "on", "a", "mat"]
    texts = pd.DataFrame({"text": [" ".join(draw.choice(words, 6)) for _ in range(60)]})
    texts.to_json(tmp_path / "texts.jsonl", orient="records", lines=True)
    asked = ["fit", tmp_path / "texts.jsonl", "--modality", "texts", "--backbone", "recurrent_lm", "--steps", 3]
    fitted = evalkit(*asked, "--out", tmp_path / "model")
    assert fitted.returncode == 0, fitted.stderr
    assert "nats a held-out token" in fitted.stdout
    done = evalkit("sample", tmp_path / "model", "--n", 3, "--condition", "the", "--out", tmp_path / "drawn.jsonl")
    assert done.returncode == 0, done.stderr
    drawn = ek.load(tmp_path / "drawn.jsonl", modality="texts").texts.to_pylist()
    assert len(drawn) == 3
    assert all(text.startswith("the") for text in drawn)
    done = evalkit("score", tmp_path / "model", tmp_path / "texts.jsonl", "--out", tmp_path / "scores.csv")
    assert done.returncode == 0, done.stderr
    assert list(pd.read_csv(tmp_path / "scores.csv").columns) == ["row", "anomaly_score"]
    refused = evalkit("sample", tmp_path / "model", "--n", 3, "--out", tmp_path / "drawn.npz")
    assert refused.returncode == 2
    assert "texts need a file that ends in .jsonl" in refused.stderr


def test_images_from_the_first_to_the_last_command(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (30, 8, 8), dtype=np.uint8)
    np.savez(tmp_path / "images.npz", images=pixels)
    fitted = evalkit("fit", tmp_path / "images.npz", "--backbone", "vae", "--steps", 3, "--out", tmp_path / "model")
    assert fitted.returncode == 0, fitted.stderr
    for arguments, rows in (
        (["sample", tmp_path / "model", "--n", 4], 4),
        (["interpolate", tmp_path / "model", tmp_path / "images.npz", "--from", 0, "--to", 9, "--steps", 3], 3),
    ):
        done = evalkit(*arguments, "--out", tmp_path / arguments[0])
        assert done.returncode == 0, done.stderr
        assert ek.load(tmp_path / arguments[0]).pixels.shape == (rows, 8, 8, 1)
    done = evalkit("score", tmp_path / "model", tmp_path / "sample", "--out", tmp_path / "scores.csv")
    assert done.returncode == 0, done.stderr
    assert pd.read_csv(tmp_path / "scores.csv")["file"].tolist()[:2] == ["1.png", "2.png"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["detect", "nowhere.csv"], "nowhere.csv"),
        (["detect", "{wine}", "--fdr", "1.5"], "--fdr must lie between 0 and 1"),
        (["detect", "{wine}", "--out", "scores.txt"], "needs a file that ends in .parquet or .csv"),
        (["detect", "{wine}", "--model", "m", "--reference", "{wine}"], "leave out --reference"),
        (["detect", "{wine}", "--backbone", "nothing"], "nothing"),
        (["detect", "{wine}", "--id", "no_such_column"], "no_such_column"),
        (["fit", "{wine}", "--backbone", "nothing", "--out", "m"], "choose auto or one of "),
        (["fit", "{wine}", "--backbone", "vae", "--out", "m", "--steps", "5", "--minutes", "1"], "not both"),
        (["fit", "{wine}", "--backbone", "vae", "--out", "m", "--resume"], "nothing to resume"),
        (["sample", "no_model", "--n", "3", "--out", "x.csv"], "no_model"),
        (["score", "no_model", "{wine}", "--out", "x.csv"], "no_model"),
    ],
)
def test_a_refusal_is_one_sentence_and_exit_code_2(arguments, sentence, tmp_path):
    done = evalkit(*[part.format(wine=SAMPLES["wine"].path()) for part in arguments], cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("evalkit: ")
    assert sentence in last


def test_a_process_that_refuses_ends_like_the_command_here(tmp_path):
    apart, here = (run("detect", "nowhere.csv", cwd=tmp_path) for run in (in_a_process, evalkit))
    assert apart == here


def test_a_misspelt_option_is_a_usage_error():
    assert in_a_process("detect", "x.csv", "--no-such-option").returncode == 2


def test_version():
    assert in_a_process("--version").stdout.startswith("evalkit 0.")


def test_the_tour(tmp_path):
    done = in_a_process("demo", "--no-app", "--out", tmp_path / "tour")
    assert done.returncode == 0, done.stderr
    assert "60 rows were planted" in done.stdout
    left = {"scores.parquet", "report.html", "model", "generated.csv", "drawn_apart.csv", "evaluation.html", "studies.sqlite"}
    assert {path.name for path in (tmp_path / "tour").iterdir()} == left
    assert len(pd.read_csv(tmp_path / "tour" / "generated.csv")) == 500
