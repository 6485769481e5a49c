"""``evalkit evaluate`` as a person runs it."""

import json

import numpy as np
import pandas as pd
import pytest

from evalkit.run.measures import MEASURES
from tests.cli.commands import evalkit


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A reference and two generators' tables, of which one is shifted."""
    folder = tmp_path_factory.mktemp("generators")
    for name, seed, shift in (("real", 0, 0.0), ("near", 1, 0.0), ("far", 2, 2.0)):
        draw = np.random.default_rng(seed)
        rows = pd.DataFrame({"size": draw.normal(shift, 1, 400), "parts": draw.poisson(3, 400)})
        rows.to_csv(folder / f"{name}.csv", index=False)
    rows.astype({"size": str}).replace({"size": {str(rows["size"][3]): "large"}}).to_csv(folder / "wrong.csv", index=False)
    return folder


def test_the_conclusion_comes_first_and_every_figure_has_its_interval(folder):
    done = evalkit("evaluate", "real.csv", "near=near.csv", "far=far.csv", "--metrics", "kid,detector", cwd=folder)
    assert done.returncode == 0, done.stderr
    first, *rest = done.stdout.splitlines()
    assert first == "near is better than far: by kid and oddness_gap."
    (row,) = [line.split() for line in rest if line.startswith("kid")]
    assert row[1] == "lower"
    assert float(row[3].strip("(")) <= float(row[2]) <= float(row[5].strip(")"))
    told = next(i for i, line in enumerate(rest) if line.startswith("far: A classifier picks the real row"))
    assert any(line.endswith("it draws odd rows.") for line in rest[told:])
    assert not any("oddest" in line for line in rest[:told] if line.startswith("  - "))


def test_json_holds_the_evidence_and_the_files_are_written(folder, tmp_path):
    out, report = tmp_path / "evidence.json", tmp_path / "report.html"
    arguments = [
        "evaluate",
        folder / "real.csv",
        f"near={folder / 'near.csv'}",
        "--metrics",
        "kid",
        "--out",
        out,
        "--report",
        report,
        "--no-closer-look",
    ]
    done = evalkit(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["measured"][0]["finding"]["name"] == "kid"
    assert said == json.loads(out.read_text())
    assert said["looks"] == []
    assert report.read_text().startswith("<!doctype html>")


def test_checkpoints_in_order_say_where_it_got_worse(folder):
    asked = ["evaluate", "real.csv", "first=near.csv", "second=far.csv", "--metrics", "kid", "--no-closer-look"]
    done = evalkit(*asked, "--in-order", cwd=folder)
    assert "By kid, second is worse than first, by " in done.stdout
    assert "By kid, second is worse" not in evalkit(*asked, cwd=folder).stdout


def test_curves_and_kept_features_are_what_they_are_asked_for(folder, tmp_path):
    asked = ["evaluate", "real.csv", "near=near.csv", "--metrics", "kid", "--no-closer-look", "--json"]
    done = evalkit(*asked, "--curves", "--cache", tmp_path / "features", cwd=folder)
    assert done.returncode == 0, done.stderr
    (curve,) = json.loads(done.stdout)["curves"]
    assert [point["rows"] for point in curve["points"]] == [37, 75, 150, 300]
    assert len(list((tmp_path / "features").iterdir())) >= 2
    assert json.loads(evalkit(*asked, cwd=folder).stdout)["curves"] == []


def test_an_extractor_is_kept_and_taken_up_again(folder, tmp_path):
    asked = ["--metrics", "kid", "--no-closer-look", "--json"]
    first = evalkit("evaluate", "real.csv", "near=near.csv", *asked, "--save-extractor", tmp_path / "kept", cwd=folder)
    assert first.returncode == 0, first.stderr
    later = evalkit("evaluate", "near.csv", "far=far.csv", *asked, "--extractor", tmp_path / "kept", cwd=folder)
    assert later.returncode == 0, later.stderr
    one, two = (json.loads(done.stdout) for done in (first, later))
    assert one["settings"]["extractor digest"] == two["settings"]["extractor digest"]
    assert two["reference"]["rows"] == 400


def test_the_help_says_what_can_be_measured_and_what_is_by_default():
    _, listed = evalkit("evaluate", "--help").stdout.split("Metrics (*: by default; +: with --fitted):\n")
    # A line that goes on is indented further.
    names = [line.split("  ")[1] for line in listed.splitlines() if line[2:3].strip()]
    assert [name.split()[0] for name in names] == list(MEASURES)
    assert {"kid *", "mauve", "nearest_share +"} <= set(names)
    words = " ".join(listed.split())
    assert "self_bleu * texts: How far each text can be pieced together from the others of its own sample." in words


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["near.csv"], "NAME=PATH"),
        (["a=near.csv", "a=far.csv"], "two generators have one name"),
        (["a=missing.csv"], "missing.csv"),
        (["near=near.csv", "a=wrong.csv"], "generator 'a': column 'size' needs a number in every row"),
        (["a=near.csv", "--extractor", "."], "the folder holds something besides"),
        (["a=near.csv", "--save-extractor", "."], "is saved into a folder of its own"),
        (["a=near.csv", "--metrics", "nothing"], "there is no metric 'nothing'"),
        (["a=near.csv", "--out", "evidence.xlsx"], "ends in .json"),
    ],
)
def test_bad_input_is_one_sentence(folder, arguments, words):
    done = evalkit("evaluate", "real.csv", *arguments, cwd=folder)
    assert done.returncode == 2
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_generator_that_gives_away_what_it_was_fitted_to_is_named(folder):
    asked = ["evaluate", "real.csv", "copied=near.csv", "--metrics", "nearest_share", "--no-closer-look"]
    done = evalkit(*asked, "--fitted", "near.csv", "--json", cwd=folder)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["fitted"]["rows"] == 400
    assert said["measured"][0]["finding"]["low"] > 0.8
    for arguments, words in (((), "--fitted PATH"), (("--fitted", "real.csv"), "that the generators never saw")):
        refused = evalkit(*asked, *arguments, cwd=folder)
        assert refused.returncode == 2
        assert words in refused.stderr
        assert len(refused.stderr.strip().splitlines()) == 1


def test_groups_of_columns_are_compared_by_themselves(folder):
    asked = ["evaluate", "real.csv", "near=near.csv", "far=far.csv", "--metrics", "kid", "--no-closer-look"]
    done = evalkit(*asked, "--column-group", "what=size", "--column-group", "how many = parts", cwd=folder)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[lines.index("By what (size):") + 1] == "  - near is better than far: by kid."
    assert "no difference may be concluded" in lines[lines.index("By how many (parts):") + 1]
    for wrong, words in (("what=weight", "there is no column 'weight' for the group 'what'"), ("size", "NAME=COLUMN,COLUMN")):
        refused = evalkit(*asked, "--column-group", wrong, cwd=folder)
        assert refused.returncode == 2
        assert words in refused.stderr
        assert len(refused.stderr.strip().splitlines()) == 1


def test_a_lost_label_is_named_in_the_terminal(tmp_path):
    for name, seed, labels in (("real", 0, "rgb"), ("all", 3, "rgb"), ("few", 2, "gb")):
        draw = np.random.default_rng(seed)
        rows = pd.DataFrame({"size": draw.normal(size=300), "colour": draw.choice(list(labels), 300)})
        rows.to_csv(tmp_path / f"{name}.csv", index=False)
    asked = ["evaluate", "real.csv", "all=all.csv", "few=few.csv", "--metrics", "kid", "--no-closer-look"]
    done = evalkit(*asked, "--slices", "colour", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert "all: Slices by colour: no share of the 3 differs by more than chance." in lines
    (first,) = [lines[i + 1] for i, line in enumerate(lines) if line.startswith("few: Slices by colour:")]
    assert first.startswith("  - dropped: colour = r: 3")
    assert first.endswith("of real rows, 0 % of generated")
    assert "cluster" in evalkit(*asked, "--slices", "clusters", "--json", cwd=tmp_path).stdout
    refused = evalkit(*asked, "--slices", "size", cwd=tmp_path)
    assert refused.returncode == 2
    assert "no column of labels 'size'" in refused.stderr


def test_texts_one_a_line_are_told_from_a_table(tmp_path):
    for name, lines in (("real", "roses are red, violets blue\n"), ("drawn", "sugar is sweet, honey too\n")):
        (tmp_path / f"{name}.txt").write_text(lines * 40)
    asked = ["evaluate", "real.txt", "a=drawn.txt", "--metrics", "kid", "--no-closer-look"]
    taken = evalkit(*asked, cwd=tmp_path).stdout
    assert "Note: real.txt was read as a table of 2 columns: give --modality texts if each line is a text.\n" in taken
    done = evalkit(*asked, "--modality", "texts", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "a (40)" in done.stdout
    assert "table" not in done.stdout
